"""`sidecar completion SHELL`: a script that completes commands, flags and their values, without a start of Python at each TAB."""

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """The shells that we know."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script that completes what is typed behind sidecar in a shell.

    bash: sidecar completion bash > ~/.local/share/bash-completion/completions/sidecar

    zsh: sidecar completion zsh > ~/.zfunc/_sidecar, where ~/.zfunc is in $fpath

    fish: sidecar completion fish > ~/.config/fish/completions/sidecar.fish

    Or in the file that your shell reads: eval "$(sidecar completion bash)". Print it again after an upgrade: all that it knows
    stands in it.
    """
    from sidecar.cli.output import standard_output
    from sidecar.cli.syntax import syntax_of

    tree = syntax_of(context.find_root().command)
    match shell:
        case Shell.BASH:
            from sidecar.cli.completion_bash import script
        case Shell.ZSH:
            from sidecar.cli.completion_zsh import script
        case Shell.FISH:
            from sidecar.cli.completion_fish import script
    with standard_output() as file:
        file.write(script(tree))

"""Completion for fish, with what each word means beside it."""

from collections.abc import Iterator

from sidecar.cli.output import NAME
from sidecar.cli.syntax import Command, Flag

HEAD = """\
# fish completion for {name}; printed by `{name} completion fish`.

function __{name}_is_at
    # Whether the words that were typed, without flags, begin with these; behind them their values and arguments stand.
    set -l words (string match -v -- '-*' (commandline -opc)[2..])
    set -l most (count $argv)
    test "$words[1..$most]" = "$argv"
end

function __{name}_ends_at
    set -l words (string match -v -- '-*' (commandline -opc)[2..])
    test "$words" = "$argv"
end

complete -c {name} -f
"""


def script(tree: Command) -> str:
    """The script for the whole program."""
    lines = (line for command in tree.walk() for line in _lines(command))
    return HEAD.format(name=NAME) + "".join(f"{line}\n" for line in lines)


def _lines(command: Command) -> Iterator[str]:
    place = " ".join(command.path)
    for inner in command.commands:
        ends = f"__{NAME}_ends_at {place}".rstrip()
        yield f"complete -c {NAME} -n {_quoted(ends)} -a {inner.path[-1]} -d {_quoted(inner.help)}"
    here = _quoted(f"__{NAME}_is_at {place}".rstrip() if command.path else f"__{NAME}_ends_at")
    for flag in command.flags:
        yield f"complete -c {NAME} -n {here} {_flag(flag)}"
    for value in command.arguments:
        if value.words:
            yield f"complete -c {NAME} -n {here} -a {_quoted(' '.join(value.words))}"
        elif value.is_file:
            yield f"complete -c {NAME} -n {here} -F"
    if command.takes_command:
        yield f"complete -c {NAME} -n {here} -a '(__fish_complete_subcommand --fcs-skip=2)'"


def _flag(flag: Flag) -> str:
    said = f"-l {flag.name.removeprefix('--')} -d {_quoted(flag.help)}"
    if flag.value is None:
        return said
    if flag.value.words:
        return f"{said} -x -a {_quoted(' '.join(flag.value.words))}"
    return f"{said} -r -F" if flag.value.is_file else f"{said} -x"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

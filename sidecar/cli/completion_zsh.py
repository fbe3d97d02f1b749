"""Completion for zsh, with what each word means beside it."""

from collections.abc import Iterator
from shlex import quote

from sidecar.cli.output import NAME
from sidecar.cli.syntax import Command, Flag, Value

FRAME = """\
#compdef {name}
# zsh completion for {name}; printed by `{name} completion zsh`.

{functions}
if [[ $funcstack[1] == _{name} ]]; then
    _{name} "$@"
else
    compdef _{name} {name}
fi
"""
GROUP = """\
{function}() {{
    local -a ways=(
{commands}
    )
    local curcontext="$curcontext" state line
    _arguments -C -S \\
{flags}
        '1:command:->command' '*::argument:->argument' && return
    case $state in
        command) _describe -t commands command ways ;;
        argument)
            case $line[1] in
{ways_on}
            esac
            ;;
    esac
}}
"""
COMMAND = """\
{function}() {{
{before}    _arguments{options} \\
{specs}
}}
"""
BEHIND_HYPHENS = """\
    local at=${words[(i)--]}
    if (( at < CURRENT )); then
        words=("${(@)words[at+1,-1]}") CURRENT=$((CURRENT - at))
        _normal
        return
    fi
"""
"""Another program's command line behind `--`, which `_arguments` does not take apart."""


def script(tree: Command) -> str:
    """The script for the whole program."""
    return FRAME.format(name=NAME, functions="\n".join(map(_function, reversed(list(tree.walk())))))


def _function(command: Command) -> str:
    flags = [f"        {_flag(flag)} \\" for flag in command.flags]
    if not command.commands:
        specs = [*flags, *(f"        {spec} \\" for spec in _arguments(command))]
        options = "" if command.takes_command else " -S"
        before = BEHIND_HYPHENS if command.takes_command else ""
        text = "\n".join(specs).removesuffix(" \\")
        return COMMAND.format(function=_name(command), before=before, options=options, specs=text)
    return GROUP.format(
        function=_name(command),
        commands="\n".join(f"        {quote(f'{inner.path[-1]}:{inner.help}')}" for inner in command.commands),
        flags="\n".join(flags),
        ways_on="\n".join(f"                {inner.path[-1]}) {_name(inner)} ;;" for inner in command.commands),
    )


def _name(command: Command) -> str:
    return "_".join(("", NAME, *command.path)).replace("-", "_")


def _flag(flag: Flag) -> str:
    """As `_arguments` wants it: `--mode=[observe or enforce.]:value:(observe enforce)`."""
    help = flag.help.replace("[", "(").replace("]", ")").replace(":", "\\:")
    if flag.value is None:
        return quote(f"{flag.name}[{help}]")
    return quote(f"{flag.name}=[{help}]:value:{_action(flag.value)}")


def _arguments(command: Command) -> Iterator[str]:
    if command.takes_command:
        yield "'(-)1: :_command_names -e'"
        yield "'(-)*::arguments: _normal'"
    for place, value in enumerate(command.arguments, 1):
        yield quote(f"{place}:argument:{_action(value)}" if not value.is_file else f"*:file:{_action(value)}")


def _action(value: Value) -> str:
    if value.words:
        return f"({' '.join(value.words)})"
    return "_files" if value.is_file else " "

"""Completion for bash 4 and later; nothing but bash itself is needed."""

from collections.abc import Iterator
from shlex import quote

from sidecar.cli.output import NAME
from sidecar.cli.syntax import Command

FRAME = """\
# bash completion for {name}; printed by `{name} completion bash`.
_{name}() {{
    local IFS=$' \t\n' word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path= value= at
    local words= files= flags=
    # bash takes "--flag=value" apart at the "="
    if [[ $word == "=" ]]; then
        word= value=$before
    elif [[ $before == "=" ]]; then
        value=${{COMP_WORDS[COMP_CWORD-2]}}
    else
        value=$before
    fi
    for ((at = 1; at < COMP_CWORD; at++)); do
        case "$path|${{COMP_WORDS[at]}}" in
{commands}
        esac
    done
    case "$path $value" in
{values}
        *)
            case "$path" in
{words}
            esac
            ;;
    esac
    if [[ $word == -* || -z $words$files ]]; then
        words="$words $flags"
    fi
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ -n $files ]]; then
        compopt -o filenames 2>/dev/null
        IFS=$'\n'
        # shellcheck disable=SC2207
        COMPREPLY+=($(compgen -f -- "$word"))
    fi
}}
complete -F _{name} {name}
"""
OTHER = """\
# Another program's command line: as bash-completion completes it, where that is there; else a command, and files behind it.
_{name}_other() {{
    local IFS=$'\n' word=${{COMP_WORDS[COMP_CWORD]}}
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        # shellcheck disable=SC2207
        COMPREPLY=($(compgen -c -- "$word"))
    else
        compopt -o filenames 2>/dev/null
        # shellcheck disable=SC2207
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
"""


def script(tree: Command) -> str:
    """The script for the whole program."""
    every = list(tree.walk())
    text = FRAME.format(
        name=NAME,
        commands="\n".join(line for command in every for line in _ways_on(command)),
        values="\n".join(line for command in every for line in _values(command)),
        words="\n".join(_words(command) for command in every),
    )
    return OTHER.format(name=NAME) + text


def _pattern(command: Command) -> str:
    """The path as the script knows it: each name with a space before it."""
    return quote("".join(f" {name}" for name in command.path))


def _ways_on(command: Command) -> Iterator[str]:
    """How one comes from a command to those in it, to nothing that there is, and to a command line of somebody else's."""
    for inner in command.commands:
        yield f"            {_pattern(command)}'|'{inner.path[-1]}) path={_pattern(inner)} ;;"
    if command.commands:
        yield f"            {_pattern(command)}'|'[!-]*) path=nowhere ;;"
    if command.takes_command:
        yield from _to_another(command)


def _to_another(command: Command) -> Iterator[str]:
    """A word that is no flag, and not the value of one, begins it; so does `--`."""
    path = _pattern(command)
    valued = "|".join(flag.name for flag in command.flags if flag.value is not None)
    yield f"            {path}'|--') _{NAME}_other $((at + 1)); return ;;"
    yield f"            {path}'|'[!-]*)"
    yield f'                case ${{COMP_WORDS[at-1]}} in {valued}|=) ;; *) _{NAME}_other "$at"; return ;; esac ;;'


def _values(command: Command) -> Iterator[str]:
    for flag in command.flags:
        if flag.value is not None:
            yield f"        {_pattern(command)}' '{flag.name}) {_offer(flag.value.words, is_file=flag.value.is_file)} ;;"


def _words(command: Command) -> str:
    """What may stand where no flag waits for its value. Flags are offered to who has typed a hyphen, or where nothing else is."""
    arguments = [word for value in command.arguments for word in value.words]
    words = (*(inner.path[-1] for inner in command.commands), *arguments)
    offer = _offer(words, is_file=any(value.is_file for value in command.arguments))
    flags = quote(" ".join(flag.name for flag in command.flags))
    return f"                {_pattern(command)}) {offer} flags={flags} ;;"


def _offer(words: tuple[str, ...], *, is_file: bool) -> str:
    offer = f"words={quote(' '.join(words))}"
    return f"{offer} files=1" if is_file else offer

"""What can be typed, as a tree of words: read from the commands themselves, so that what is added to them is here by itself."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

FILES: Final = frozenset({"FILE"})
"""Metavars of what names a file."""
REST: Final = frozenset({"CMD", "CMD..."})
"""Metavars of a command line of somebody else's: all that follows is that."""

NEXT_SENTENCE: Final = re.compile(r"(?<=[^.]\.) (?=[A-Z])")


class Value(NamedTuple):
    """What may stand behind a flag, or as an argument."""

    words: tuple[str, ...] = ()
    """All there are, or those that are known; empty where nobody knows."""
    is_file: bool = False


class Flag(NamedTuple):
    """One flag of a command."""

    name: str
    help: str
    value: Value | None
    """None for a switch."""


class Command(NamedTuple):
    """One command, or a group of them."""

    path: tuple[str, ...]
    """Its name, behind those of the groups that it is in; empty for the program."""
    help: str
    """One sentence."""
    flags: tuple[Flag, ...]
    arguments: tuple[Value, ...]
    """The last one's words may come again."""
    commands: tuple["Command", ...]
    takes_command: bool
    """What stands behind its flags is a command line of somebody else's."""

    def walk(self) -> Iterator["Command"]:
        """It, and all below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


def syntax_of(command: Any, path: tuple[str, ...] = ()) -> Command:  # noqa: ANN401  typer does not show its classes
    """The tree of a command as `typer.main.get_command` makes it. What is hidden is left out, but for arguments."""
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    inner = getattr(command, "commands", {})
    return Command(
        path=path,
        help=sentence(command.help or ""),
        flags=(
            *(flag for option in options for flag in _flags(option)),
            Flag("--help", "Show this message and exit.", None),
        ),
        arguments=tuple(_value(argument) for argument in arguments if argument.metavar not in REST),
        commands=tuple(syntax_of(each, (*path, name)) for name, each in inner.items() if not each.hidden),
        takes_command=any(argument.metavar in REST for argument in arguments),
    )


def sentence(text: str) -> str:
    """The first sentence of a text, in one line."""
    return NEXT_SENTENCE.split(" ".join(text.strip().partition("\n\n")[0].split()))[0]


def _flags(option: Any) -> Iterator[Flag]:  # noqa: ANN401
    names = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
    value = None if option.is_flag else _value(option)
    return (Flag(name, sentence(option.help or ""), value) for name in names)


def _value(parameter: Any) -> Value:  # noqa: ANN401
    described = parameter.type_descriptor
    if described.is_choice:
        return Value(tuple(_word(choice) for choice in described.choices))
    known = WORDS.get(parameter.opts[0]) or WORDS.get(parameter.metavar)
    return Value(tuple(map(str, known())) if known else (), parameter.metavar in FILES)


def _word(choice: object) -> str:
    return str(choice.value if isinstance(choice, Enum) else choice)


def _modes() -> Iterable[str]:
    from sidecar.config.groups import Mode

    return Mode


def _departures() -> Iterable[str]:
    from sidecar.lifecycle.policy import OnDeparture

    return OnDeparture


def _levels() -> Iterable[str]:
    from sidecar.config.groups import LogLevel

    return LogLevel


def _formats() -> Iterable[str]:
    from sidecar.config.groups import LogFormat

    return LogFormat


def _outcomes() -> Iterable[str]:
    from sidecar.ledger.contract import OPEN
    from sidecar.lifecycle.call import Outcome

    return (*Outcome, OPEN)


def _kinds() -> Iterable[str]:
    from sidecar.lifecycle.operation import OperationKind

    return OperationKind


def _call_kinds() -> Iterable[str]:
    from sidecar.lifecycle.record import CallKind

    return CallKind


def _states() -> Iterable[str]:
    from sidecar.ledger.contract import OPEN
    from sidecar.lifecycle.operation import OperationState

    return (*OperationState, OPEN)


def _upstreams() -> Iterable[str]:
    from sidecar.config.upstreams import BUILT_IN_UPSTREAMS

    return BUILT_IN_UPSTREAMS


WORDS: Final[Mapping[str, Callable[[], Iterable[str]]]] = {
    "MODE": _modes, "WHAT": _departures, "LEVEL": _levels, "FORMAT": _formats, "OUTCOME": _outcomes, "KIND": _kinds,
    "CALL_KIND": _call_kinds, "STATE": _states, "--upstream": _upstreams, "UPSTREAM": _upstreams,
}  # fmt: skip
"""What text may be that is not an enumeration to Typer, by the flag or by its metavar."""

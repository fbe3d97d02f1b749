"""How `--help` looks: a sentence for each command, flags by what they are about, examples behind them, exit codes on page one.

Plain text, as `commands.py` says. All commands get it in one place, so that none has to think of it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperCommand, TyperGroup

from sidecar.cli import EXIT_CODES
from sidecar.cli.examples import EXAMPLES
from sidecar.cli.syntax import sentence

if TYPE_CHECKING:
    from typer import Typer

ARGUMENTS: Final = "Arguments"
UNGROUPED: Final = "Options"
# Typer does not export the classes of contexts and formatters, which are named Any here.


class HelpfulCommand(TyperCommand):
    """A command whose flags are listed by what they are about (`rich_help_panel`)."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the arguments, then the flags, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {ARGUMENTS: [], UNGROUPED: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                groups[ARGUMENTS].append((record[0].partition(" <")[0], record[1]))  # without Python's name of its type
            else:
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or UNGROUPED, []).append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the examples as they stand."""
        write_as_it_stands(self.epilog, formatter)


class HelpfulGroup(TyperGroup):
    """A group of commands whose sentences are not cut off."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write every command with its sentence."""
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence(each.help or "")) for name, each in commands if not each.hidden])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the exit codes as they stand."""
        write_as_it_stands(self.epilog, formatter)


def write_as_it_stands(text: str | None, formatter: Any) -> None:  # noqa: ANN401
    """Write a text whose lines are not wrapped anew."""
    if text:
        formatter.write(f"\n{text}\n")


def dress(app: "Typer", path: tuple[str, ...] = ()) -> None:
    """Give the commands of an app, and of those in it, their looks, their examples and the exit codes."""
    app.info.cls = HelpfulGroup
    if not path:
        app.info.epilog = listed("Exit codes", (f"{code:<4} {meaning}" for code, meaning in EXIT_CODES.items()))
    for command in app.registered_commands:
        command.cls = HelpfulCommand
        command.epilog = "\n\n".join(filter(None, (examples_of((*path, name_of(command))), command.epilog))) or None
    for group in app.registered_groups:
        if group.typer_instance is not None:
            dress(group.typer_instance, (*path, str(group.name)))


def name_of(command: Any) -> str:  # noqa: ANN401
    """A command's name as it is typed: its own, or that of its function."""
    return str(command.name or command.callback.__name__.replace("_", "-"))


def examples_of(path: tuple[str, ...]) -> str | None:
    """The examples of a command, as its help shows them; None where its own text has them."""
    lines = EXAMPLES.get(" ".join(path))
    return None if lines is None else listed("Examples", lines)


def listed(head: str, lines: Iterable[str]) -> str:
    """A section of a help text."""
    return "\n".join((f"{head}:", *(f"  {line}" for line in lines)))

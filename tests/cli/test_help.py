"""Help that a person can read, of every command that there is."""

import pytest
import typer

from sidecar.cli import EXIT_CODES
from sidecar.cli.commands import app
from sidecar.cli.help import dress, examples_of, name_of
from sidecar.cli.syntax import Command, syntax_of

dress(app)
EVERY: list[Command] = list(syntax_of(typer.main.get_command(app)).walk())
COMMANDS = [command for command in EVERY if not command.commands]
WIDTH = 80


def called(command: Command) -> str:
    return " ".join(command.path) or "sidecar"


@pytest.mark.parametrize("command", EVERY, ids=called)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_no_line_is_longer_than_80_columns(sidecar, monkeypatch, command: Command, columns: str):
    monkeypatch.setenv("COLUMNS", columns)
    lines = sidecar(*command.path, "--help").out.splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []


@pytest.mark.parametrize("command", COMMANDS, ids=called)
def test_every_command_has_an_example(sidecar, command: Command):
    _, _, behind_usage = sidecar(*command.path, "--help").out.partition("\n")
    assert f"sidecar {called(command)}" in behind_usage


@pytest.mark.parametrize("command", EVERY, ids=called)
def test_every_command_and_flag_says_what_it_is(command: Command):
    assert command.help.endswith(".")
    assert [flag.name for flag in command.flags if not flag.help] == []


@pytest.mark.parametrize("command", EVERY, ids=called)
def test_nothing_is_cut_off_in_the_list_of_commands(sidecar, command: Command):
    listed = " ".join(sidecar(*command.path, "--help").out.split())
    assert [inner.help for inner in command.commands if inner.help not in listed] == []


def test_exit_codes_stand_at_the_end_of_the_first_page(sidecar):
    _, _, behind = sidecar("--help").out.partition("Exit codes:\n")
    shown = dict(line.split(maxsplit=1) for line in behind.splitlines() if line)
    assert shown == {str(code): meaning for code, meaning in EXIT_CODES.items()}


def test_flags_are_grouped_by_what_they_are_about(sidecar):
    said = sidecar("calls", "list", "--help").out
    places = [said.index(f"\n{head}:\n") for head in ("Options", "Filters", "Output", "Settings", "Examples")]
    assert places == sorted(places)
    assert said.index("--since") > said.index("Filters:")


def test_argument_is_called_as_it_is_typed(sidecar):
    assert "\n  ID  The call's id, or enough of its beginning." in sidecar("calls", "show", "--help").out


def test_command_without_examples_of_its_own_here_has_none():
    assert examples_of(("no", "such")) is None


def test_name_is_that_of_the_function_where_none_is_given():
    def show_it() -> None: ...

    assert name_of(typer.models.CommandInfo(callback=show_it)) == "show-it"

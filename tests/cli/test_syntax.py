"""What can be typed, read from the commands themselves."""

from typing import Annotated

import pytest
import typer

from sidecar.cli.commands import app
from sidecar.cli.syntax import Value, sentence, syntax_of
from sidecar.lifecycle.call import Outcome

TREE = syntax_of(typer.main.get_command(app))
BY_PATH = {command.path: command for command in TREE.walk()}


def value_of(flag: str, *path: str) -> Value | None:
    return next(each.value for each in BY_PATH[path].flags if each.name == flag)


def test_commands_are_found_with_their_groups():
    assert {("serve",), ("calls",), ("calls", "list"), ("operations", "cancel"), ("config", "print")} <= set(BY_PATH)


@pytest.mark.parametrize(
    ("flag", "path", "words"),
    [
        ("--mode", ("serve",), ("observe", "enforce")),
        ("--on-departure", ("serve",), ("auto", "follow", "cut")),
        ("--log-level", ("serve",), ("debug", "info", "warning", "error")),
        ("--log-format", ("serve",), ("json", "console")),
        ("--format", ("calls", "list"), ("table", "json", "csv", "jsonl")),
        ("--outcome", ("calls", "list"), (*Outcome, "open")),
        ("--kind", ("operations", "list"), ("background", "lro", "batch", "tuning")),
        ("--for", ("wait",), ("started", "ready")),
    ],
)
def test_values_are_known(flag: str, path: tuple[str, ...], words: tuple[str, ...]):
    found = value_of(flag, *path)
    assert found is not None
    assert set(found.words) == set(words)


def test_upstreams_are_the_built_in_ones():
    found = value_of("--upstream", "calls", "list")
    assert found is not None
    assert {"gemini", "openai"} <= set(found.words)


def test_files_are_files():
    assert value_of("--config", "serve") == Value(is_file=True)
    assert BY_PATH["inject",].arguments == (Value(is_file=True),)


def test_switch_has_no_value():
    assert value_of("--orphaned", "calls", "list") is None


def test_command_of_somebody_elses_is_seen():
    other = typer.Typer(add_completion=False)

    @other.command()
    def run(command: Annotated[list[str], typer.Argument(metavar="CMD...")], quiet: bool = False) -> None:
        """Run it. And so on."""

    found = syntax_of(typer.main.get_command(other))
    assert (found.takes_command, found.arguments, found.help) == (True, (), "Run it.")
    assert {flag.name for flag in found.flags} == {"--quiet", "--no-quiet", "--help"}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("One\n    line.\n\nTwo.", "One line."),
        ("30s, 500ms, ... 0 asks once.", "30s, 500ms, ... 0 asks once."),
        ("", ""),
    ],
)
def test_first_sentence(text: str, first: str):
    assert sentence(text) == first

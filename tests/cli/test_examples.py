"""Examples can be typed as they stand."""

import pytest
import typer

from sidecar.cli.commands import app
from sidecar.cli.examples import EXAMPLES
from sidecar.cli.syntax import syntax_of

FLAGS = {
    " ".join(command.path): {flag.name for flag in command.flags}
    for command in syntax_of(typer.main.get_command(app)).walk()
    if not command.commands
}
"""Of every command."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_command_is_one(name: str):
    assert name in FLAGS


@pytest.mark.parametrize("name", EXAMPLES)
def test_begins_with_the_command(name: str):
    assert [line for line in EXAMPLES[name] if not line.startswith(f"sidecar {name}")] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_flags_are_the_commands(name: str):
    typed = {word for line in EXAMPLES[name] for word in line.split() if word.startswith("--")}
    assert typed - FLAGS[name] == set()

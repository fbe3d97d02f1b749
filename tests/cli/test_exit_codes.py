"""What the exit codes mean (`sidecar.cli.EXIT_CODES`) holds for every command that there is."""

import signal
import socket
from pathlib import Path

import pytest
import typer

from sidecar.cli import EXIT_CODES, FAILURE, INTERRUPTED, KILLED, LEDGER, OK, USAGE
from sidecar.cli.commands import app
from sidecar.cli.syntax import Command, syntax_of
from sidecar.process import KILLED_AGAIN, ROWS_LOST

EVERY: list[Command] = list(syntax_of(typer.main.get_command(app)).walk())
COMMANDS = [command for command in EVERY if not command.commands]
BAD = "nothing: 1\ncontrol: {listen: nowhere}\nobserve: {listen: nowhere}"
"""A settings file that no command can use; those that only want to know where a sidecar is would forgive the first line."""
NOBODY = "http://127.0.0.1:1"
"""Nothing listens there."""


def called(command: Command) -> str:
    return " ".join(command.path) or "sidecar"


def having(flag: str) -> list[Command]:
    """The commands that have a flag; not those that run for ever, or run others."""
    runs = {("serve",), ("run",), ("demo",)}
    return [each for each in COMMANDS if each.path not in runs and flag in {one.name for one in each.flags}]


def words_for(command: Command) -> list[str]:
    """What the command does not go without."""
    needed: dict[tuple[str, ...], list[str]] = {
        ("ca", "show"): [],
        ("reprice",): ["--since", "1h"],
        ("probe",): ["openai", "--model", "m", "--yes"],
    }
    takes_one = command.path[-1] in {"show", "renew", "cancel"}
    return needed.get(command.path, ["c1" if command.path[0] != "prices" else "gpt-5"] if takes_one else [])


@pytest.mark.parametrize("command", EVERY, ids=called)
def test_0__help(sidecar, command: Command):
    assert sidecar(*command.path, "--help").code == OK


@pytest.mark.parametrize("command", EVERY, ids=called)
def test_2__a_flag_that_there_is_not(sidecar, command: Command):
    ran = sidecar(*command.path, "--no-such-flag")
    assert (ran.code, ran.out) == (USAGE, "")
    assert "Try 'sidecar" in ran.err


@pytest.mark.parametrize("command", having("--config"), ids=called)
def test_2__a_settings_file_that_is_wrong(sidecar, empty_folder: Path, command: Command):
    (empty_folder / "bad.yaml").write_text(BAD)
    ran = sidecar(*command.path, *words_for(command), "--config", "bad.yaml")
    assert (ran.code, ran.out) == (USAGE, "")
    assert "bad.yaml:1: nothing: unknown key" in ran.err


@pytest.mark.parametrize("command", having("--ledger"), ids=called)
def test_3__a_ledger_that_is_not_there(sidecar, command: Command):
    if command.path == ("demo",):
        pytest.skip("it makes one")
    ran = sidecar(*command.path, *words_for(command), "--ledger", "sqlite:////no/such/directory/ledger.db")
    assert (ran.code, ran.out) == (LEDGER, "")
    assert ran.err.startswith("sidecar: ledger ")


@pytest.mark.parametrize("command", having("--control"), ids=called)
def test_1__a_sidecar_that_does_not_run(sidecar, command: Command):
    ran = sidecar(*command.path, *words_for(command), "--control", NOBODY)
    assert (ran.code, ran.out) == (FAILURE, "")
    assert ran.err.startswith("sidecar: ")


def test_1__nobody_to_wait_for(sidecar):
    assert sidecar("wait", "--timeout", "0", "--observe", NOBODY).code == FAILURE


def test_130__interrupted(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        child = start("wait", "--timeout", "1m", "--observe", f"http://127.0.0.1:{silent.getsockname()[1]}")
        asking, _ = silent.accept()
        child.send_signal(signal.SIGINT)
        assert child.wait() == INTERRUPTED
        asking.close()


def test_143_and_1__as_serve_ends():
    assert (KILLED_AGAIN, ROWS_LOST) == (KILLED, FAILURE)


def test_every_code_says_what_it_means():
    assert [code for code, meaning in EXIT_CODES.items() if not meaning] == []
    assert list(EXIT_CODES) == sorted(EXIT_CODES)

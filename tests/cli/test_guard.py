"""Every way in which a command can end."""

import pytest

from sidecar.cli import FAILURE, INTERRUPTED, LEDGER, OK, USAGE, commands
from sidecar.cli.versions import versions
from sidecar.errors import LedgerError, PriceError, SettingsError


def test_version_both_ways(sidecar):
    assert sidecar("--version") == sidecar("version") == (OK, f"{versions()}\n", "")


@pytest.mark.parametrize("words", [(), ("calls",), ("config",)])
def test_alone__help(sidecar, words):
    ran = sidecar(*words)
    assert ran.code == OK
    assert ran.out.startswith(f"Usage: {' '.join(('sidecar', *words))} [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("words", "sentence", "help_of"),
    [
        (("serv",), "No such command 'serv'. Did you mean 'serve'?", "sidecar"),
        (("calls", "list", "--modle", "x"), "No such option: --modle", "sidecar calls list"),
        (("calls", "list", "--since", "2x"), "Invalid value for '--since': '2x' is not a moment", "sidecar calls list"),
        (("calls", "list", "--limit", "0"), "Invalid value for '--limit'", "sidecar calls list"),
        (("calls", "show"), "Missing argument 'ID'", "sidecar calls show"),
        (("report", "--by", "moon"), "Invalid value for '--by': 'moon' is not one of", "sidecar report"),
    ],
)
def test_usage_error__one_sentence_and_where_help_is(sidecar, words, sentence, help_of):
    ran = sidecar(*words)
    assert ran.code == USAGE
    assert ran.out == ""
    assert ran.err.startswith(f"sidecar: {sentence}")
    assert ran.err.endswith(f"sidecar: Try '{help_of} --help'.\n")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (SettingsError("--config", "is no file", "write one"), USAGE, "sidecar: --config: is no file; write one\n"),
        (LedgerError("x.db", "is full"), LEDGER, "sidecar: ledger x.db: is full\n"),
        (PriceError("no price"), FAILURE, "sidecar: no price\n"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
    ],
)
def test_error_of_a_command__sentence_and_exit_code(sidecar, monkeypatch, error, code, sentence):
    def broken() -> None:
        raise error

    monkeypatch.setattr(commands.app.registered_commands[-1], "callback", broken)
    name = commands.app.registered_commands[-1].name
    assert sidecar(name) == (code, "", sentence)


def test_bug_is_not_hidden(sidecar, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands.app.registered_commands[-1], "callback", broken)
    with pytest.raises(ZeroDivisionError):
        sidecar(commands.app.registered_commands[-1].name)

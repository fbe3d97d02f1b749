"""The ledger is found by the settings, and a missing one is named as it was typed."""

import json

from sidecar.cli import LEDGER
from tests.cli.ledgers import Lived, call, operation, write_ledger


def test_no_ledger_there__exit_3_and_the_setting_as_it_was_typed(sidecar):
    ran = sidecar("calls", "list", "--ledger", "sqlite:///none.db")
    assert (ran.code, ran.out) == (LEDGER, "")
    assert '(--ledger is "sqlite:///none.db")' in ran.err
    assert '(ledger.url is "sqlite:///sidecar.db")' in sidecar("report").err


def test_variable_that_named_the_ledger_is_named(sidecar, monkeypatch):
    monkeypatch.setenv("SIDECAR_LEDGER__URL", "sqlite:///none.db")
    assert '(SIDECAR_LEDGER__URL is "sqlite:///none.db")' in sidecar("calls", "list").err


def test_ledger_is_found_by_the_settings_file(sidecar, empty_folder):
    (empty_folder / "sidecar.yaml").write_text("ledger: {url: 'sqlite:///elsewhere.db'}")
    write_ledger(empty_folder / "elsewhere.db", [call(7)])
    (row,) = json.loads(sidecar("calls", "list", "--format", "json").out)
    assert row["id"] == "c007"


def test_operations_are_read_from_the_same_ledger(sidecar, empty_folder):
    (empty_folder / "sidecar.yaml").write_text("ledger: {url: 'sqlite:///elsewhere.db'}")
    write_ledger(empty_folder / "elsewhere.db", [], [Lived(operation(7))])
    (row,) = json.loads(sidecar("operations", "list", "--format", "json").out)
    assert row["id"] == "o007"
    assert '(--ledger is "sqlite:///none.db")' in sidecar("operations", "list", "--ledger", "sqlite:///none.db").err

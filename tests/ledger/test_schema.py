"""Each step is applied once, all that are missing at once or not at all; what is no ledger of ours is left alone."""

import sqlite3
from collections.abc import Iterator

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger import schema
from sidecar.ledger.schema import bring_up_to_date, refuse_newer, refuse_older, version_of
from sidecar.ledger.steps import NEWEST, STEPS, Step


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def test_an_empty_file_is_version_0_and_then_the_newest(connection: sqlite3.Connection):
    assert version_of(connection, "x.db") == 0
    bring_up_to_date(connection, 0, 1)
    assert version_of(connection, "x.db") == NEWEST


def test_each_step_says_when_it_was_applied(connection: sqlite3.Connection):
    bring_up_to_date(connection, 0, 1234)
    applied = connection.execute("SELECT version, caption, applied_at FROM schema_version ORDER BY version").fetchall()
    assert applied == [(number, step.caption, 1234) for number, step in enumerate(STEPS, start=1)]


def test_nothing_is_done_to_a_file_that_is_up_to_date(connection: sqlite3.Connection):
    bring_up_to_date(connection, 0, 1)
    before = connection.total_changes
    bring_up_to_date(connection, NEWEST, 2)
    assert connection.total_changes == before


def test_only_the_steps_that_are_missing_are_applied(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch):
    bring_up_to_date(connection, 0, 1)
    monkeypatch.setattr(schema, "STEPS", (*STEPS, Step("notes", ("CREATE TABLE notes (text TEXT) STRICT",))))
    monkeypatch.setattr(schema, "NEWEST", NEWEST + 1)
    bring_up_to_date(connection, NEWEST, 2)
    assert version_of(connection, "x.db") == NEWEST + 1
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_step_that_fails_leaves_nothing_behind(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch):
    broken = Step("broken", ("CREATE TABLE notes (text TEXT) STRICT", "CREATE TABLE notes (text TEXT) STRICT"))
    monkeypatch.setattr(schema, "STEPS", (*STEPS, broken))
    monkeypatch.setattr(schema, "NEWEST", NEWEST + 1)
    with pytest.raises(sqlite3.OperationalError):
        bring_up_to_date(connection, 0, 1)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_newer_ledger_is_refused():
    with pytest.raises(LedgerError) as refused:
        refuse_newer(NEWEST + 6, "x.db")
    assert str(refused.value) == (
        f"ledger x.db: was written by a newer sidecar (schema {NEWEST + 6}, this one knows {NEWEST}); "
        "upgrade this sidecar, or set ledger.url to another file"
    )


def test_another_programs_file_is_refused(connection: sqlite3.Connection):
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(
        LedgerError, match=r"x\.db: is another program's SQLite file; set ledger\.url to a file of its own"
    ):
        version_of(connection, "x.db")


OLDER = f"was written by an older sidecar (schema {NEWEST - 1}, not {NEWEST})"


@pytest.mark.parametrize(("version", "problem"), [(0, "is empty"), (NEWEST - 1, OLDER)])
def test_whoever_only_reads_is_told_to_start_a_sidecar_on_an_older_ledger(version: int, problem: str):
    refuse_older(NEWEST, "x.db")
    with pytest.raises(LedgerError) as refused:
        refuse_older(version, "x.db")
    assert (
        str(refused.value) == f"ledger x.db: {problem}; start `sidecar serve` with it once: that brings it up to date"
    )

"""The steps make exactly the declared tables, all at once or not at all."""

import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from sidecar.errors import LedgerError
from sidecar.ledger import steps
from sidecar.ledger.rows import RECORD_COLUMNS, as_record
from sidecar.ledger.steps import NEWEST, STEPS, Step, bring_up_to_date, refuse_newer, refuse_older, version_of
from sidecar.ledger.tables import METADATA


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def plain(sql: str) -> str:
    """SQL without the freedom of writing it."""
    bare = re.sub(r"\b(calls|operations)\.", "", re.sub(r"\s+", " ", sql))
    return re.sub(r"\s*([(),])\s*", r"\1", bare).strip()


def test_all_steps_together_make_the_declared_tables(connection: sqlite3.Connection):
    bring_up_to_date(connection, 0, 1)
    made = {plain(sql) for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    tables = METADATA.sorted_tables
    declared = [CreateTable(table) for table in tables] + [
        CreateIndex(index) for table in tables for index in table.indexes
    ]
    assert made == {plain(str(each.compile(dialect=sqlite.dialect()))) for each in declared}


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
    monkeypatch.setattr(steps, "STEPS", (*STEPS, Step("notes", ("CREATE TABLE notes (text TEXT) STRICT",))))
    monkeypatch.setattr(steps, "NEWEST", NEWEST + 1)
    bring_up_to_date(connection, NEWEST, 2)
    assert version_of(connection, "x.db") == NEWEST + 1
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_step_that_fails_leaves_nothing_behind(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch):
    broken = Step("broken", ("CREATE TABLE notes (text TEXT) STRICT", "CREATE TABLE notes (text TEXT) STRICT"))
    monkeypatch.setattr(steps, "STEPS", (*STEPS, broken))
    monkeypatch.setattr(steps, "NEWEST", NEWEST + 1)
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


def test_a_ledger_of_the_first_version_keeps_its_rows_and_gains_the_columns(connection: sqlite3.Connection):
    first_only = STEPS[0]
    for statement in first_only.statements:
        connection.execute(statement)
    connection.execute("INSERT INTO schema_version VALUES (1, 'calls', 1)")
    connection.execute(
        "INSERT INTO calls (id, upstream, provider, dialect, model, kind, started_at, usage, spend_usd, instance)"
        " VALUES ('old', 'u', 'p', 'd', 'm', 'unary', 5, '{\"input\":1}', '0.1', 'i')"
    )
    bring_up_to_date(connection, 1, 2)
    columns = ", ".join(RECORD_COLUMNS)
    record = as_record(connection.execute(f"SELECT {columns} FROM calls").fetchone())
    assert (record.id, record.usage, record.spend_usd) == ("old", {"input": 1}, Decimal("0.1"))
    assert (record.method, record.labels, record.usage_at_left, record.handed_over) == (None, {}, None, None)


def test_a_ledger_of_the_second_version_keeps_its_rows_and_gains_operations(connection: sqlite3.Connection):
    for number, step in enumerate(STEPS[:2], start=1):
        for statement in step.statements:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?, ?, 1)", (number, step.caption))
    connection.execute(
        "INSERT INTO calls (id, upstream, provider, dialect, model, kind, started_at, usage, instance)"
        " VALUES ('old', 'u', 'p', 'd', 'm', 'unary', 5, '{}', 'i')"
    )
    bring_up_to_date(connection, version_of(connection, "x.db"), 2)
    assert version_of(connection, "x.db") == NEWEST
    assert connection.execute("SELECT id FROM calls").fetchall() == [("old",)]
    assert connection.execute("SELECT count(*) FROM operations, operation_moves, instances").fetchone() == (0,)


OLDER = f"was written by an older sidecar (schema {NEWEST - 1}, not {NEWEST})"


@pytest.mark.parametrize(("version", "problem"), [(0, "is empty"), (NEWEST - 1, OLDER)])
def test_whoever_only_reads_is_told_to_start_a_sidecar_on_an_older_ledger(version: int, problem: str):
    refuse_older(NEWEST, "x.db")
    with pytest.raises(LedgerError) as refused:
        refuse_older(version, "x.db")
    assert (
        str(refused.value) == f"ledger x.db: {problem}; start `sidecar serve` with it once: that brings it up to date"
    )

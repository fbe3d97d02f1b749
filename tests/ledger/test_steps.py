"""The steps make exactly the declared tables, and a ledger of any version before keeps its rows."""

import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operation_rows import RECORD_COLUMNS as OPERATION_COLUMNS, as_record as as_operation
from sidecar.ledger.rows import RECORD_COLUMNS, as_record
from sidecar.ledger.schema import bring_up_to_date, version_of
from sidecar.ledger.steps import NEWEST, STEPS
from sidecar.ledger.tables import METADATA
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, START, FilePlace, open_call, settled_call


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


def with_steps(connection: sqlite3.Connection, count: int) -> None:
    """The tables as the first so many steps made them, and a call as a sidecar of that time wrote it."""
    for number, step in enumerate(STEPS[:count], start=1):
        for statement in step.statements:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?, ?, 1)", (number, step.caption))
    connection.execute(
        "INSERT INTO calls (id, upstream, provider, dialect, model, kind, started_at, usage, spend_usd, instance)"
        " VALUES ('old', 'u', 'p', 'd', 'm', 'unary', 5, '{\"input\":1}', '0.1', 'i')"
    )


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_a_ledger_of_every_version_before_keeps_its_rows_and_gains_the_columns(
    connection: sqlite3.Connection, version: int
):
    with_steps(connection, version)
    bring_up_to_date(connection, version_of(connection, "x.db"), 2)
    assert version_of(connection, "x.db") == NEWEST
    columns = ", ".join(RECORD_COLUMNS)
    record = as_record(connection.execute(f"SELECT {columns} FROM calls").fetchone())
    assert (record.id, record.usage, record.spend_usd) == ("old", {"input": 1}, Decimal("0.1"))
    assert (record.method, record.labels, record.usage_at_left, record.handed_over) == (None, {}, None, None)
    assert (record.decision, record.decision_reason, record.caller_timeout_seconds) == (None, None, None)
    assert record.socket is None
    assert connection.execute("SELECT count(*) FROM operations, operation_moves, instances").fetchone() == (0,)


OLD_OPERATION = (
    "INSERT INTO operations (id, upstream, provider, dialect, method, kind, model, opened_at, path, host, mark, state,"
    " lease_seconds, is_lease_asked, is_detached, renewed_at, cancel_attempts, usage, labels, asked_seconds, asked_pieces,"
    " due_at, looks, holder, fence)"
    " VALUES ('old', 'u', 'p', 'd', 'm', 'batch', '', 5, '/', '', '', 'running', 60, 0, 0, 5, 0, '{}', '{}', 0, 0, 5, 0, 'i', 1)"
)
"""As a sidecar wrote it before an operation's trace was kept."""


def test_an_operation_of_an_earlier_version_has_no_trace(connection: sqlite3.Connection):
    with_steps(connection, 4)
    connection.execute(OLD_OPERATION)
    bring_up_to_date(connection, 4, 2)
    columns = ", ".join(OPERATION_COLUMNS)
    record = as_operation(connection.execute(f"SELECT {columns} FROM operations").fetchone())
    assert (record.id, record.fence, record.trace) == ("old", 1, None)


def test_a_file_of_the_version_before_is_brought_up_to_date_where_it_lies(file: FilePlace):
    with sqlite3.connect(file.path) as older:
        with_steps(older, NEWEST - 1)
    older.close()
    ledger = file.open()
    (lost,) = ledger.settle_lost(START)
    put_all(ledger, settled_call("new", decision="follow", caller_timeout_seconds=0.1), open_call("open"))
    assert ledger.close(SOON)
    found = {call.id: call for call in file.reader().calls(CallQuery())}
    assert set(found) == {"old", "new", "open"}
    assert (lost.id, found["old"].outcome, found["old"].caller_timeout_seconds) == ("old", "lost", None)
    assert (found["new"].decision, found["new"].caller_timeout_seconds) == ("follow", 0.1)

"""However many start at once, each step is applied once, whole or not at all."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest

from sidecar.errors import LedgerError
from sidecar.ledger import postgres_connection, postgres_schema
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_reader import PostgresReader
from sidecar.ledger.postgres_schema import bring_up_to_date, version_of
from sidecar.ledger.postgres_steps import STATEMENTS
from sidecar.ledger.steps import NEWEST, STEPS, Step
from tests.ledger.test_steps import OLD_OPERATION
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.new_place() as url:
        yield url


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    connection = connect(postgres_address(url), "test")
    yield connection
    connection.close()


def applied(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT version, caption, applied_at FROM schema_version ORDER BY 1").fetchall()


def test_an_empty_database_is_version_0_and_then_the_newest(connection: Connection):
    assert version_of(connection, "x") == 0
    bring_up_to_date(connection, 1234, "x")
    assert version_of(connection, "x") == NEWEST
    assert applied(connection) == [(number, step.caption, 1234) for number, step in enumerate(STEPS, start=1)]


def test_nothing_is_done_twice(connection: Connection):
    bring_up_to_date(connection, 1, "x")
    bring_up_to_date(connection, 2, "x")
    assert {at for _, _, at in applied(connection)} == {1}


def test_eight_at_once_apply_each_step_once(url: str, connection: Connection):
    start = threading.Barrier(8)

    def begin(number: int) -> None:
        with connect(postgres_address(url), "test") as mine:
            start.wait()
            bring_up_to_date(mine, number, "x")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(begin, range(8)))
    rows = applied(connection)
    assert [version for version, _, _ in rows] == list(range(1, NEWEST + 1))
    assert len({at for _, _, at in rows}) == 1


def with_one_more(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    monkeypatch.setattr(postgres_schema, "STATEMENTS", (*STATEMENTS, statements))
    monkeypatch.setattr(postgres_schema, "STEPS", (*STEPS, Step("notes", ())))
    monkeypatch.setattr("sidecar.ledger.schema.NEWEST", NEWEST + 1)


def test_only_the_steps_that_are_missing_are_applied(connection: Connection, monkeypatch: pytest.MonkeyPatch):
    bring_up_to_date(connection, 1, "x")
    with_one_more(monkeypatch, "CREATE TABLE notes (text TEXT)")
    bring_up_to_date(connection, 2, "x")
    assert applied(connection)[-1] == (NEWEST + 1, "notes", 2)
    assert connection.execute("SELECT * FROM notes").fetchall() == []


def test_a_database_of_the_version_before_keeps_its_rows_and_gains_the_columns(url: str, connection: Connection):
    for number, statements in enumerate(STATEMENTS[:-1], start=1):
        for statement in statements:
            connection.execute(statement.encode())
        connection.execute("INSERT INTO schema_version VALUES (%s, 'then', 1)", [number])
    connection.execute(
        "INSERT INTO calls (id, upstream, provider, dialect, model, kind, started_at, usage, spend_usd, outcome, instance)"
        " VALUES ('old', 'u', 'p', 'd', 'm', 'unary', 5, '{}', '0.1', 'delivered', 'i')"
    )
    connection.execute(OLD_OPERATION.encode())
    with pytest.raises(LedgerError, match="was written by an older sidecar"):
        PostgresReader.open(url)
    bring_up_to_date(connection, 2, "x")
    old = PostgresReader.open(url).call("old")
    assert old is not None
    assert (old.spend_usd, old.decision, old.caller_timeout_seconds) == (Decimal("0.1"), None, None)
    assert connection.execute("SELECT id, trace FROM operations").fetchall() == [("old", None)]


def test_a_step_that_fails_leaves_nothing_behind(connection: Connection, monkeypatch: pytest.MonkeyPatch):
    with_one_more(monkeypatch, "CREATE TABLE notes (text TEXT)", "CREATE TABLE notes (text TEXT)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        bring_up_to_date(connection, 1, "x")
    assert version_of(connection, "x") == 0


def test_a_newer_ledger_is_refused(connection: Connection):
    bring_up_to_date(connection, 1, "x")
    connection.execute("INSERT INTO schema_version VALUES (99, 'later', 0)")
    with pytest.raises(LedgerError, match="x: was written by a newer sidecar"):
        bring_up_to_date(connection, 1, "x")


@pytest.mark.parametrize(
    "theirs",
    ["CREATE TABLE calls (number TEXT)", "CREATE TABLE schema_version (version INTEGER)", "CREATE VIEW operations AS SELECT 1"],
)  # fmt: skip
def test_another_programs_tables_are_left_alone(connection: Connection, theirs: str):
    connection.execute(theirs.encode())
    with pytest.raises(LedgerError, match=r"x: holds another program's tables of the same names .*; give the ledger a"):
        bring_up_to_date(connection, 1, "x")


def test_another_programs_tables_of_other_names_disturb_nobody(connection: Connection):
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    bring_up_to_date(connection, 1, "x")
    assert version_of(connection, "x") == NEWEST


def test_a_long_step_is_given_more_time_than_a_statement(connection: Connection, monkeypatch: pytest.MonkeyPatch):
    connection.execute("SET statement_timeout = 100")
    monkeypatch.setattr(postgres_connection, "ANSWER_SECONDS", 0.1)
    with_one_more(monkeypatch, "SELECT pg_sleep(0.5)")
    bring_up_to_date(connection, 1, "x")
    assert version_of(connection, "x") == NEWEST + 1
    assert (connection.answer_seconds, connection.execute("SHOW statement_timeout").fetchall()) == (0.1, [("100ms",)])

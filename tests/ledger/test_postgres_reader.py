"""A database is read without being changed, whoever writes it; what is no ledger is said to be none."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from sidecar.errors import LedgerError
from sidecar.ledger import postgres_reader, schema
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.postgres_operations import PostgresOperationReader
from sidecar.ledger.postgres_reader import QUESTION_SECONDS, PostgresReader
from sidecar.ledger.steps import NEWEST
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.conformance import put_all
from tests.ledger.given import START, open_call, orphaned_call, settled_call
from tests.ledger.operations_given import brought_to
from tests.ledger.postgres_given import PostgresPlace
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")


@pytest.fixture
def nothing(postgres: PostgresServer) -> Iterator[PostgresPlace]:
    """A schema of its own, to be spoilt."""
    with postgres.new_place() as url:
        place = PostgresPlace(postgres, url)
        yield place
        place.leave()


def test_reading_while_the_ledger_is_written(database: PostgresPlace):
    ledger = database.open()
    before = database.reader()
    put_all(ledger, settled_call("a"))
    assert [call.id for call in before.calls(CallQuery())] == ["a"]


def test_a_reader_can_not_write(database: PostgresPlace):
    put_all(database.open(), open_call())
    with (
        pytest.raises(LedgerError, match="read-only"),
        database.reader()._connection() as connection,
        connection.transaction(),
    ):
        connection.execute("DELETE FROM calls")


def test_calls_taken_slowly_hold_no_transaction_open(database: PostgresPlace):
    put_all(database.open(), *[settled_call(f"c{number:04}", started_at=START + number) for number in range(600)])
    slowly = database.reader().calls(CallQuery())
    next(slowly)
    states = database.execute("SELECT state FROM pg_stat_activity WHERE application_name = 'sidecar reader'")
    assert states == [("idle",)]
    assert len(list(slowly)) == 599


def test_calls_that_nobody_takes_to_their_end_give_their_connection_back(database: PostgresPlace):
    put_all(database.open(), settled_call("a"), settled_call("b"))
    some = database.reader().calls(CallQuery())
    next(some)
    some.close()  # type: ignore[attr-defined]
    gone = "SELECT pg_stat_clear_snapshot(), count(*) FROM pg_stat_activity WHERE application_name = 'sidecar reader'"
    while database.execute(gone)[0][1]:
        threading.Event().wait(0.01)


def test_a_bill_is_fetched_piece_by_piece(database: PostgresPlace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_reader, "FETCH_ROWS", 2)
    put_all(database.open(), *[settled_call(id, caller=id) for id in "abcde"])
    assert len(database.reader().bill(CallQuery(), By.CALLER).lines) == 5


def test_those_that_left_are_fetched_piece_by_piece(database: PostgresPlace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_reader, "FETCH_ROWS", 2)
    put_all(database.open(), *[orphaned_call(id, caller_timeout_seconds=1.0) for id in "abcde"])
    (line,) = database.reader().timeouts(CallQuery()).lines
    assert (line.calls, line.left, line.left_at_limit) == (5, 5, 5)


def test_a_question_that_sorts_is_given_more_time_than_a_statement(
    database: PostgresPlace, monkeypatch: pytest.MonkeyPatch
):
    limit = select(func.current_setting("statement_timeout"))
    said: list[object] = []
    monkeypatch.setattr(postgres_reader, "ask_for_timeouts", lambda _, ask: said.extend(ask(limit)))
    database.open()
    database.reader().timeouts(CallQuery())
    assert said == [(f"{QUESTION_SECONDS // 60}min",)]


def test_an_empty_database_is_said_to_hold_no_ledger__and_what_named_it(nothing: PostgresPlace):
    with pytest.raises(LedgerError) as missing:
        PostgresReader.open(nothing.url, named_by="--ledger")
    assert str(missing.value).endswith(
        "/ledger: holds no ledger (named by --ledger); "
        "start `sidecar serve` with the same settings once, or name the right database"
    )
    assert "s3cret" not in str(missing.value)


def test_an_older_ledger_is_not_read_before_it_is_brought_up_to_date(
    nothing: PostgresPlace, monkeypatch: pytest.MonkeyPatch
):
    nothing.open()
    monkeypatch.setattr(schema, "NEWEST", NEWEST + 1)
    with pytest.raises(
        LedgerError, match=rf"older sidecar \(schema {NEWEST}, not {NEWEST + 1}\); start `sidecar serve`"
    ):
        nothing.reader()


def test_a_newer_ledger_is_refused(nothing: PostgresPlace):
    nothing.open()
    nothing.execute("INSERT INTO schema_version VALUES (99, 'later', 0)")
    with pytest.raises(LedgerError, match="was written by a newer sidecar"):
        nothing.reader()


def test_a_call_that_this_version_has_no_words_for_is_an_error_and_not_left_out(database: PostgresPlace):
    put_all(database.open(), settled_call("a"))
    database.execute("UPDATE calls SET kind = 'dream'")
    with pytest.raises(
        LedgerError, match=r"holds a row that this sidecar has no words for \(Invalid enum value 'dream'"
    ):
        list(database.reader().calls(CallQuery()))


def test_a_server_that_is_not_there_is_said_so_with_advice():
    with pytest.raises(LedgerError, match=r"ledger postgresql:///nowhere/l: .*; look whether the server runs"):
        PostgresReader.open("postgresql:///l?host=/nowhere")


def test_ids_are_in_the_order_of_their_bytes_whatever_the_language_of_the_database(database: PostgresPlace):
    assert database.execute("SELECT 'a' < 'B'") == [(True,)]  # a language
    put_all(database.open(), *[open_call(id) for id in ("B-1", "a-1", "a_1")])
    assert [call.id for call in database.reader().calls(CallQuery())] == ["a_1", "a-1", "B-1"]
    found = database.reader().call("a-")
    assert found is not None
    assert found.id == "a-1"


def test_operations_are_read_beside_whoever_acts_on_them(database: PostgresPlace):
    brought_to(database.open().operations, S.RUNNING)
    operations = PostgresOperationReader.open(database.url)
    (record,) = operations.operations(OperationQuery())
    assert operations.operation("o") == record
    assert len(operations.moves("o1")) == 2


def test_psycopg_closes_what_breaks(database: PostgresPlace):
    put_all(database.open(), settled_call("a"))
    with pytest.raises(LedgerError), database.reader()._connection() as connection:
        raise psycopg.OperationalError("gone")
    assert connection.closed


def test_a_bill_is_of_one_moment__what_is_committed_meanwhile_is_not_in_it(
    database: PostgresPlace, monkeypatch: pytest.MonkeyPatch
):
    ledger, counted = database.open(), []
    put_all(ledger, settled_call("a"))

    def asking(*asked: Any) -> Any:
        *_, ask = asked
        for id in "bcd":
            ((count,),) = ask(select(func.count()).select_from(CALLS))
            counted.append(count)
            put_all(ledger, settled_call(id))

    monkeypatch.setattr(postgres_reader, "ask_for_bill", asking)
    database.reader().bill(CallQuery(), By.MODEL)
    assert counted == [1, 1, 1]

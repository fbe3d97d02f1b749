"""The statements use the indexes that were made for them, and are PostgreSQL's."""

from collections.abc import Iterator

import pytest

from sidecar.clock import SECOND, SystemClock
from sidecar.ledger.bill_statements import CALL_BOOK, lines
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.operation_questions import ALL_UNSETTLED
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_schema import bring_up_to_date
from sidecar.ledger.postgres_statements import (
    EXPIRE_CALLS,
    HOW_IT_STANDS,
    SETTLE_LOST_OF_DEAD,
    TAKE_OVER,
    UPSERT_CALLS,
    for_postgres,
)
from sidecar.ledger.rows import ROW_COLUMNS
from sidecar.ledger.statements import Statement, calls_named, calls_page
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def connection(postgres: PostgresServer) -> Iterator[Connection]:
    with postgres.new_place() as url:
        connection = connect(postgres_address(url), "test")
        bring_up_to_date(connection, 1, "x")
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")  # or it would read what is empty
        yield connection
        connection.close()


def plan(connection: Connection, statement: Statement) -> str:
    values = {name: 1 if value is None else value for name, value in statement.values.items()}
    return "\n".join(str(line) for (line,) in connection.execute(f"EXPLAIN {statement.sql}".encode(), values))


def test_a_statement_is_compiled_once():
    assert for_postgres(ALL_UNSETTLED) is for_postgres(ALL_UNSETTLED)


def test_what_others_take_is_passed_over():
    assert "FOR UPDATE SKIP LOCKED" in TAKE_OVER.sql


def test_the_columns_of_the_upsert_stand_in_the_order_of_a_row():
    assert UPSERT_CALLS.startswith(f"INSERT INTO calls ({', '.join(ROW_COLUMNS)}) SELECT ")


@pytest.mark.part("postgresql")
class TestPlans:
    def test_open_rows_are_found_without_reading_the_others(self, connection: Connection):
        assert "calls_open" in plan(connection, SETTLE_LOST_OF_DEAD[False])

    def test_old_rows_are_found_by_their_start(self, connection: Connection):
        assert "Index Scan using calls_by_start" in plan(connection, EXPIRE_CALLS)

    def test_a_page_begins_where_the_last_one_ended(self, connection: Connection):
        found = plan(connection, for_postgres(calls_page(CallQuery(), (5, "c"), 10)))
        assert "Index Scan Backward using calls_by_start" in found
        assert "Index Cond: (started_at <= '5'::bigint)" in found

    def test_a_bill_over_a_span_reads_only_the_span(self, connection: Connection):
        found = plan(
            connection, for_postgres(lines(CallQuery(since=1, until=2), By.MODEL, CALL_BOOK, CALL_BOOK.parts[-1]))
        )
        assert "Index Cond: ((started_at >= '1'::bigint) AND (started_at < '2'::bigint))" in found

    def test_the_beginning_of_an_id_uses_the_key_although_the_database_is_no_c(self, connection: Connection):
        assert "Index Scan using calls_pkey" in plan(connection, for_postgres(calls_named("c01")))


@pytest.mark.part("postgresql")
def test_the_servers_moment_is_in_microseconds(connection: Connection):
    values = {**HOW_IT_STANDS.values, "me": "nobody"}
    ((now, alive_until),) = connection.execute(HOW_IT_STANDS.sql.encode(), values).fetchall()
    assert abs(now - SystemClock().now()) < 5 * SECOND
    assert alive_until is None

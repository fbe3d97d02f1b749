"""The statements use the indexes that were made for them."""

import sqlite3

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.rows import ROW_COLUMNS
from sidecar.ledger.statements import (
    EXPIRE_CALLS,
    SETTLE_LOST,
    UPSERT_CALL,
    Statement,
    calls_named,
    calls_page,
    rendered,
)


def plan(connection: sqlite3.Connection, statement: Statement) -> str:
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values)
    return "; ".join(row[3] for row in rows)


def test_the_columns_of_the_upsert_stand_in_the_order_of_a_row():
    assert UPSERT_CALL.startswith(f"INSERT INTO calls ({', '.join(ROW_COLUMNS)}) VALUES (")
    assert UPSERT_CALL.count("?") == len(ROW_COLUMNS)


def test_what_a_call_is_from_the_start_is_not_set_again():
    _, update = UPSERT_CALL.split("DO UPDATE")
    assert [name for name in ROW_COLUMNS if f" {name} = " not in update] == [
        "id", "upstream", "provider", "dialect", "started_at", "instance",
    ]  # fmt: skip


def test_open_rows_are_found_without_reading_the_others(connection: sqlite3.Connection):
    assert "USING INDEX calls_open" in plan(connection, SETTLE_LOST)


def test_old_rows_are_found_by_their_start(connection: sqlite3.Connection):
    assert "USING INDEX calls_by_start (started_at<?)" in plan(connection, EXPIRE_CALLS)


def test_a_page_begins_where_the_last_one_ended(connection: sqlite3.Connection):
    found = plan(connection, rendered(calls_page(CallQuery(), (5, "c"), 10)))
    assert "SEARCH calls USING INDEX calls_by_start" in found


def test_the_beginning_of_an_id_uses_the_key(connection: sqlite3.Connection):
    assert "(id>? AND id<?)" in plan(connection, rendered(calls_named("c01")))

"""The statements that change operations are made from the table of moves, once, and use the indexes made for them."""

import sqlite3

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from sidecar.ledger.operation_statements import (
    APPEND_MOVE,
    EXPIRE_MOVES,
    EXPIRE_OPERATIONS,
    IDS,
    OPEN_OPERATION,
    RENEW_ALL,
    TAKE_OVER,
    marked_after,
    moved,
    noted,
    renewed,
    settled,
)
from sidecar.ledger.statements import rendered
from sidecar.lifecycle.operation import MOVES, OperationEvent as E

EVERY: list[ClauseElement] = [
    OPEN_OPERATION, APPEND_MOVE, RENEW_ALL, TAKE_OVER, EXPIRE_OPERATIONS, EXPIRE_MOVES, noted(("looks",)), noted(()),
    renewed(("renewed_at",)), settled(("settled_at",)), marked_after("reclaimed_at"),
    *(moved(event, ("looks",), is_fenced=is_fenced) for event in E for is_fenced in (True, False)),
]  # fmt: skip


def plan(connection: sqlite3.Connection, statement: ClauseElement) -> str:
    made = rendered(statement)
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {made.sql}", made.values))


def test_each_is_understood_by_sqlite(connection: sqlite3.Connection):
    for statement in EVERY:
        plan(connection, statement)


def test_each_can_be_said_to_postgresql():
    dialect = postgresql.dialect()
    assert all(statement.compile(dialect=dialect).string for statement in EVERY)


@pytest.mark.parametrize("event", list(E))
def test_a_move_is_guarded_by_the_states_of_the_table(event: E):
    sql = rendered(moved(event, (), is_fenced=False)).sql
    assert {state for state in MOVES[event].allowed_from if f"state = '{state}'" in sql} == MOVES[event].allowed_from
    assert sql.count("state = '") == len(MOVES[event].allowed_from)
    assert "settled_at IS NULL" in sql


def test_only_a_fenced_move_asks_for_the_fence():
    assert "fence = :held_fence" in rendered(moved(E.GAVE_UP, (), is_fenced=True)).sql
    assert "held_fence" not in rendered(moved(E.GAVE_UP, (), is_fenced=False)).sql


def test_a_statement_is_made_once():
    assert moved(E.ACCEPTED, ("looks",), is_fenced=True) is moved(E.ACCEPTED, ("looks",), is_fenced=True)
    assert noted(("looks",)) is noted(("looks",))


def test_a_file_with_one_writer_locks_no_rows_and_a_shared_ledger_passes_over_locked_ones():
    assert "SKIP LOCKED" not in rendered(TAKE_OVER).sql
    assert "FOR UPDATE SKIP LOCKED" in TAKE_OVER.compile(dialect=postgresql.dialect()).string


def test_many_ids_are_one_text():
    assert rendered(RENEW_ALL).sql.count(":operation_") == IDS


@pytest.mark.parametrize(
    "statement", [moved(E.ACCEPTED, (), is_fenced=True), noted(()), settled(()), marked_after("regretted_at")], ids=str
)
def test_one_operation_is_found_by_its_id(connection: sqlite3.Connection, statement: ClauseElement):
    assert plan(connection, statement) == "SEARCH operations USING INDEX sqlite_autoindex_operations_1 (id=?)"


def test_a_poll_finds_its_operation_by_the_providers_name(connection: sqlite3.Connection):
    assert "operations_by_key (upstream=? AND provider_key=?)" in plan(connection, renewed(("renewed_at",)))


def test_taking_over_reads_only_what_has_not_settled(connection: sqlite3.Connection):
    assert "USING INDEX operations_due" in plan(connection, TAKE_OVER)


def test_old_operations_are_found_by_their_opening_and_their_lines_by_their_key(connection: sqlite3.Connection):
    assert "operations_by_opening (opened_at<?)" in plan(connection, EXPIRE_OPERATIONS)
    assert "(operation_id=?)" in plan(connection, EXPIRE_MOVES)

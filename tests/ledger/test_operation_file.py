"""Statements run on the file's connection with their own values and those that are given."""

import sqlite3

from sqlalchemy import bindparam, literal, select

from sidecar.ledger import operation_file
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_statements import noted


def test_values_of_the_statement_and_of_the_moment_meet(connection: sqlite3.Connection):
    statement = select(literal(1), bindparam("given", type_=literal(2).type))
    assert executing(connection)(statement, {"given": 2}) == [(1, 2)]
    assert executing(connection)(statement, {"given": 3}) == [(1, 3)]


def test_all_rows_are_taken(connection: sqlite3.Connection):
    many = select(literal(1)).union_all(select(literal(2)))
    assert executing(connection)(many, {}) == [(1,), (2,)]


def test_a_statement_that_returns_no_rows_gives_none(connection: sqlite3.Connection):
    assert executing(connection)(noted(()), {"operation": "o1", "held_fence": 1}) == []


def test_a_statement_is_compiled_once(connection: sqlite3.Connection):
    execute, statement = executing(connection), select(literal(7))
    execute(statement, {})
    before = operation_file._compiled.cache_info()
    execute(statement, {})
    after = operation_file._compiled.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (1, 0)

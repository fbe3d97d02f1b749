"""A bill over a span of time reads that span and no more."""

import sqlite3

import pytest
from sqlalchemy.sql import ClauseElement

from sidecar.ledger.bill_statements import BOOKS, Book, dearest, ends, lines, long_amounts
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.statements import rendered
from sidecar.ledger.totals import COUNTS, MONEY

SPAN = CallQuery(since=1, until=2)
INDEXES = {"calls": "calls_by_start", "operations": "operations_by_opening"}


def plan(connection: sqlite3.Connection, statement: ClauseElement) -> str:
    made = rendered(statement)
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {made.sql}", made.values))


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.table.name)
def test_every_question_about_a_span_uses_the_index_of_its_beginnings(connection: sqlite3.Connection, book: Book):
    asked = [question(SPAN, By.MODEL, book, part) for part in book.parts for question in (lines, long_amounts)]
    for statement in (*asked, dearest(SPAN, book, 10), *ends(SPAN, book)):
        assert f"USING INDEX {INDEXES[book.table.name]} (" in plan(connection, statement).replace("COVERING ", "")


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.table.name)
def test_the_first_and_the_last_are_found_without_reading_the_others(connection: sqlite3.Connection, book: Book):
    for statement in ends(CallQuery(), book):
        found = plan(connection, statement)
        assert found.startswith("SEARCH")
        assert INDEXES[book.table.name] in found


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.table.name)
def test_every_word_of_a_report_has_a_meaning_in_every_table(book: Book):
    assert set(book.keys) == set(By)
    for part in book.parts:
        assert set(part.counts) <= set(COUNTS)
        assert set(part.money) <= set(MONEY)

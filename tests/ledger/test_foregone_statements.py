"""Repeats are looked for among the calls of the span, and their first by its id."""

import sqlite3

from sidecar.ledger.bill import AS_USUAL
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.foregone_statements import long_bills, repeats, spared
from tests.ledger.test_bill_statements import plan

SPAN = CallQuery(since=1, until=2)


def test_a_repeat_is_found_by_its_start_and_its_first_by_the_key(connection: sqlite3.Connection):
    for question in (repeats, long_bills):
        found = plan(connection, question(SPAN, AS_USUAL))
        assert "calls_by_start (started_at>? AND started_at<?)" in found
        assert "sqlite_autoindex_calls_1 (id=?)" in found


def test_operations_are_found_by_their_opening(connection: sqlite3.Connection):
    assert "operations_by_opening (opened_at>? AND opened_at<?)" in plan(connection, spared(SPAN))

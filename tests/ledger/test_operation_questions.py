"""The questions about operations use the indexes that were made for them."""

import sqlite3

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from sidecar.ledger.operation_questions import (
    ALL_UNSETTLED,
    MOVES_OF,
    NAMED,
    NEWEST_OF_KEY,
    TYPICAL_SPEND,
    operations_page,
)
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.statements import rendered


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (ALL_UNSETTLED, "operations_due (holder=?)"),
        (NEWEST_OF_KEY, "operations_by_key (upstream=? AND provider_key=?)"),
        (TYPICAL_SPEND, "operations_alike (upstream=? AND model=? AND kind=? AND outcome=?)"),
        (MOVES_OF, "(operation_id=?)"),
        (NAMED, "(id>? AND id<?)"),
        (operations_page(OperationQuery(), (5, "o"), 10), "operations_by_opening (opened_at<?)"),
        (operations_page(OperationQuery(since=1, until=2), None, 10), "operations_by_opening (opened_at>? AND opened_at<?)"),
    ],
    ids=["unsettled", "key", "alike", "moves", "named", "page", "span"],
)  # fmt: skip
def test_a_question_reads_no_more_than_it_must(connection: sqlite3.Connection, question: ClauseElement, expected: str):
    made = rendered(question)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {made.sql}", made.values)]
    assert expected in plan[0]


def test_a_pattern_is_said_in_each_databases_words():
    page = operations_page(OperationQuery(model="gemini-?_*"), None, 10)
    assert "model GLOB :model_1" in rendered(page).sql
    assert rendered(page).values["model_1"] == "gemini-?_*"
    standard = page.compile(dialect=postgresql.dialect())
    assert " ESCAPE '!'" in standard.string
    assert standard.params["model_1"] == "gemini-_!_%"


def test_open_is_every_state_that_is_not_an_end():
    sql = rendered(operations_page(OperationQuery(state="open"), None, 10)).sql
    assert [state for state in ("opening", "running", "orphaned", "cancelling") if f"'{state}'" not in sql] == []
    assert sql.count("state = '") == 4

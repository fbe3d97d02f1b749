"""Questions about calls and operations are made alike, and each database is given a pattern in its own words."""

from sqlalchemy import select

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.matching import Matches, asked_for, filters_on, page_of
from sidecar.ledger.postgres_statements import POSTGRESQL
from sidecar.ledger.statements import rendered
from sidecar.ledger.tables import CALLS, OPERATIONS

STATEMENT = select(CALLS.c.id).where(Matches(CALLS.c.model, "gpt-[6]*_%?"))


def test_sqlite_globs():
    made = rendered(STATEMENT)
    assert made.sql.endswith("WHERE calls.model GLOB :model_1")
    assert made.values == {"model_1": "gpt-[[]6]*_%?"}


def test_postgresql_likes():
    made = rendered(STATEMENT, POSTGRESQL)
    assert made.sql.endswith("WHERE calls.model LIKE %(model_1)s::VARCHAR ESCAPE '!'")
    assert made.values == {"model_1": "gpt-[6]%!_!%_"}


def test_each_pattern_keeps_its_own_value():
    another = select(CALLS.c.id).where(Matches(CALLS.c.model, "a*"))
    assert [rendered(each).values["model_1"] for each in (STATEMENT, another)] == ["gpt-[[]6]*_%?", "a*"]


def test_a_query_makes_a_condition_of_each_field_that_is_set():
    conditions = asked_for(CallQuery(since=1, until=5, caller="app"), filters_on(CALLS, "started_at"))
    assert [str(condition) for condition in conditions] == [
        "calls.started_at >= :started_at_1", "calls.started_at < :started_at_1", "calls.caller = :caller_1",
    ]  # fmt: skip


def test_a_page_is_the_newest_rows_after_the_place_of_the_last():
    made = rendered(page_of(select(OPERATIONS.c.id), OPERATIONS, "opened_at", (5, "o"), 10))
    where, order = made.sql.split("WHERE ")[1].split(" ORDER BY ")
    assert where == "(operations.opened_at, operations.id) < (:param_1, :param_2)"
    assert order.startswith("operations.opened_at DESC, operations.id DESC")
    assert list(made.values.values())[:3] == [5, "o", 10]


def test_the_first_page_has_no_place_to_begin_after():
    assert "WHERE" not in rendered(page_of(select(OPERATIONS.c.id), OPERATIONS, "opened_at", None, 10)).sql

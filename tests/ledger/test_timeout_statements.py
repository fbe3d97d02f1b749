"""A database finds what is found in memory, whatever the calls are, and without reading more than it must."""

import sqlite3
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import astuple

from sidecar.clock import SECOND
from sidecar.ledger import timeout_statements
from sidecar.ledger.contract import CallQuery, TimeoutReport
from sidecar.ledger.memory import MemoryLedger
from sidecar.ledger.rows import as_row
from sidecar.ledger.schema import bring_up_to_date
from sidecar.ledger.statements import UPSERT_CALL, rendered
from sidecar.ledger.timeout_statements import answers, ask_for_timeouts, departures, overview, repeats
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.ledger.conformance import put_all
from tests.ledger.given import START, open_call
from tests.ledger.postgres_given import PostgresPlaces

moment = st.none() | st.integers(-1, 4).map(lambda number: START + number * SECOND)
fields = st.fixed_dictionaries({
    "model": st.sampled_from("ab"),
    "kind": st.sampled_from(CallKind),
    "started_at": st.just(START) | st.just(START + SECOND),
    "committed_at": st.just(START) | moment,
    "answered_at": moment, "left_at": moment, "finished_at": moment,
    "left_reason": st.sampled_from([None, "fin", "rst", "write_stalled"]),
    "outcome": st.sampled_from([None, *Outcome]).map(lambda outcome: outcome and outcome.value),
    "http_status": st.sampled_from([None, 200, 399, 400, 504]),
    "handed_over": st.sampled_from([None, "whole", "part", "nothing"]),
    "caller_timeout_seconds": st.sampled_from([None, 0.1, 1.0, 2.0]),
    "spend_usd": st.none() | st.decimals(0, 9, places=6),
    "orphaned_usd": st.none() | st.decimals(0, 9, places=6),
    "basis": st.sampled_from([None, "exact", "at_least", "estimated"]),
    "attempt_of": st.sampled_from([None, "c0", "c1", "nobody"]),
})  # fmt: skip
ledgers = st.lists(fields, max_size=30).map(
    lambda each: [open_call(f"c{number}", **known) for number, known in enumerate(each)]
)
QUERIES = [CallQuery(), CallQuery(model="a", until=START + SECOND), CallQuery(orphaned_only=True)]


def in_memory(records: list[CallRecord], query: CallQuery) -> TimeoutReport:
    ledger = MemoryLedger("i")
    for record in records:
        ledger.put(record)
    return ledger.timeouts(query)


@settings(max_examples=300)
@given(records=ledgers, query=st.sampled_from(QUERIES))
def test_a_file_says_the_same_as_memory(records: list[CallRecord], query: CallQuery):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(connection, 0, 1)
    connection.executemany(UPSERT_CALL, [as_row(astuple(record), "i") for record in records])
    found = ask_for_timeouts(query, lambda question: connection.execute(*rendered(question)))
    connection.close()
    assert found == in_memory(records, query)


@pytest.mark.part("postgresql")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=ledgers, query=st.sampled_from(QUERIES))
def test_a_database_says_the_same_as_memory(
    postgres_places: PostgresPlaces, records: list[CallRecord], query: CallQuery
):
    with postgres_places.place() as place:
        put_all(place.open(), *records)
        assert place.reader().timeouts(query) == in_memory(records, query)


def plan(connection: sqlite3.Connection, statement: object) -> str:
    made = rendered(statement)  # type: ignore[arg-type]
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {made.sql}", made.values))


@pytest.mark.parametrize("question", [overview, departures, repeats, answers])
def test_a_span_of_time_reads_only_that(connection: sqlite3.Connection, question):
    found = plan(connection, question(CallQuery(since=START, until=START + SECOND)))
    assert "USING INDEX calls_by_start" in found
    assert "SCAN calls" not in found


def test_the_first_of_a_repeat_is_found_by_its_id(connection: sqlite3.Connection):
    assert "USING INDEX sqlite_autoindex_calls_1 (id=?)" in plan(connection, repeats(CallQuery()))


def test_money_of_any_length_is_summed_to_its_last_digit():
    lost = Decimal("0.00000000000000000000000000012345")
    left = {"left_at": START + SECOND, "left_reason": "rst", "caller_timeout_seconds": 1.0, "outcome": "orphan_cut"}
    calls = [open_call(id, spend_usd=lost, orphaned_usd=lost, **left) for id in "abc"]
    (line,) = in_memory(calls, CallQuery()).lines
    assert line.orphaned_usd == line.estimated_usd == 3 * lost


@pytest.mark.parametrize("most", [0, 1, 100])
def test_of_the_limits_that_ran_out_the_same_is_said_however_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, most: int
):
    monkeypatch.setattr(timeout_statements, "MOST_NAMED", most)
    left = {"left_at": START + SECOND, "left_reason": "rst", "outcome": "orphan_cut", "caller_timeout_seconds": 1.0}
    records = [open_call(id, model=id, **left) for id in "ab"]
    records += [
        open_call(id, model=id, outcome="delivered", caller_timeout_seconds=limit)
        for id, limit in {"c": 1.0, "d": 9.0}.items()
    ]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(connection, 0, 1)
    connection.executemany(UPSERT_CALL, [as_row(astuple(record), "i") for record in records])
    found = ask_for_timeouts(CallQuery(), lambda asked: connection.execute(*rendered(asked)), only_mismatches=True)
    connection.close()
    assert [line.model for line in found.lines] == ["a", "b"]
    assert (found.told, found.untold) == (4, 0)

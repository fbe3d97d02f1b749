"""Every ledger makes the same bill: what is promised one by one, and whatever else calls and operations may be."""

import itertools
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sidecar.clock import SECOND
from sidecar.ledger.bill import Bill
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.ledger.bill_conformance import BillPromises
from tests.ledger.bill_given import Books, in_database, in_file, in_memory
from tests.ledger.foregone_conformance import ForegonePromises
from tests.ledger.given import START, open_call
from tests.ledger.operations_given import operation
from tests.ledger.postgres_given import PostgresPlace, PostgresPlaces


class TestInMemory(BillPromises, ForegonePromises):
    @pytest.fixture
    def books(self) -> Books:
        return in_memory


class TestInAFile(BillPromises, ForegonePromises):
    @pytest.fixture
    def books(self, tmp_path: Path) -> Books:
        names = (tmp_path / f"{number}.db" for number in itertools.count())
        return lambda written, operations: in_file(next(names), written, operations)


@pytest.mark.part("postgresql")
class TestInADatabase(BillPromises, ForegonePromises):
    @pytest.fixture
    def books(self, database: PostgresPlace) -> Books:
        return partial(in_database, database)


moment = st.none() | st.integers(-1, 4).map(lambda number: START + number * SECOND)
usd = (
    st.none()
    | st.sampled_from(["0", "0.00", "0.1", "99.99999999999", "100"]).map(Decimal)
    | st.decimals(0, 10**9, places=15)
)
money = dict.fromkeys(("spend_usd", "orphaned_usd", "avoidable_usd"), usd)
basis = st.sampled_from([None, "exact", "at_least", "estimated"])
begun = st.sampled_from([START - DAY, START, START + SECOND])
name = st.sampled_from([None, "a", "b"])
call = st.fixed_dictionaries({
    "model": st.sampled_from("ab"), "caller": name, "method": name, "kind": st.sampled_from(CallKind), "started_at": begun,
    "committed_at": moment, "left_at": moment, "finished_at": moment, "left_reason": st.sampled_from([None, "fin", "rst"]),
    "outcome": st.sampled_from([None, *Outcome]).map(lambda outcome: outcome and outcome.value),
    "http_status": st.sampled_from([None, 200, 400]), "unpriced_reason": st.sampled_from([None, "no_price"]),
    "basis": basis, "avoidable_basis": basis, "attempt_of": st.sampled_from([None, "c0", "c1", "nobody"]),
    "decision": st.sampled_from([None, "follow", "follow", "hold"]), **money,
})  # fmt: skip
lived = st.fixed_dictionaries({
    "model": st.sampled_from("ab"), "served_model": name, "caller": name, "opened_at": begun, "lapsed_at": moment,
    "gone_reason": name, "ended_at": moment, "claimed_at": moment, "settled_at": moment, "regretted_at": moment,
    "reclaimed_at": moment, "outcome": st.sampled_from([None, "succeeded", "cancelled"]), "basis": basis,
    "state": st.sampled_from(OperationState), "cancel_trigger": st.sampled_from([None, "orphaned", "caller"]),
    "cancel_result": st.sampled_from([None, "confirmed", "would_cancel"]), "avoided_usd": usd,
    "unpriced_reason": st.sampled_from([None, "no_price"]), **money,
})  # fmt: skip


def with_less_avoidable_than_orphaned(known: dict[str, Any]) -> dict[str, Any]:
    return known if known["orphaned_usd"] else known | {"avoidable_usd": known["orphaned_usd"]}


calls = st.lists(call.map(with_less_avoidable_than_orphaned), max_size=12).map(
    lambda each: [open_call(f"c{at}", **known) for at, known in enumerate(each)]
)
operations = st.lists(lived, max_size=8).map(
    lambda each: [operation(f"o{at}", **known) for at, known in enumerate(each)]
)
question = st.sampled_from([
    CallQuery(), CallQuery(model="a"), CallQuery(since=START), CallQuery(until=START + 1, caller="a"),
])  # fmt: skip


def bill_in(
    books: Books,
    first: Sequence[CallRecord],
    later: Sequence[OperationRecord],
    query: CallQuery,
    by: By,
    top: int | None,
) -> Bill:
    return books({"first": first[::2], "second": first[1::2]}, later).bill(query, by, top=top)


@settings(max_examples=150, deadline=None)
@given(first=calls, later=operations, query=question, by=st.sampled_from(By), top=st.sampled_from([None, 1]))
def test_a_file_says_the_same_as_memory(first, later, query, by, top):
    with TemporaryDirectory() as folder:
        found = bill_in(partial(in_file, Path(folder) / "ledger.db"), first, later, query, by, top)
    assert found == bill_in(in_memory, first, later, query, by, top)


@pytest.mark.part("postgresql")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=calls, later=operations, query=question, by=st.sampled_from(By), top=st.sampled_from([None, 1]))
def test_a_database_says_the_same_as_memory(postgres_places: PostgresPlaces, first, later, query, by, top):
    with postgres_places.place() as place:
        found = bill_in(partial(in_database, place), first, later, query, by, top)
    assert found == bill_in(in_memory, first, later, query, by, top)


@settings(max_examples=100)
@given(first=calls, later=operations, query=question, by=st.sampled_from(By), top=st.sampled_from([None, 0, 1, 2]))
def test_lines_and_others_are_the_total_and_all_of_the_orphaned_is_in_the_spend(first, later, query, by, top):
    bill = bill_in(in_memory, first, later, query, by, top)
    parts = [*bill.lines, bill.others]
    for figure in ("calls", "operations", "orphaned", "spend_usd", "orphaned_usd", "avoidable_usd", "saved_usd"):
        assert sum(getattr(part, figure) for part in parts) == getattr(bill.total, figure)

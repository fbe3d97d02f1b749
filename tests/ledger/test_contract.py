"""What holds for every ledger whatever happens to it, and the figures of its health."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sidecar.ledger.contract import CallQuery, LedgerHealth
from sidecar.lifecycle.record import CallRecord
from tests.ledger.conformance import Places
from tests.ledger.given import SOON, file_place, memory_place, open_call, orphaned_call, settled_call
from tests.ledger.postgres_given import PostgresPlaces

every_ledger = pytest.mark.parametrize("places", [memory_place, file_place])

SNAPSHOTS = [open_call, settled_call, orphaned_call, lambda id: open_call(id, model="other")]
moves = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(SNAPSHOTS), st.booleans()), max_size=20)


@every_ledger
@settings(max_examples=40)
@given(moves=moves)
def test_in_any_order_the_first_settled_snapshot_stands_or_else_the_last(places: Places, moves):
    check_which_snapshot_stands(places, moves)


@pytest.mark.part("postgresql")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_in_any_order_the_same_stands_in_a_database(postgres_places: PostgresPlaces, moves):
    check_which_snapshot_stands(postgres_places.place, moves)


def check_which_snapshot_stands(places: Places, moves) -> None:
    expected: dict[str, CallRecord] = {}
    with places() as place:
        ledger = place.open()
        for id, made, flushes in moves:
            ledger.put(made(id))
            if id not in expected or expected[id].outcome is None:
                expected[id] = made(id)
            assert not flushes or ledger.flush(SOON)
        assert ledger.flush(SOON)
        assert {record.id: record for record in place.reader().calls(CallQuery())} == expected


def test_write_errors_are_the_errors_of_writing():
    assert LedgerHealth(errors={"write": 2, "expire": 3}).write_errors == 2
    assert LedgerHealth().write_errors == 0

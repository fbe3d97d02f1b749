from collections.abc import Callable

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.calls import CallFamilies, CallMetrics

Record = Callable[..., CallRecord]
ORPHAN = {"outcome": "orphan_finished", "left_at": 1_790_000_001 * SECOND}


@pytest.fixture
def families() -> CallFamilies:
    return CallFamilies()


@pytest.fixture
def call(families: CallFamilies) -> CallMetrics:
    return CallMetrics(families, "google", "gemini-3-pro", CallKind.STREAM)


def values(families: CallFamilies, name: str) -> dict[tuple[str, ...], object]:
    return {labels[3:]: value for labels, value in vars(families)[name].frozen().children if value}


@pytest.mark.usefixtures("call")
def test_a_model_is_born_with_36_series_all_0(families: CallFamilies):
    named = ("started", "settled", "departures", "returns", "spend", "avoidable", "unpriced", "tokens")
    born = [value for name in named for _, value in vars(families)[name].frozen().children]
    assert born == [0] * 36


def test_the_same_children_are_shared_by_all_who_ask(families: CallFamilies, call: CallMetrics):
    again = CallMetrics(families, "google", "gemini-3-pro", CallKind.STREAM)
    assert again.started is call.started
    assert again.delivered_spend["exact"] is call.delivered_spend["exact"]


def test_an_orphan_is_timed_from_the_leaving_on_with_its_id_as_example(
    families: CallFamilies, call: CallMetrics, record: Record
):
    call.count_time(record("c7", **ORPHAN))
    held = call.orphaned_seconds["orphan_finished"].frozen()
    assert (held.total, sum(held.counts)) == (1.0, 1)
    assert [example.labels for example in held.exemplars.values()] == [{"call_id": "c7"}]


def test_a_lost_call_is_in_no_histogram(call: CallMetrics, record: Record):
    call.count_time(record(outcome="lost", finished_at=None, answered_at=None))
    assert sum(call.duration.frozen().counts) == sum(call.first_byte.frozen().counts) == 0

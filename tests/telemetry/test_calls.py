from collections.abc import Callable
from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.calls import Attachment, CallFamilies, CallMetrics
from sidecar.telemetry.durations import ORPHAN_OUTCOMES
from sidecar.telemetry.series import FrozenDistribution

Record = Callable[..., CallRecord]
TRACE = "0af7651916cd43dd8448eb211c80319c"
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
def test_a_model_is_born_with_44_series_all_0(families: CallFamilies):
    counted = [series.frozen() for series in vars(families).values() if "model" in series.family.labels]
    assert [value for family in counted for _, value in family.children] == [0] * 44


def test_a_model_of_kind_live_is_born_with_one_more_for_who_closes_a_socket(families: CallFamilies):
    live = CallMetrics(families, "google", "gemini-3-live", CallKind.LIVE)
    counted = [series.frozen() for series in vars(families).values() if "model" in series.family.labels]
    assert [value for family in counted for _, value in family.children] == [0] * 45
    assert live.departures.keys() - CallMetrics(families, "google", "m", CallKind.STREAM).departures.keys() == {
        "closed"
    }


@pytest.mark.parametrize(("kind", "via"), [("unary", "half_close"), ("stream", "half_close"), ("live", "resumption")])
def test_a_caller_comes_back_to_its_connection_or_to_its_session(families: CallFamilies, kind: str, via: str):
    assert list(CallMetrics(families, "google", "m", CallKind(kind)).returns) == [via]


@pytest.mark.usefixtures("call")
def test_a_kind_is_born_with_36_more(families: CallFamilies):
    held = [value for series in (families.duration, families.first_byte) for _, value in series.frozen().children]
    buckets = [value.counts for value in held if isinstance(value, FrozenDistribution)]
    assert sum(len(counts) + len(("sum", "count")) for counts in buckets) == 36


def test_every_attachment_is_on_the_page_before_there_is_a_call(families: CallFamilies):
    children = families.in_flight.frozen().children
    assert children == [((str(kind), str(attachment)), 0) for kind in CallKind for attachment in Attachment]


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


@pytest.mark.parametrize(
    ("trace_id", "labels"),
    [(TRACE, {"trace_id": TRACE}), ("", {"call_id": "c7"}), ("0" * 32, {"call_id": "c7"}), ("x\ny", {"call_id": "c7"})],
)
def test_an_example_names_the_trace_where_the_request_named_one(
    call: CallMetrics, record: Record, trace_id: str, labels: dict[str, str]
):
    call.count_time(record("c7", **ORPHAN), trace_id)
    (example,) = call.orphaned_seconds["orphan_finished"].frozen().exemplars.values()
    assert example.labels == labels


def test_an_example_is_as_old_as_its_settling_so_that_it_is_never_older_than_the_one_before(
    call: CallMetrics, record: Record
):
    shelved = record("c7", settled_at=record().started_at + 32 * SECOND, **ORPHAN)
    call.count_time(shelved)
    (example,) = call.orphaned_seconds["orphan_finished"].frozen().exemplars.values()
    assert example.timestamp == shelved.started_at / SECOND + 32


def test_a_rescued_call_did_not_run_for_nobody(call: CallMetrics, record: Record):
    call.count_time(record(**{**ORPHAN, "outcome": "rescued"}))
    assert call.orphaned_seconds.keys() == ORPHAN_OUTCOMES
    assert all(sum(held.frozen().counts) == 0 for held in call.orphaned_seconds.values())


def test_a_rescue_is_counted_with_what_was_counted_as_delivered(call: CallMetrics, record: Record):
    call.count_rescue(record(outcome="rescued"), (0.75, 0.25), is_repeat=False)
    assert (call.rescued["retry"].value, call.rescued_spend.value, call.would_rescue_spend.value) == (1, 0.75, 0)


def test_a_repeat_counts_its_whole_bill_and_is_no_rescue(call: CallMetrics, record: Record):
    call.count_rescue(record(outcome="orphan_cut"), (0.75, 0.25), is_repeat=True)
    assert (call.rescued["retry"].value, call.rescued_spend.value, call.would_rescue_spend.value) == (0, 0, 1)


def test_a_lost_call_is_in_no_histogram(call: CallMetrics, record: Record):
    call.count_time(record(outcome="lost", finished_at=None, answered_at=None))
    assert sum(call.duration.frozen().counts) == sum(call.first_byte.frozen().counts) == 0


def test_what_such_calls_cost_on_average_is_known_from_five_bills_on(call: CallMetrics, record: Record):
    for usd in (1, 2, 3, 4):
        call.count_money(record(spend_usd=Decimal(usd), orphaned_usd=Decimal(1)))
    call.count_money(record(spend_usd=None, unpriced_reason="no_price"))
    assert call.mean_usd() == 0
    call.count_money(record(spend_usd=Decimal(5)))
    assert call.mean_usd() == 3


def test_many_models_under_one_label_have_no_average(families: CallFamilies, record: Record):
    other = CallMetrics(families, "google", "other", CallKind.STREAM)
    for _ in range(9):
        other.count_money(record())
    assert other.mean_usd() == 0

from collections.abc import Callable
from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.calls import CallFamilies, CallMetrics, count_tokens

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


def test_a_bill_is_split_by_fate(families: CallFamilies, call: CallMetrics, record: Record):
    call.count_money(
        record(spend_usd=Decimal(3), orphaned_usd=Decimal(2), avoidable_usd=Decimal("0.5"), basis="at_least")
    )
    assert values(families, "spend") == {("delivered", "at_least"): 1.0, ("orphaned", "at_least"): 2.0}
    assert values(families, "avoidable") == {(): 0.5}


def test_a_call_without_a_bill_is_counted_by_reason_and_never_as_0_usd(
    families: CallFamilies, call: CallMetrics, record: Record
):
    call.count_money(record(spend_usd=None, orphaned_usd=None, avoidable_usd=None, unpriced_reason="no_price"))
    assert values(families, "unpriced") == {("no_price",): 1}
    assert values(families, "spend") == {}


def test_a_call_that_cost_nothing_is_not_unpriced(families: CallFamilies, call: CallMetrics, record: Record):
    call.count_money(record(outcome="refused", spend_usd=None, orphaned_usd=None, avoidable_usd=None))
    assert values(families, "unpriced") == values(families, "spend") == {}


@pytest.mark.parametrize(
    ("spend", "orphaned", "avoidable"),
    [
        ("-1", "0", "0"),
        ("NaN", "0", "0"),
        ("Infinity", "0", "0"),
        ("1", "2", "0"),
        ("1", "0", "0.1"),
        ("1", "NaN", "0"),
    ],
)
def test_amounts_that_do_not_fit_together_are_added_to_no_sum(
    families: CallFamilies, call: CallMetrics, record: Record, spend: str, orphaned: str, avoidable: str
):
    amounts = {"spend_usd": Decimal(spend), "orphaned_usd": Decimal(orphaned), "avoidable_usd": Decimal(avoidable)}
    call.count_money(record(**amounts))
    assert values(families, "unpriced") == {("inconsistent",): 1}
    assert values(families, "spend") == values(families, "avoidable") == {}


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


def test_tokens_are_counted_class_by_class(families: CallFamilies, call: CallMetrics):
    count_tokens(call.orphaned_tokens, (1, 2, 3, 4, 5))
    classes = ("input", "cached_input", "output", "reasoning", "tool_use")
    assert values(families, "tokens") == {("orphaned", name): n for name, n in zip(classes, range(1, 6), strict=True)}


def test_a_count_below_0_is_not_taken_from_the_sum(families: CallFamilies, call: CallMetrics):
    count_tokens(call.delivered_tokens, (-1, 0, 7, 0, 0))
    assert values(families, "tokens") == {("delivered", "output"): 7}

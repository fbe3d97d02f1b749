from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.telemetry.calls import CallFamilies
from sidecar.telemetry.operations import OperationFamilies, OperationMetrics

Operation = Callable[..., OperationRecord]
TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_790_000_000 * SECOND


@pytest.fixture
def shared() -> CallFamilies:
    return CallFamilies()


@pytest.fixture
def families() -> OperationFamilies:
    return OperationFamilies()


@pytest.fixture
def metrics(families: OperationFamilies, shared: CallFamilies) -> OperationMetrics:
    return OperationMetrics(families, shared, "openai", "gpt-6", OperationKind.BATCH)


def values(families: object, name: str) -> dict[tuple[str, ...], object]:
    return {labels[3:]: value for labels, value in vars(families)[name].frozen().children if value}


def test_a_model_is_born_with_48_series_all_0(
    families: OperationFamilies, shared: CallFamilies, metrics: OperationMetrics
):
    own = ("opened", "settled", "reclaimed", "avoided", "regretted", "cancel_requests")
    with_calls = ("departures", "returns", "spend", "avoidable", "unpriced", "tokens")
    born = [value for name in own for _, value in vars(families)[name].frozen().children]
    born += [value for name in with_calls for _, value in vars(shared)[name].frozen().children]
    assert born == [0] * 48
    assert metrics.kind is OperationKind.BATCH


def test_every_kind_and_state_is_born_at_0(families: OperationFamilies):
    children = dict(families.open.frozen().children)
    assert len(children) == 40
    assert set(children.values()) == {0}


def test_an_end_is_counted_with_its_bill(
    families: OperationFamilies, shared: CallFamilies, metrics: OperationMetrics, operation: Operation
):
    metrics.count_settled(
        operation(
            outcome="cancelled", spend_usd=Decimal(2), orphaned_usd=Decimal(2), avoidable_usd=Decimal("0.5"),
            avoided_usd=Decimal(3), basis="exact", cancel_result="confirmed", lapsed_at=START, ended_at=START + 70 * SECOND,
        )
    )  # fmt: skip
    assert values(families, "settled") == {("cancelled",): 1}
    assert values(shared, "spend") == {("orphaned", "exact"): 2.0}
    assert values(shared, "avoidable") == {(): 0.5}
    assert values(families, "avoided") == {(): 3.0}
    assert (metrics.cancel_seconds.frozen().total, sum(metrics.cancel_seconds.frozen().counts)) == (70.0, 1)


def test_the_example_of_a_cancel_names_the_operation_or_the_trace_of_the_request_that_opened_it(
    metrics: OperationMetrics, operation: Operation
):
    stopped: dict[str, Any] = {
        "outcome": "cancelled", "cancel_result": "confirmed", "lapsed_at": START, "ended_at": START + 7 * SECOND,
        "settled_at": START + 127 * SECOND,
    }  # fmt: skip
    traced = f"00-{TRACE}-b7ad6b7169203331-01 vendor=x"
    for trace, labels in ((None, {"operation_id": "o1"}), (traced, {"trace_id": TRACE})):
        metrics.count_settled(operation(**stopped, trace=trace))
        (example,) = metrics.cancel_seconds.frozen().exemplars.values()
        assert (example.labels, example.value, example.timestamp) == (labels, 7.0, START / SECOND + 127)


def test_an_end_that_no_cancel_brought_is_not_timed_as_one(metrics: OperationMetrics, operation: Operation):
    metrics.count_settled(operation(outcome="succeeded", lapsed_at=START, ended_at=START + SECOND))
    metrics.count_settled(operation(outcome="cancelled", cancel_result="confirmed", ended_at=START + SECOND))
    assert sum(metrics.cancel_seconds.frozen().counts) == 0


@pytest.mark.parametrize("usd", ["NaN", "sNaN", "Infinity", "-1", "1e400"])
def test_an_amount_that_is_none_is_in_no_sum(
    families: OperationFamilies, metrics: OperationMetrics, operation: Operation, usd: str
):
    metrics.count_settled(operation(outcome="cancelled", avoided_usd=Decimal(usd)))
    assert values(families, "avoided") == {}


def bill(operation: Operation, usd: int, **fields: object) -> OperationRecord:
    return operation(**({"outcome": "succeeded", "spend_usd": Decimal(usd), "basis": "exact"} | fields))


def test_a_typical_bill_is_told_by_natural_ends_alone(metrics: OperationMetrics, operation: Operation):
    for usd in (5, 4, 3, 2):
        metrics.count_settled(bill(operation, usd))
    metrics.count_settled(bill(operation, 1, outcome="cancelled"))
    metrics.count_settled(bill(operation, 1, basis="estimated"))
    metrics.count_settled(bill(operation, 1, spend_usd=None))
    assert metrics.typical_usd() == 0
    metrics.count_settled(bill(operation, 6))
    assert metrics.typical_usd() == 3.0


def test_what_the_ledger_remembers_counts_until_more_was_seen_here(metrics: OperationMetrics, operation: Operation):
    metrics.remember([Decimal(7)] * 5)
    assert metrics.typical_usd() == 7.0
    metrics.remember([Decimal(1)] * 4)
    assert metrics.typical_usd() == 7.0


def test_many_models_under_one_label_have_no_typical_bill(families: OperationFamilies, shared: CallFamilies):
    other = OperationMetrics(families, shared, "openai", "other", OperationKind.BATCH)
    other.remember([Decimal(7)] * 5)
    assert other.typical_usd() == 0

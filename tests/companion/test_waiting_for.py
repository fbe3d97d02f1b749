from decimal import Decimal

import pytest

from sidecar.companion.waiting_for import Orphan, Typical, is_awaited, is_left_running
from sidecar.lifecycle.operation import OperationKind as K, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord


def operation(kind: K = K.BACKGROUND, state: S = S.ORPHANED, **fields: object) -> OperationRecord:
    record = OperationRecord(
        id="o1", upstream="openai", provider="openai", dialect="openai", method="responses", kind=kind, model="gpt-5-mini",
        opened_at=0, path="/v1/responses", state=state, lease_seconds=60, renewed_at=0, due_at=0,
    )  # fmt: skip
    for name, value in fields.items():
        setattr(record, name, value)
    return record


@pytest.mark.parametrize(
    ("kind", "state", "is_waited_for"),
    [
        (K.BACKGROUND, S.RUNNING, True), (K.LRO, S.ORPHANED, True), (K.BATCH, S.ORPHANED, False), (K.TUNING, S.RUNNING, False),
        (K.BATCH, S.CANCELLING, True), (K.BATCH, S.SUCCEEDED, True), (K.BACKGROUND, S.CANCELLED, True),
        (K.BACKGROUND, S.OPENING, False),
    ],
)  # fmt: skip
def test_minutes_are_waited_for_and_hours_are_not(kind: K, state: S, is_waited_for: bool) -> None:
    assert is_awaited(operation(kind, state), is_watched=True) is is_waited_for


def test_what_was_meant_to_outlive_its_caller_is_not_waited_for() -> None:
    assert not is_awaited(operation(is_detached=True), is_watched=True)
    assert not is_awaited(operation(is_lease_asked=True), is_watched=True)


def test_what_nobody_asks_about_or_has_settled_is_not_waited_for() -> None:
    assert not is_awaited(operation(), is_watched=False)
    assert not is_awaited(operation(state=S.SUCCEEDED, settled_at=1), is_watched=True)


def test_left_running_is_what_had_no_end() -> None:
    assert is_left_running(operation(K.BATCH, S.RUNNING))
    assert is_left_running(operation(state=S.CANCELLING))
    assert not is_left_running(operation(state=S.SUCCEEDED))
    assert not is_left_running(operation(state=S.ABANDONED, settled_at=1))


def test_rest_and_money_are_told_by_the_likes_of_it() -> None:
    typical = Typical(10.0, Decimal("0.5"))
    assert typical.rest_seconds(4.0) == 6.0
    assert typical.rest_seconds(10.0) is None
    assert typical.usd_after(4.0) == Decimal("0.2")
    assert typical.usd_after(40.0) == Decimal("0.5")


def test_nothing_is_known__then_nothing_is_told() -> None:
    assert Typical().rest_seconds(1.0) is None
    assert Typical(10.0).usd_after(1.0) is None
    assert Typical(0.0, Decimal(1)).usd_after(1.0) is not None


def test_being_cancelled_is_told_by_the_state() -> None:
    orphan = Orphan(upstream="openai", model="m", kind="background", state=S.CANCELLING, seconds=1.0)
    assert orphan.is_being_cancelled
    assert not Orphan(upstream="openai", model="m", kind="unary", seconds=1.0).is_being_cancelled

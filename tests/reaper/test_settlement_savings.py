"""What an instant stop would have saved, and what our cancel did save."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OperationKind as Kind, OperationState as State
from sidecar.metering.basis import Basis
from sidecar.providers.contract import Reported
from tests.reaper.settled import ASKED, LAPSED, MICRO, OURS, START, THEIRS, USED, WHOLE, an_operation, settled


@pytest.mark.parametrize(
    ("kind", "fields", "avoidable"),
    [
        (Kind.BACKGROUND, LAPSED, 30),
        (Kind.LRO, LAPSED, 30),
        (Kind.BATCH, LAPSED, 50),
        (Kind.TUNING, LAPSED, 50),
        (Kind.BATCH, {}, 0),
        (Kind.BACKGROUND, {}, 0),
        (Kind.BATCH, {"lapsed_at": START + 100 * SECOND}, 0),
        (Kind.BATCH, LAPSED | {"ended_at": None}, 0),
        (Kind.BACKGROUND, LAPSED | {"ended_at": None}, 0),
        (Kind.BATCH, {"lapsed_at": START - SECOND}, 100),
    ],
)
def test_avoidable_is_what_accrued_after_the_caller_was_gone(kind: Kind, fields: dict[str, Any], avoidable: int):
    row = settled(an_operation(kind=kind, **fields))
    assert row.orphaned_usd == WHOLE
    assert row.avoidable_usd == avoidable * MICRO


TYPICAL = [MICRO * cost for cost in (150, 400, 300, 900, 200)]


@pytest.mark.parametrize(
    ("state", "facts", "typical", "avoided"),
    [
        (State.CANCELLED, OURS, TYPICAL, 100),
        (State.CANCELLED, ASKED, TYPICAL, 100),
        (State.CANCELLED, OURS, [MICRO * 10] * 5, 0),
        (State.CANCELLED, OURS, TYPICAL[:4], None),
        (State.CANCELLED, OURS, [], None),
        (State.CANCELLED, THEIRS, TYPICAL, None),
        (State.CANCELLED, OURS | {"cancel_result": "unconfirmed"}, TYPICAL, None),
        (State.CANCELLED, OURS | {"cancel_result": None}, TYPICAL, None),
        (State.SUCCEEDED, OURS | {"cancel_result": "too_late"}, TYPICAL, None),
        (State.SUCCEEDED, OURS, TYPICAL, None),
        (State.CANCELLED, {}, TYPICAL, None),
    ],
)
def test_avoided_is_claimed_only_for_a_confirmed_cancel_of_ours(
    state: State, facts: dict[str, Any], typical: list[Decimal], avoided: int | None
):
    row = settled(an_operation(state, **facts), typical=typical)
    assert row.avoided_usd == (None if avoided is None else avoided * MICRO)
    assert row.spend_usd == WHOLE


@pytest.mark.parametrize("reported", [None, Reported(USED.usage, basis=Basis.AT_LEAST, reason="counted_deltas")])
def test_avoided_of_a_bill_that_is_not_known__unknown(reported: Reported | None):
    assert settled(an_operation(State.CANCELLED, **OURS), reported, typical=TYPICAL).avoided_usd is None

import json
from decimal import Decimal
from typing import Any

from sidecar.clock import SECOND, SystemClock
from sidecar.companion.places import TROUBLE
from sidecar.companion.tally import Tally, TallyingLog
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.log import open_log

BEGAN = 1_000 * SECOND


def call(outcome: Outcome, spend: str | None = "0.5", orphaned: str = "0", **fields: Any) -> CallRecord:
    given = {"started_at": BEGAN, "basis": "exact", "spend_usd": None if spend is None else Decimal(spend), **fields}
    return CallRecord(
        id="c1", upstream="gemini", provider="gemini", dialect="gemini", model="gemini-2.5-pro", kind=CallKind.UNARY,
        outcome=outcome, orphaned_usd=Decimal(orphaned), avoidable_usd=Decimal(orphaned) / 2, **given,
    )  # fmt: skip


def operation(**fields: Any) -> OperationRecord:
    given = {
        "opened_at": BEGAN,
        "state": OperationState.CANCELLED,
        "outcome": "cancelled",
        "settled_at": BEGAN,
        **fields,
    }
    return OperationRecord(
        id="o1", upstream="openai", provider="openai", dialect="openai", method="responses", model="gpt-5-mini",
        kind=OperationKind.BACKGROUND, path="/v1/responses", lease_seconds=60, renewed_at=BEGAN, due_at=BEGAN, **given,
    )  # fmt: skip


def test_money_and_outcomes_add_up_exactly() -> None:
    tally = Tally(BEGAN)
    tally.call(call(Outcome.DELIVERED, "0.1"))
    tally.call(call(Outcome.ORPHAN_FINISHED, "0.2", "0.2", left_at=BEGAN, finished_at=BEGAN + 3 * SECOND))
    assert dict(tally.calls) == {Outcome.DELIVERED: 1, Outcome.ORPHAN_FINISHED: 1}
    assert (tally.spend_usd, tally.orphaned_usd, tally.avoidable_usd) == (
        Decimal("0.3"),
        Decimal("0.2"),
        Decimal("0.1"),
    )
    assert (tally.orphaned, tally.longest_seconds, tally.went_on) == (1, 3.0, 1)
    assert not tally.is_estimated


def test_calls_of_an_earlier_sidecar_are_nobodys_business_here() -> None:
    tally = Tally(BEGAN)
    tally.call(call(Outcome.LOST, started_at=BEGAN - 1))
    tally.operation(operation(opened_at=BEGAN - 1))
    assert not tally.calls
    assert not tally.operations


def test_estimates_are_remembered_where_they_are() -> None:
    tally = Tally(BEGAN)
    tally.call(call(Outcome.DELIVERED, basis="estimated"))
    assert (tally.is_estimated, tally.is_orphaned_estimated) == (True, False)
    tally.call(call(Outcome.ORPHAN_CUT, orphaned="0.5", basis="estimated", decision_reason="provider_stops"))
    assert tally.is_orphaned_estimated
    assert tally.is_avoidable_estimated


def test_cut_by_our_end_is_told_from_cut_for_good_reason() -> None:
    tally = Tally(BEGAN)
    tally.call(call(Outcome.ORPHAN_CUT, decision_reason="drain"))
    tally.call(call(Outcome.ORPHAN_CUT, decision_reason="provider_stops"))
    assert (tally.cut_by_us, tally.stopped, tally.orphaned) == (1, 1, 2)
    assert tally.longest_seconds is None, "nobody saw for how long"


def test_no_price_is_not_nothing() -> None:
    tally = Tally(BEGAN)
    tally.call(call(Outcome.DELIVERED, None, unpriced_reason="no_price"))
    assert tally.unpriced == 1
    assert tally.spend_usd == 0


def test_operations_say_what_was_avoided_and_would_have_been() -> None:
    tally = Tally(BEGAN)
    ended = {"lapsed_at": BEGAN, "ended_at": BEGAN + SECOND}
    tally.operation(operation(cancel_result="confirmed", avoided_usd=Decimal("0.7"), **ended))
    tally.operation(operation(cancel_result="would_cancel"))
    assert (tally.avoided_usd, tally.confirmed_seconds, tally.would_cancel) == (Decimal("0.7"), 1.0, 1)
    tally.call(call(Outcome.RESCUED, "0.4"))
    assert tally.rescued_usd == Decimal("0.4")


class Kept:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: memoryview, /) -> int | None:
        self.data += bytes(data)
        return len(data)


def test_log_is_written_as_ever__and_added_up() -> None:
    tally, kept = Tally(BEGAN), Kept()
    log = TallyingLog(open_log(SystemClock(), "info", "json", kept), tally)
    log.call_settled(call(Outcome.DELIVERED, settled_at=BEGAN))
    log.operation_settled(operation())
    log.events.error("reaper_fault")
    log.close()
    assert [json.loads(line)["event"] for line in kept.data.splitlines()] == [
        "call_settled",
        "operation_settled",
        "reaper_fault",
    ]
    assert TROUBLE in kept.data
    assert (tally.calls.total(), tally.operations.total()) == (1, 1)


def test_quiet_log_is_added_up_all_the_same() -> None:
    tally, kept = Tally(BEGAN), Kept()
    log = TallyingLog(open_log(SystemClock(), "error", "json", kept), tally)
    log.call_settled(call(Outcome.DELIVERED, settled_at=BEGAN))
    log.close()
    assert kept.data == b""
    assert tally.calls.total() == 1

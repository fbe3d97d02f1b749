"""The last line of the log says what the page says at that moment."""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.operation import GoneReason
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.totals import totals_of

Page = dict[str, list[tuple[dict[str, str], float]]]
AMOUNTS = ("avoidable", "rescued", "would_rescue", "reclaimed", "avoided", "regretted")


@pytest.fixture
def busy(recorder: Recorder, record: Callable[..., CallRecord], operation: Callable[..., OperationRecord]) -> Recorder:
    """A recorder with calls and operations of every fate, at prices that no float can hold."""
    tenth = {"spend_usd": Decimal("0.1"), "orphaned_usd": Decimal(0)}
    orphaned = {"spend_usd": Decimal("0.7"), "orphaned_usd": Decimal("0.3"), "avoidable_usd": Decimal("0.000000075")}
    for number, model in enumerate("abcabc"):
        recorder.settled(recorder.admitted("google", model, CallKind.STREAM), record(f"d{number}", **tenth))
    for outcome, money in (("orphan_finished", orphaned), ("rescued", tenth)):
        call = recorder.admitted("google", "a", CallKind.UNARY)
        recorder.would_rescue(call, outcome)
        recorder.left(call, outcome, LeftReason.FIN, record().started_at)
        recorder.settled(call, record(outcome, outcome=outcome, left_at=record().started_at + SECOND, **money))
    call = recorder.admitted("google", "a", CallKind.UNARY)
    recorder.settled(call, record("u1", spend_usd=None, unpriced_reason="no_price"))
    recorder.admitted("google", "a", CallKind.STREAM)
    for id in ("o1", "o2"):
        recorder.operations.opened(operation(id))
    recorder.operations.departed(operation("o1", lapsed_at=1), GoneReason.LEASE_LAPSED)
    ended = operation("o1", outcome="cancelled", basis="exact", avoided_usd=Decimal("1.1"), **orphaned)
    recorder.operations.settled(ended)
    recorder.operations.reclaimed(ended)
    recorder.operations.regretted(ended)
    return recorder


def test_the_final_totals_are_those_of_the_page(busy: Recorder, read: Callable[..., Page]):
    last = busy.page()
    page, totals = read(last), totals_of(last.families)

    def by(name: str, label: str) -> dict[str, float]:
        sums: Counter[str] = Counter()
        for labels, value in page[name]:
            sums[labels[label]] += value  # type: ignore[assignment]
        return {text: value for text, value in sums.items() if value}

    def total(name: str) -> float:
        return sum(value for _, value in page[name])

    money: Any = totals["spend_usd"]
    assert totals["calls"] == by("calls_settled_total", "outcome")
    assert totals["operations"] == by("operations_settled_total", "outcome")
    assert totals["unpriced"] == by("unpriced_total", "reason")
    assert totals["calls_in_flight"] == total("calls_in_flight")
    assert totals["operations_open"] == total("operations_open")
    assert {fate: float(usd) for fate, usd in money.items()} == pytest.approx(by("spend_usd_total", "fate"), abs=1e-9)
    shown = {name: float(str(totals[f"{name}_usd"])) for name in AMOUNTS}
    assert shown == pytest.approx({name: total(f"{name}_spend_usd_total") for name in AMOUNTS}, abs=1e-9)


def test_the_final_totals_are_plain_figures(busy: Recorder):
    assert totals_of(busy.page().families) == {
        "calls": {"delivered": 7, "orphan_finished": 1, "rescued": 1},
        "calls_in_flight": 1,
        "operations": {"cancelled": 1},
        "operations_open": 1,
        "spend_usd": {"delivered": "1.5", "orphaned": "0.6"},
        "avoidable_usd": "0.00000015",
        "rescued_usd": "0.1",
        "would_rescue_usd": "0.8",
        "reclaimed_usd": "0.3",
        "avoided_usd": "1.1",
        "regretted_usd": "0.7",
        "unpriced": {"no_price": 1},
    }


def test_the_totals_of_a_sidecar_that_saw_nothing_are_0(recorder: Recorder):
    totals = totals_of(recorder.page().families)
    assert (totals["calls"], totals["operations"], totals["unpriced"]) == ({}, {}, {})
    assert totals["spend_usd"] == {"delivered": "0", "orphaned": "0"}


def test_the_totals_fit_into_a_line_of_json(busy: Recorder):
    totals = totals_of(busy.page().families)
    assert json.loads(json.dumps(totals)) == totals

"""The identities of DESIGN 4.5, on the page a scraper reads, after any history that the call machine allows."""

from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import Phase, given, settings, strategies as st

from sidecar.errors import IllegalEvent
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.call import Call, Outcome
from sidecar.lifecycle.events import (
    DownstreamLeft,
    DownstreamTookReply,
    Event,
    LeftReason,
    ReplyAborted,
    ReplyFinished,
    ReplyStarted,
    RequestReceived,
    UpstreamAnswered,
    UpstreamCommitted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
)
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.recorder import Recorder

PLAIN = [
    RequestReceived, ReplyStarted, ReplyFinished, ReplyAborted, UpstreamCommitted, UpstreamFinished, UpstreamFailed,
    UpstreamCut, DownstreamTookReply,
]  # fmt: skip
LEFT = [LeftReason.FIN, LeftReason.RST, LeftReason.WRITE_STALLED]
GONE_WITH_THE_CALLER = ("left_early", "undelivered", "orphan_finished", "orphan_cut", "orphan_failed", "lost")
MAYBE_AFTER_LEAVING = ("cut_short", "upstream_failed")


class Settle(msgspec.Struct, frozen=True):
    """The end of a call that has an outcome: spend in cents, orphaned and avoidable as a share of what contains them."""

    cents: int
    orphaned: int
    avoidable: int


EVENTS: list[Event] = [
    *(kind(1) for kind in PLAIN),
    *(DownstreamLeft(1, reason) for reason in LEFT),
    *(UpstreamAnswered(1, status) for status in (200, 429, 503)),
]
shares = st.integers(0, 100)
histories = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1000), st.builds(Settle, shares, shares, shares)),
    min_size=60,
    max_size=120,
)
"""Which call moves, which of the steps open to it is taken, and how it settles if that is the step."""
MODELS = ("a", "b", "c")


def is_legal(call: Call, event: Event) -> bool:
    if call.left_before_sent and isinstance(event, DownstreamTookReply):
        return False  # the proxy cuts such a call at once: there is no reply to take
    try:
        copy(call).receive(event)
    except IllegalEvent:
        return False
    return True


class Driver:
    """Runs calls through the machine and tells the recorder as the proxy would."""

    def __init__(self, log: Any) -> None:
        self.recorder = Recorder("1", log, LedgerHealth, model_limit=2)
        self.open: dict[int, tuple[str, Call, Any]] = {}
        self.logged: list[CallRecord] = log.records
        self.after_leaving = 0

    def take(self, slot: int, choice: int, ending: Settle) -> None:
        """Take one of the steps that are open to the call in `slot`; a new call is admitted there if there is none."""
        if slot not in self.open:
            name = f"c{len(self.logged)}-{slot}"
            kind = CallKind.STREAM if slot % 2 else CallKind.UNARY
            self.open[slot] = (name, Call(), self.recorder.admitted("google", MODELS[slot % 3], kind))
        call = self.open[slot][1]
        steps: list[Event | Settle] = [event for event in EVENTS if is_legal(call, event)]
        steps += [ending] * (len(steps) + 1) if call.outcome else []
        step = steps[choice % len(steps)]
        self.settle(slot, step) if isinstance(step, Settle) else self.receive(slot, step)

    def receive(self, slot: int, event: Event) -> None:
        name, call, metrics = self.open[slot]
        call.receive(event)
        if isinstance(event, DownstreamLeft):
            self.recorder.left(metrics, name, event.reason, event.at)
        elif isinstance(event, DownstreamTookReply):
            self.recorder.returned(metrics, name, "half_close")

    def settle(self, slot: int, step: Settle) -> None:
        name, call, metrics = self.open[slot]
        spend = Decimal(step.cents) / 100
        orphaned = spend * step.orphaned / 100
        del self.open[slot]
        self.after_leaving += call.left_at is not None and call.outcome in MAYBE_AFTER_LEAVING
        self.recorder.settled(metrics, self.record(name, call, spend, orphaned, orphaned * step.avoidable / 100))

    def record(self, name: str, call: Call, spend: Decimal, orphaned: Decimal, avoidable: Decimal) -> CallRecord:
        return CallRecord(
            id=name, upstream="u", provider="google", dialect="gemini", model="m", kind=CallKind.UNARY, started_at=1,
            left_at=call.left_at, finished_at=call.finished_at, settled_at=2, outcome=call.outcome,
            spend_usd=spend, orphaned_usd=orphaned, avoidable_usd=avoidable, basis="exact",
        )  # fmt: skip


@settings(
    max_examples=80, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)  # shrinking takes minutes
@given(histories, st.integers(0, 3))
def test_every_page_adds_up(
    read: Callable[..., dict[str, list[tuple[dict[str, str], float]]]],
    new_log: Callable[[], Any],
    history: list[tuple[int, int, Settle]],
    lost: int,
):
    driver = Driver(new_log())
    driver.recorder.lost(a_lost_call(number) for number in range(lost))
    for slot, choice, ending in history:
        driver.take(slot, choice, ending)
    page = read(driver.recorder.page())

    def total(name: str, **labels: str) -> float:
        return sum(value for had, value in page.get(name, []) if labels.items() <= had.items())

    settled = {outcome: total("calls_settled_total", outcome=outcome) for outcome in Outcome}
    in_flight = total("calls_in_flight")
    assert in_flight == len(driver.open)
    assert total("calls_started_total") == total("calls_settled_total") + in_flight
    assert sum(settled.values()) == total("calls_settled_total") == len(driver.logged)
    assert total("departures_total") == (
        sum(settled[outcome] for outcome in map(Outcome, GONE_WITH_THE_CALLER))
        + driver.after_leaving
        + total("calls_in_flight", attachment="orphaned")
        + total("returns_total")
    )
    assert 0 <= driver.after_leaving <= settled[Outcome.CUT_SHORT] + settled[Outcome.UPSTREAM_FAILED]
    spent = float(sum((record.spend_usd or 0 for record in driver.logged), Decimal(0)))
    assert abs(total("spend_usd_total", fate="delivered") + total("spend_usd_total", fate="orphaned") - spent) < 1e-6
    assert total("avoidable_spend_usd_total") <= total("spend_usd_total", fate="orphaned") + 1e-9
    assert total("unpriced_total", reason="inconsistent") == 0


def a_lost_call(number: int) -> CallRecord:
    return CallRecord(
        id=f"lost{number}", upstream="u", provider="google", dialect="gemini", model="a", kind=CallKind.UNARY,
        started_at=1, settled_at=2, outcome="lost", unpriced_reason="lost",
    )  # fmt: skip

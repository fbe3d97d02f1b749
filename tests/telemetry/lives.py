"""Lives of calls, as the call machine allows them and as the proxy reports them: left, shelved, taken, let go, rescued."""

from collections.abc import Callable
from copy import copy
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from sidecar.clock import SECOND
from sidecar.errors import IllegalEvent
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.call import Call, Outcome, Upstream
from sidecar.lifecycle.events import (
    AnswerTaken,
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
    UpstreamJoined,
)
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.lifecycle.rescue import Offer, Turn, after
from sidecar.telemetry.calls import Attachment, CallMetrics
from sidecar.telemetry.recorder import Recorder

PLAIN = [
    RequestReceived, ReplyStarted, ReplyFinished, ReplyAborted, UpstreamCommitted, UpstreamFinished, UpstreamFailed,
    UpstreamCut, DownstreamTookReply,
]  # fmt: skip
PROGRESS: list[Callable[[int], Event]] = [
    RequestReceived, UpstreamCommitted, partial(UpstreamAnswered, status=200), UpstreamFinished,
]  # fmt: skip
LEFT = [LeftReason.FIN, LeftReason.RST, LeftReason.WRITE_STALLED]
EVENTS: list[Callable[[int], Event]] = [
    *PLAIN,
    *(partial(DownstreamLeft, reason=reason) for reason in LEFT),
    *(partial(UpstreamAnswered, status=status) for status in (200, 429, 503)),
    *PROGRESS * 4,
]
"""What may happen to a call, what leads to an answer more often than the rest."""
MODELS = ("a", "b", "c")
KINDS = tuple(CallKind)
MAYBE_AFTER_LEAVING = (Outcome.CUT_SHORT, Outcome.UPSTREAM_FAILED)
GIVES_AN_ANSWER = (Upstream.COMMITTED, Upstream.ANSWERING, Upstream.FINISHED)
IS_TAKEN = (Offer.TAKEN, Offer.TAKEN_LAST)


class Bill(msgspec.Struct, frozen=True):
    """How a call settles: spend in cents, orphaned and avoidable as a share of what contains them.

    `spoiled` stands in place of the spend: no amount at all, as only a fault of ours could make it.
    """

    cents: int
    orphaned: int
    avoidable: int
    spoiled: str = ""


class Life(msgspec.Struct):
    """One call that has not settled, and what of it the recorder should know."""

    id: str
    kind: CallKind
    metrics: CallMetrics
    call: Call
    attachment: Attachment = Attachment.ATTACHED
    orphaned_at: int | None = None
    is_repeat: bool = False
    offer: Offer | None = None
    retry: "Life | None" = None

    @property
    def has_left(self) -> bool:
        return self.call.left_at is not None


class Lives:
    """Runs calls through the machine and tells the recorder as the proxy would."""

    def __init__(self, log: Any) -> None:
        self.recorder = Recorder("1", log, LedgerHealth, model_limit=2)
        self.slots: dict[int, Life] = {}
        self.logged: list[CallRecord] = log.records
        self.left_and_broken = 0
        self.repeats: list[CallRecord] = []
        self.asked_again = 0
        self.spoiled = 0
        self.now = 0
        self.born = 0

    def open(self) -> list[Life]:
        """Every call that has not settled, retries included."""
        return [life for first in self.slots.values() for life in (first, first.retry) if life is not None]

    def take(self, slot: int, choice: int, bill: Bill) -> None:
        """Take one of the steps that are open to the call in `slot`; a new call is admitted there if there is none."""
        self.now += SECOND
        if slot not in self.slots:
            self.slots[slot] = self.admit(KINDS[slot // 2 % 3], MODELS[slot % 3])
        steps = self.steps(slot, bill)
        steps[choice % len(steps)]()

    def steps(self, slot: int, bill: Bill) -> list[Callable[[], object]]:
        life = self.slots[slot]
        call, is_taken = life.call, life.offer in IS_TAKEN
        events = [make(self.now) for make in EVENTS]
        steps: list[Callable[[], object]] = [
            partial(self.receive, life, event) for event in events if is_possible(life, event)
        ]
        if call.outcome is not None and not is_taken:
            steps += [partial(self.settle_slot, slot, bill)] * (len(steps) + 1)
        if life.offer is Offer.OPEN:
            steps += [partial(self.retry_comes, life)] * (len(steps) + 1)
            if call.upstream is Upstream.FINISHED and life.attachment is Attachment.ORPHANED:
                steps += [partial(self.shelve, life)] * len(steps)
        if is_taken:
            steps.append(partial(self.retry_leaves, life))
            if call.upstream in (Upstream.ANSWERING, Upstream.FINISHED):
                steps += [partial(self.answer_arrives, life)] * 2
        if not life.has_left and not life.is_repeat:
            steps.append(partial(self.ask_again, life))
        return steps

    # === the steps ===

    def admit(self, kind: CallKind, model: str) -> Life:
        self.born += 1
        return Life(f"c{self.born}", kind, self.recorder.admitted("google", model, kind), Call())

    def ask_again(self, life: Life) -> None:
        life.is_repeat = True
        self.asked_again += 1
        self.recorder.would_rescue(life.metrics, life.id)

    def receive(self, life: Life, event: Event) -> None:
        life.call.receive(event)
        if isinstance(event, DownstreamLeft):
            self.recorder.left(life.metrics, life.id, event.reason, event.at)
            self.stand(life, Attachment.ORPHANED)
            life.offer = Offer.OPEN if life.call.upstream in GIVES_AN_ANSWER else None
        elif isinstance(event, DownstreamTookReply):
            self.recorder.returned(life.metrics, life.id, "half_close")
            self.stand(life, Attachment.ATTACHED)
            life.offer = None
        elif isinstance(event, UpstreamFailed | UpstreamCut) and life.offer not in (None, Offer.HANDED_OVER):
            self.withdraw(life)

    def shelve(self, life: Life) -> None:
        self.recorder.shelved(life.metrics, life.id)
        self.stand(life, Attachment.SHELVED)

    def retry_comes(self, life: Life) -> None:
        retry = life.retry = self.admit(life.kind, "a")
        retry.call.receive(RequestReceived(self.now))
        retry.call.receive(UpstreamJoined(self.now))
        self.turn(life, Turn.RETRY_CAME)
        self.recorder.taken(life.metrics, life.id)
        self.stand(life, Attachment.ATTACHED)

    def retry_leaves(self, life: Life) -> None:
        retry = self.retry_of(life)
        self.receive(retry, DownstreamLeft(self.now, LeftReason.FIN))
        self.settle(retry, Bill(0, 0, 0))
        self.turn(life, Turn.RETRY_LEFT)
        self.recorder.let_go(life.metrics, life.id, self.now)
        self.stand(life, Attachment.ORPHANED)

    def answer_arrives(self, life: Life) -> None:
        retry = self.retry_of(life)
        assert life.call.status is not None
        retry.call.receive(UpstreamAnswered(self.now, life.call.status))
        self.answer(retry)
        life.call.receive(AnswerTaken(self.now))
        self.turn(life, Turn.ARRIVED)

    def withdraw(self, life: Life) -> None:
        if life.retry is not None:
            retry = self.retry_of(life)
            retry.call.receive(UpstreamFailed(self.now))
            self.answer(retry)
        self.turn(life, Turn.ENDED)

    def answer(self, retry: Life) -> None:
        retry.call.receive(ReplyStarted(self.now))
        retry.call.receive(ReplyFinished(self.now))
        self.settle(retry, Bill(0, 0, 0))

    def settle_slot(self, slot: int, bill: Bill) -> None:
        self.settle(self.slots.pop(slot), bill)

    def settle(self, life: Life, bill: Bill) -> None:
        record = self.record(life, bill)
        self.left_and_broken += life.has_left and record.outcome in MAYBE_AFTER_LEAVING
        if life.is_repeat:
            self.repeats.append(record)
        self.recorder.settled(life.metrics, record)

    # === what is known of them ===

    def stand(self, life: Life, attachment: Attachment) -> None:
        life.attachment = attachment
        life.orphaned_at = self.now if attachment is Attachment.ORPHANED else None

    def turn(self, life: Life, turn: Turn) -> None:
        assert life.offer is not None
        life.offer = after(life.offer, turn)

    def retry_of(self, life: Life) -> Life:
        assert life.retry is not None
        retry, life.retry = life.retry, None
        return retry

    def record(self, life: Life, bill: Bill) -> CallRecord:
        call, outcome = life.call, life.call.outcome
        spend = None if outcome is Outcome.JOINED else Decimal(bill.cents) / 100
        orphaned = None if spend is None else spend * bill.orphaned / 100 * (outcome is not Outcome.RESCUED)
        avoidable = None if orphaned is None else orphaned * bill.avoidable / 100
        if bill.spoiled and spend is not None:
            spend = Decimal(bill.spoiled)
            self.spoiled += 1
        return CallRecord(
            id=life.id, upstream="u", provider="google", dialect="gemini", model="m", kind=life.kind, started_at=0,
            left_at=call.left_at, finished_at=call.finished_at, settled_at=self.now, outcome=outcome,
            spend_usd=spend, orphaned_usd=orphaned, avoidable_usd=avoidable, basis="exact",
        )  # fmt: skip


def is_possible(life: Life, event: Event) -> bool:
    """The machine allows it, and the proxy would let it happen."""
    if isinstance(event, DownstreamTookReply) and (life.call.left_before_sent or life.offer in IS_TAKEN):
        return False  # the proxy cuts such a call at once, or its reply is the retry's by now
    try:
        copy(life.call).receive(event)
    except IllegalEvent:
        return False
    return True

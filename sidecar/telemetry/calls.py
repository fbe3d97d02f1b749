"""The call families, and the children that one provider, model and kind has in them.

Children are born at 0 when the first call of their kind is admitted: a counter that is born with its first increment
is invisible to `increase()` (measured: 5 USD in one step gave 0). What can be born later without loss stays away
until it happens: `lost` and `sidecar_lost` are counted before the first scrape, and reasons of an unpriced call that
are rare. That makes 44 series for each (provider, model, kind), 45 where the kind is live, and 36 more for each
(provider, kind).
"""

from enum import StrEnum

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.bill import UnpricedReason
from sidecar.metering.typical import FEWEST
from sidecar.telemetry import metrics
from sidecar.telemetry.durations import (
    ORPHAN_OUTCOMES,
    duration_seconds,
    first_byte_seconds,
    orphaned_seconds,
)
from sidecar.telemetry.exemplar import naming
from sidecar.telemetry.labels import OTHER
from sidecar.telemetry.money import MoneyCells
from sidecar.telemetry.program import unix_seconds
from sidecar.telemetry.series import Branch, Distribution, FrozenFamily, distributions, numbers


class Attachment(StrEnum):
    """Whether somebody is there for a call that has not settled."""

    ATTACHED = "attached"
    """Its caller is, or the retry that is being given its answer."""
    ORPHANED = "orphaned"
    """Nobody is, and the provider may be working on it."""
    SHELVED = "shelved"
    """Nobody is, and the provider's work has ended: a retry may still take the answer."""


HALF_CLOSE = "half_close"
RESUMPTION = "resumption"
RETRY = "retry"
"""The only way in which an answer is rescued. (A caller that comes back had not left: to its own connection, `half_close`; to its
session in another socket, `resumption`.)"""
EARLY_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.LOST)
LIVE_REASONS = tuple(reason for reason in LeftReason if reason is not LeftReason.SIDECAR_LOST)
EARLY_REASONS = tuple(reason for reason in LIVE_REASONS if reason is not LeftReason.CLOSED)
"""Only what goes through a socket is left by a close frame."""
CALL_REASONS = (
    UnpricedReason.NO_USAGE,
    UnpricedReason.UNKNOWN_MODEL,
    UnpricedReason.NO_PRICE,
    UnpricedReason.OPERATION,
)


class CallFamilies:
    """Every family that counts calls, and the children that have no model."""

    def __init__(self) -> None:
        self.started = numbers(metrics.CALLS_STARTED)
        self.settled = numbers(metrics.CALLS_SETTLED)
        self.in_flight = numbers(metrics.CALLS_IN_FLIGHT)
        self.departures = numbers(metrics.DEPARTURES)
        self.returns = numbers(metrics.RETURNS)
        self.rescued = numbers(metrics.RESCUED)
        self.would_rescue = numbers(metrics.WOULD_RESCUE)
        self.repeats_refused = numbers(metrics.REPEATS_REFUSED)
        self.orphaned_seconds = distributions(metrics.ORPHANED_SECONDS)
        self.detection_seconds = distributions(metrics.DETECTION_SECONDS)
        self.oldest_orphan = numbers(metrics.OLDEST_ORPHAN)
        self.spend = numbers(metrics.SPEND)
        self.avoidable = numbers(metrics.AVOIDABLE_SPEND)
        self.rescued_spend = numbers(metrics.RESCUED_SPEND)
        self.would_rescue_spend = numbers(metrics.WOULD_RESCUE_SPEND)
        self.unpriced = numbers(metrics.UNPRICED)
        self.tokens = numbers(metrics.TOKENS)
        self.duration = distributions(metrics.CALL_DURATION)
        self.first_byte = distributions(metrics.TIME_TO_FIRST_BYTE)
        for kind in CallKind:
            for attachment in Attachment:
                self.in_flight.of(kind, attachment)
            for outcome in sorted(ORPHAN_OUTCOMES):
                self.orphaned_seconds.of(kind, outcome)

    def frozen(self) -> list[FrozenFamily]:
        """All of them now, in the catalogue's order."""
        return [series.frozen() for series in vars(self).values()]


class CallMetrics(MoneyCells):
    """What the calls of one provider, model and kind are counted in. Shared by them; holds nothing of a single call."""

    __slots__ = (
        "attached", "departures", "duration", "first_byte", "in_flight", "is_one_model", "kind", "orphaned_seconds",
        "repeats_refused", "rescued", "rescued_spend", "returns", "settled", "started", "would_rescue", "would_rescue_spend",
    )  # fmt: skip

    def __init__(self, families: CallFamilies, provider: str, model: str, kind: CallKind) -> None:
        labels = (provider, model, str(kind))
        super().__init__(families, labels, CALL_REASONS)
        self.kind, self.is_one_model = kind, model != OTHER
        is_live = kind is CallKind.LIVE
        self.started = families.started.of(*labels)
        self.in_flight = {attachment: families.in_flight.of(kind, attachment) for attachment in Attachment}
        self.attached = self.in_flight[Attachment.ATTACHED]
        self.settled = Branch(families.settled, labels, EARLY_OUTCOMES)
        self.departures = Branch(families.departures, labels, LIVE_REASONS if is_live else EARLY_REASONS)
        self.returns = Branch(families.returns, labels, (RESUMPTION if is_live else HALF_CLOSE,))
        self.rescued = Branch(families.rescued, labels, (RETRY,))
        self.rescued_spend = families.rescued_spend.of(*labels)
        self.would_rescue = families.would_rescue.of(*labels)
        self.would_rescue_spend = families.would_rescue_spend.of(*labels)
        self.repeats_refused = families.repeats_refused.of(*labels)
        self.duration = families.duration.of(provider, kind)
        self.first_byte = families.first_byte.of(provider, kind)
        self.orphaned_seconds: dict[str, Distribution] = {
            outcome: families.orphaned_seconds.of(kind, outcome) for outcome in ORPHAN_OUTCOMES
        }

    def count_time(self, record: CallRecord, trace_id: str = "") -> None:
        """Observe what is known of the call's durations. An orphan's example names the trace, where that is known."""
        if (seconds := duration_seconds(record)) is not None:
            self.duration.observe(seconds)
        if (seconds := first_byte_seconds(record)) is not None:
            self.first_byte.observe(seconds)
        if record.left_at is not None and (seconds := orphaned_seconds(record)) is not None:
            orphaned = self.orphaned_seconds[record.outcome or ""]
            # The example is as old as this observation and not as the end: an answer may have lain on the shelf since, and
            # Prometheus drops examples that are older than the last of their bucket.
            orphaned.observe_with(seconds, naming("call_id", record.id, trace_id), unix_seconds(record.settled_at))

    def count_rescue(self, record: CallRecord, counted: tuple[float, float], *, is_repeat: bool) -> None:
        """Count a rescue, or the bill of a repeat that `enforce` would have rescued.

        `counted` are the dollars that `count_money` added for this call: what is no part of spend is no part of these either.
        """
        delivered, orphaned = counted
        if record.outcome == Outcome.RESCUED:
            self.rescued[RETRY].value += 1
            self.rescued_spend.value += delivered
        if is_repeat:
            self.would_rescue_spend.value += delivered + orphaned

    def mean_usd(self) -> float:
        """What such calls have cost here on average; 0 where these are too few to tell, or many models share the label."""
        if not self.is_one_model or self.billed < FEWEST:
            return 0.0
        bills = (*self.delivered_spend.values(), *self.orphaned_spend.values())
        return sum(spend.value for spend in bills) / self.billed

"""The call families, and the children that one provider, model and kind has in them.

Children are born at 0 when the first call of their kind is admitted: a counter that is born with its first increment
is invisible to `increase()` (measured: 5 USD in one step gave 0). What can be born later without loss stays away
until it happens: `lost` and `sidecar_lost` are counted before the first scrape, and reasons of an unpriced call that
are rare. That makes 36 series for each (provider, model, kind), and 36 more for each (provider, kind).
"""

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.bill import UnpricedReason
from sidecar.telemetry import metrics
from sidecar.telemetry.durations import (
    ORPHAN_OUTCOMES,
    duration_seconds,
    ended_at,
    first_byte_seconds,
    orphaned_seconds,
)
from sidecar.telemetry.money import MoneyCells
from sidecar.telemetry.program import unix_seconds
from sidecar.telemetry.series import Branch, Distribution, FrozenFamily, distributions, numbers

ATTACHED, ORPHANED = "attached", "orphaned"
HALF_CLOSE = "half_close"
EARLY_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.LOST)
EARLY_REASONS = tuple(reason for reason in LeftReason if reason is not LeftReason.SIDECAR_LOST)
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
        self.orphaned_seconds = distributions(metrics.ORPHANED_SECONDS)
        self.detection_seconds = distributions(metrics.DETECTION_SECONDS)
        self.oldest_orphan = numbers(metrics.OLDEST_ORPHAN)
        self.spend = numbers(metrics.SPEND)
        self.avoidable = numbers(metrics.AVOIDABLE_SPEND)
        self.unpriced = numbers(metrics.UNPRICED)
        self.tokens = numbers(metrics.TOKENS)
        self.duration = distributions(metrics.CALL_DURATION)
        self.first_byte = distributions(metrics.TIME_TO_FIRST_BYTE)
        for kind in CallKind:
            self.in_flight.of(kind, ATTACHED)
            self.in_flight.of(kind, ORPHANED)
            for outcome in sorted(ORPHAN_OUTCOMES):
                self.orphaned_seconds.of(kind, outcome)

    def frozen(self) -> list[FrozenFamily]:
        """All of them now, in the catalogue's order."""
        return [series.frozen() for series in vars(self).values()]


class CallMetrics(MoneyCells):
    """What the calls of one provider, model and kind are counted in. Shared by them; holds nothing of a single call."""

    __slots__ = (
        "attached", "departures", "duration", "first_byte", "orphaned", "orphaned_seconds", "returns", "settled", "started",
    )  # fmt: skip

    def __init__(self, families: CallFamilies, provider: str, model: str, kind: CallKind) -> None:
        labels = (provider, model, str(kind))
        super().__init__(families, labels, CALL_REASONS)
        self.started = families.started.of(*labels)
        self.attached = families.in_flight.of(kind, ATTACHED)
        self.orphaned = families.in_flight.of(kind, ORPHANED)
        self.settled = Branch(families.settled, labels, EARLY_OUTCOMES)
        self.departures = Branch(families.departures, labels, EARLY_REASONS)
        self.returns = Branch(families.returns, labels, (HALF_CLOSE,))
        self.duration = families.duration.of(provider, kind)
        self.first_byte = families.first_byte.of(provider, kind)
        self.orphaned_seconds: dict[str, Distribution] = {
            outcome: families.orphaned_seconds.of(kind, outcome) for outcome in ORPHAN_OUTCOMES
        }

    def count_time(self, record: CallRecord) -> None:
        """Observe what is known of the call's durations."""
        if (seconds := duration_seconds(record)) is not None:
            self.duration.observe(seconds)
        if (seconds := first_byte_seconds(record)) is not None:
            self.first_byte.observe(seconds)
        if record.left_at is not None and (seconds := orphaned_seconds(record)) is not None:
            orphaned = self.orphaned_seconds[record.outcome or ""]
            orphaned.observe_with(seconds, {"call_id": record.id}, unix_seconds(ended_at(record)))

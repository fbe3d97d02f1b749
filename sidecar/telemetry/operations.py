"""The operation families, and the children that one provider, model and kind has in them.

As with calls, children are born at 0 when the first operation of their kind opens, or `increase()` would not see their birth.
Money, tokens, departures and returns are counted in the families of the calls, so that there is one bill: the label `kind` tells
them apart. What can be born late stays away until it happens. That makes 48 series for each (provider, model, kind).
"""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sidecar.lifecycle.operation import (
    OPEN,
    CancelResult as Result,
    CancelTrigger as Trigger,
    GoneReason,
    OperationKind,
    OperationState,
)
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.basis import Basis
from sidecar.metering.bill import UnpricedReason
from sidecar.metering.typical import low_estimate
from sidecar.telemetry import metrics
from sidecar.telemetry.calls import CallFamilies
from sidecar.telemetry.durations import cancel_seconds
from sidecar.telemetry.exemplar import naming, trace_id_in
from sidecar.telemetry.labels import OTHER
from sidecar.telemetry.money import MoneyCells, add_amount
from sidecar.telemetry.program import unix_seconds
from sidecar.telemetry.series import Branch, FrozenFamily, distributions, numbers

OUTCOMES: Final = tuple(state for state in OperationState if state not in OPEN)
EARLY_REASONS: Final = tuple(reason for reason in GoneReason if reason is not GoneReason.SIDECAR_LOST)
POLL: Final = "poll"
OPERATION_REASONS: Final = tuple(reason for reason in UnpricedReason if reason is not UnpricedReason.OPERATION)
EARLY_CANCELS: Final = (
    *((Trigger.ORPHANED, result) for result in Result),
    (Trigger.CALLER, Result.CONFIRMED),
    (Trigger.CALLER, Result.TOO_LATE),
    (Trigger.ASKED, Result.CONFIRMED),
)
"""Triggers and results that are likely enough to be worth a series before they happen."""
REMEMBERED: Final = 200
"""Bills of the latest operations, by which a typical one is told; as `OperationLedger.typical_spend`."""


class OperationFamilies:
    """Every family that counts operations alone, and the children that have no model."""

    def __init__(self) -> None:
        self.opened = numbers(metrics.OPERATIONS_OPENED)
        self.settled = numbers(metrics.OPERATIONS_SETTLED)
        self.open = numbers(metrics.OPERATIONS_OPEN)
        self.reclaimed = numbers(metrics.RECLAIMED_SPEND)
        self.avoided = numbers(metrics.AVOIDED_SPEND)
        self.regretted = numbers(metrics.REGRETTED_SPEND)
        self.cancel_requests = numbers(metrics.CANCEL_REQUESTS)
        self.cancel_seconds = distributions(metrics.CANCEL_SECONDS)
        for kind in OperationKind:
            self.cancel_seconds.of(kind)
            for state in OperationState:
                self.open.of(kind, state)

    def frozen(self) -> list[FrozenFamily]:
        """All of them now, in the catalogue's order."""
        return [series.frozen() for series in vars(self).values()]


class OperationMetrics(MoneyCells):
    """What the operations of one provider, model and kind are counted in, and what these cost as a rule."""

    __slots__ = (
        "avoided", "bills", "cancel_seconds", "cancels", "departures", "is_one_model", "kind", "opened", "reclaimed",
        "regretted", "returns", "settled",
    )  # fmt: skip

    def __init__(
        self, families: OperationFamilies, shared: CallFamilies, provider: str, model: str, kind: OperationKind
    ) -> None:
        labels = (provider, model, str(kind))
        super().__init__(shared, labels, OPERATION_REASONS)
        self.kind, self.is_one_model = kind, model != OTHER
        self.bills: deque[Decimal] = deque(maxlen=REMEMBERED)
        self.opened = families.opened.of(*labels)
        self.settled = Branch(families.settled, labels, OUTCOMES)
        self.departures = Branch(shared.departures, labels, EARLY_REASONS)
        self.returns = Branch(shared.returns, labels, (POLL,))
        self.reclaimed = families.reclaimed.of(*labels)
        self.avoided = families.avoided.of(*labels)
        self.regretted = families.regretted.of(*labels)
        self.cancels = {trigger: Branch(families.cancel_requests, (*labels, trigger), ()) for trigger in Trigger}
        for trigger, result in EARLY_CANCELS:
            _ = self.cancels[trigger][result]
        self.cancel_seconds = families.cancel_seconds.of(kind)

    def count_settled(self, record: OperationRecord) -> None:
        """Count the end of an operation and its bill."""
        self.settled[record.outcome or "none"].value += 1
        self.count_money(record)
        add_amount(self.avoided, record.avoided_usd)
        if (seconds := cancel_seconds(record)) is not None:
            # As old as this observation, like those of orphaned calls (`CallMetrics.count_time`).
            labels = naming("operation_id", record.id, trace_id_in(record.trace))
            self.cancel_seconds.observe_with(seconds, labels, unix_seconds(record.settled_at))
        is_natural = record.outcome == OperationState.SUCCEEDED and record.basis == Basis.EXACT
        if is_natural and record.spend_usd is not None:
            self.bills.append(record.spend_usd)

    def remember(self, bills: Sequence[Decimal]) -> None:
        """Take in what such operations cost before, newest first, unless more of them is remembered already."""
        if len(bills) > len(self.bills):
            self.bills = deque(reversed(bills[:REMEMBERED]), maxlen=REMEMBERED)

    def typical_usd(self) -> float:
        """What one of these costs at least, as a rule; 0 where that is not known, or many models share the label."""
        low = low_estimate(self.bills) if self.is_one_model else None
        return 0.0 if low is None else float(low)

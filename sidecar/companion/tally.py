"""The sums of one run, added up as its calls and operations settle. Nothing of a single one is kept."""

from collections import Counter

from sidecar.clock import Moment
from sidecar.ledger.questions import ORPHANED_OUTCOMES
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import CancelResult
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.policy import DRAIN
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.basis import Basis
from sidecar.metering.money import ZERO, plus
from sidecar.telemetry.durations import orphaned_seconds, running_on_seconds
from sidecar.telemetry.log import Log
from sidecar.telemetry.money import Billed


class Tally:
    """What settled of that which began at a moment or later: an earlier sidecar's lost calls are counted when we start."""

    def __init__(self, began_at: Moment) -> None:
        self._began_at = began_at
        self.calls = Counter[str]()
        """By outcome."""
        self.operations = Counter[str]()
        """By outcome."""
        self.would_cancel = 0
        self.longest_seconds: float | None = None
        """The longest that the provider worked on after a caller had left."""
        self.went_on = 0
        """Calls and operations that were seen to do so."""
        self.confirmed_seconds: float | None = None
        """The longest from the end of an operation's caller to the provider's word that it was cancelled."""
        self.spend_usd = self.orphaned_usd = self.avoidable_usd = self.rescued_usd = self.avoided_usd = ZERO
        self.is_estimated = False
        """Some of the spend is."""
        self.is_orphaned_estimated = False
        self.is_avoidable_estimated = False
        self.unpriced = 0
        self.cut_by_us = 0
        """Orphaned calls that were not followed to their end: what the provider does with them is not known."""
        self.stopped = 0
        """Orphaned calls whose connection was closed when the caller left, as the provider's facts or the settings want it."""

    @property
    def orphaned(self) -> int:
        """Calls that the provider worked on after their caller had left."""
        return sum(self.calls[outcome] for outcome in ORPHANED_OUTCOMES)

    def call(self, record: CallRecord) -> None:
        """A call has settled."""
        if record.started_at < self._began_at:
            return
        self.calls[record.outcome or "none"] += 1
        self._bill(record)
        if record.avoidable_usd and Basis.ESTIMATED in {record.avoidable_basis, record.basis}:
            self.is_avoidable_estimated = True
        if record.outcome == Outcome.RESCUED and record.spend_usd is not None:
            self.rescued_usd = plus(self.rescued_usd, record.spend_usd)
        if record.outcome == Outcome.ORPHAN_CUT:
            is_ours = record.decision_reason == DRAIN.because
            self.cut_by_us += is_ours
            self.stopped += not is_ours
        elif record.outcome in ORPHANED_OUTCOMES:
            self._worked_on(orphaned_seconds(record))

    def operation(self, record: OperationRecord) -> None:
        """An operation has settled."""
        if record.opened_at < self._began_at:
            return
        self.operations[record.outcome or "none"] += 1
        self._bill(record)
        self.is_avoidable_estimated = self.is_avoidable_estimated or bool(record.avoidable_usd)
        self._worked_on(running_on_seconds(record))
        if record.avoided_usd is not None:
            self.avoided_usd = plus(self.avoided_usd, record.avoided_usd)
        if record.cancel_result == CancelResult.CONFIRMED:
            self.confirmed_seconds = max(self.confirmed_seconds or 0.0, running_on_seconds(record) or 0.0)
        self.would_cancel += record.cancel_result == CancelResult.WOULD_CANCEL

    def _worked_on(self, seconds: float | None) -> None:
        if seconds is not None:
            self.went_on += 1
            self.longest_seconds = max(self.longest_seconds or 0.0, seconds)

    def _bill(self, billed: Billed) -> None:
        self.unpriced += bool(billed.unpriced_reason)
        if billed.spend_usd is None:
            return
        self.spend_usd = plus(self.spend_usd, billed.spend_usd)
        self.orphaned_usd = plus(self.orphaned_usd, billed.orphaned_usd or ZERO)
        self.avoidable_usd = plus(self.avoidable_usd, billed.avoidable_usd or ZERO)
        if billed.basis != Basis.EXACT:
            self.is_estimated = True
            self.is_orphaned_estimated = self.is_orphaned_estimated or bool(billed.orphaned_usd)


class TallyingLog(Log):
    """A log that also adds up what settles: it is told of everything exactly once."""

    def __init__(self, log: Log, tally: Tally) -> None:
        vars(self).update(vars(log))  # the same log, under another class: its parts are its maker's business
        self._tally = tally

    def call_settled(self, record: CallRecord) -> None:
        """Write the one line of a settled call, and add it up."""
        self._tally.call(record)
        super().call_settled(record)

    def operation_settled(self, record: OperationRecord) -> None:
        """Write the one line of a settled operation, and add it up."""
        self._tally.operation(record)
        super().operation_settled(record)

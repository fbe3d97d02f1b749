"""The entry through which the program reports what happens to operations. All methods belong to the event loop's thread.

`Recorder.operations` is one: the page and the bounded label `model` are shared with the calls.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol

from sidecar.clock import Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, GoneReason, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.billable import NO_FATES
from sidecar.metering.spend import TokenFates
from sidecar.telemetry.calls import CallFamilies
from sidecar.telemetry.money import add_amount
from sidecar.telemetry.operations import OperationFamilies, OperationMetrics
from sidecar.telemetry.otel import SettledOperations
from sidecar.telemetry.series import FrozenFamily

WARNED_OF: Final = frozenset({CancelResult.UNCONFIRMED, CancelResult.REFUSED, CancelResult.NO_CREDENTIAL})
"""Results of a cancel after which an operation may run on although nobody wants it."""


class OperationLog(Protocol):
    """Where lines about operations go; `telemetry.log.Log` is one."""

    def operation_settled(self, record: OperationRecord) -> None:
        """Write the one line of a settled operation."""
        ...

    def operation_event(
        self, event: str, record: OperationRecord, *, is_warning: bool = False, **facts: object
    ) -> None:
        """Write what happened to an operation, with what is needed to recognize it."""
        ...

    def mass_suspicion(self, suspected: int, known: int, why: str) -> None:
        """Write that so many callers seem to be gone at once that none of them is taken for gone."""
        ...


class Standing:
    """What has to be known of an operation that has not settled."""

    __slots__ = ("has_ended", "lapsed_at", "metrics", "record")

    def __init__(self, metrics: OperationMetrics, record: OperationRecord) -> None:
        self.metrics = metrics
        self.record = record
        """As it was when we first heard of it."""
        self.lapsed_at: Moment | None = None
        self.has_ended = record.ended_at is not None


class OperationRecorder:
    """Counts operations and logs each once, when it settles. An operation is named by its `OperationRecord.id`.

    One that was never reported as opened is taken as `resumed` when it is heard of, so that the page adds up by itself.
    """

    def __init__(self, shared: CallFamilies, fit_model: Callable[[str], str], log: OperationLog) -> None:
        self._families = OperationFamilies()
        self._shared, self._fit_model, self._log = shared, fit_model, log
        self._known: dict[tuple[str, str, OperationKind], OperationMetrics] = {}
        self._standing: dict[str, Standing] = {}
        self.otel: SettledOperations | None = None
        """What OpenTelemetry is told through; None where it is off."""

    def opened(self, record: OperationRecord) -> None:
        """The row was made, and the create request is about to leave."""
        self._open(record)

    def resumed(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        """An operation that an earlier process had opened is ours to go on with.

        It counts as opened here as well, and as departed when its caller was known to be gone. `typical`: see `departed`.
        """
        if record.id not in self._standing:
            self._resume(record).metrics.remember(typical)

    def taken_over(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        """The same of another sidecar's operation, which is thought dead."""
        self.resumed(record, typical)
        self._log.operation_event("operation_taken_over", record, fence=record.fence)

    def departed(self, record: OperationRecord, reason: GoneReason, typical: Sequence[Decimal] = ()) -> None:
        """Its caller is gone: it is an orphan.

        `typical` is what such operations cost lately, newest first (`OperationLedger.typical_spend`), where the caller of this
        has asked: the ledger remembers longer than we do.
        """
        standing = self._standing.get(record.id) or self._open(record)
        standing.metrics.remember(typical)
        if standing.lapsed_at is None:
            self._depart(standing, record, reason)
            self._log.operation_event("operation_orphaned", record, reason=str(reason))

    def returned(self, record: OperationRecord, via: str) -> None:
        """A caller that was thought gone was heard of: `via` a `poll`, or a `renewal` by hand."""
        standing = self._standing.get(record.id)
        if standing is not None and standing.lapsed_at is not None:
            standing.lapsed_at = None
            standing.metrics.returns[via].value += 1
            self._log.operation_event("operation_renewed", record, via=via)

    def ended(self, record: OperationRecord) -> None:
        """Its end was seen: nothing accrues any more, whether or not its caller fetches the result."""
        if standing := self._standing.get(record.id):
            standing.has_ended = True

    def cancel_sent(self, record: OperationRecord) -> None:
        """A cancel is on its way to the provider. Only logged; what becomes of it is counted by `cancel_asked`."""
        trigger, attempt = record.cancel_trigger, record.cancel_attempts
        self._log.operation_event("operation_cancel_sent", record, trigger=trigger, attempt=attempt)

    def cancel_asked(self, record: OperationRecord, trigger: CancelTrigger, result: CancelResult) -> None:
        """It is known what became of a cancel; once for each."""
        self._metrics_of(record).cancels[trigger][result].value += 1
        is_warning = result in WARNED_OF
        self._log.operation_event(f"operation_cancel_{result}", record, is_warning=is_warning, trigger=str(trigger))

    def settled(self, record: OperationRecord, tokens: TokenFates = NO_FATES) -> None:
        """Outcome, usage and money are final. Counts them and writes the operation's one line.

        `tokens` are those of its usage by fate (`reaper.settlement.tokens_of`).
        """
        standing = self._standing.get(record.id) or self._resume(record)
        del self._standing[record.id]
        self._close(record)
        standing.metrics.count_settled(record)
        standing.metrics.count_tokens(tokens)
        self._log.operation_settled(record)
        if self.otel is not None:
            self.otel.operation_settled(record)

    def released(self, id: str) -> None:
        """It is ours no more: another sidecar has taken it over, and will settle it. Nothing, when it has settled.

        It was opened here and settles there, where it counted as opened too: so this page alone does not add up by it. That is
        the price of pages that add up after a restart, and it is rare: we must have been thought dead and be alive.
        """
        if (standing := self._standing.pop(id, None)) is not None:
            self._close(standing.record)
            self._log.operation_event("operation_released", standing.record, is_warning=True)

    def reclaimed(self, record: OperationRecord) -> None:
        """The result of an operation that had settled as orphaned was fetched after all."""
        add_amount(self._metrics_of(record).reclaimed, record.orphaned_usd)
        self._log.operation_event("operation_reclaimed", record)

    def regretted(self, record: OperationRecord) -> None:
        """Somebody asked for an operation that we had cancelled."""
        add_amount(self._metrics_of(record).regretted, record.spend_usd)
        self._log.operation_event("operation_regretted", record, is_warning=True)

    def suspected(self, suspected: int, known: int, why: str) -> None:
        """So many callers seem to be gone at once that it is more likely ours to be wrong: none was taken for gone."""
        self._log.mass_suspicion(suspected, known, why)

    def states(self, counts: Mapping[tuple[OperationKind, OperationState], int]) -> None:
        """How many unsettled operations the reaper has now, by kind and state; what is not named is none.

        It hears of an operation when its id is known. Those that are open here and not yet with it are opening.
        """
        open_here = Counter(standing.record.kind for standing in self._standing.values())
        for kind in OperationKind:
            told = {state: counts.get((kind, state), 0) for state in OperationState}
            told[OperationState.OPENING] += max(0, open_here[kind] - sum(told.values()))
            for state, count in told.items():
                self._families.open.of(kind, state).value = count

    def oldest_orphan_at(self) -> Moment | None:
        """When the caller of the oldest orphan that still runs was found gone."""
        return min((at for each in self._standing.values() if (at := running_since(each)) is not None), default=None)

    def exposed(self) -> Iterator[tuple[OperationKind, float]]:
        """The kind of each orphan that still runs, and what such operations cost at least, as a rule."""
        for standing in self._standing.values():
            if running_since(standing) is not None:
                yield standing.metrics.kind, standing.metrics.typical_usd()

    def typical_usd(self, id: str) -> float:
        """What operations such as this one cost at least, as a rule; 0 where that is not known, or this one is not open here."""
        standing = self._standing.get(id)
        return 0.0 if standing is None else standing.metrics.typical_usd()

    def frozen(self) -> list[FrozenFamily]:
        """Every family that counts operations alone, now."""
        return self._families.frozen()

    def _metrics_of(self, record: OperationRecord) -> OperationMetrics:
        """Those that it opened under while it is open, even if its row names another model by now."""
        if standing := self._standing.get(record.id):
            return standing.metrics
        key = (record.provider, self._fit_model(record.model), record.kind)
        if key not in self._known:
            self._known[key] = OperationMetrics(self._families, self._shared, *key)
        return self._known[key]

    def _open(self, record: OperationRecord) -> Standing:
        metrics = self._metrics_of(record)
        metrics.opened.value += 1
        self._families.open.of(record.kind, record.state).value += 1
        standing = self._standing[record.id] = Standing(metrics, record)
        return standing

    def _resume(self, record: OperationRecord) -> Standing:
        standing = self._open(record)
        if record.lapsed_at is not None:
            self._depart(standing, record, record.gone_reason or GoneReason.SIDECAR_LOST)
        return standing

    def _depart(self, standing: Standing, record: OperationRecord, reason: str) -> None:
        standing.lapsed_at = record.opened_at if record.lapsed_at is None else record.lapsed_at
        standing.metrics.departures[reason].value += 1

    def _close(self, record: OperationRecord) -> None:
        """Take it from where it was last counted, so that opened = settled + open until `states` is told anew."""
        states = sorted(OperationState, key=lambda state: state is not record.state)
        cells = [self._families.open.of(record.kind, state) for state in states]
        if counted := [cell for cell in cells if cell.value > 0]:
            counted[0].value -= 1


def running_since(standing: Standing) -> Moment | None:
    """Since when an operation runs for nobody; None when it does not."""
    return None if standing.has_ended else standing.lapsed_at

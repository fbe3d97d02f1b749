"""Takes the steps that `lifecycle.reaping` chooses, one operation at a time each."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sidecar.lifecycle.operation import (
    CancelResult,
    GoneReason,
    OperationEvent as E,
    OperationState as S,
)
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.reaping import SILENT, next_step
from sidecar.lifecycle.step import (
    Claim,
    Conclude,
    GiveUp,
    Lapse,
    Look,
    LookUp,
    Lose,
    Release,
    Restore,
    Send,
    Settle,
    Step,
)
from sidecar.reaper.cancelling import Cancelling
from sidecar.reaper.closing import Closing
from sidecar.reaper.looking import Looking
from sidecar.reaper.means import Means
from sidecar.reaper.roster import Entry

RETRIED: Final = frozenset({CancelResult.REFUSED, CancelResult.NO_CREDENTIAL})
"""What became of an earlier cancel is forgotten when its caller came back and is gone again: it may have another credential."""


class Steps:
    """Knows for each step who takes it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self.looking = Looking(means)
        self.cancelling = Cancelling(means)
        self.closing = Closing(means)
        self._takers: dict[type[Step], Callable[[Entry, OperationRecord, Any], Awaitable[None]]] = {
            Look: self._look,
            LookUp: self._look_up,
            Lose: self._lose,
            Lapse: self._lapse,
            Restore: self._restore,
            Claim: self._claim,
            Conclude: self._conclude,
            Send: self._send,
            GiveUp: self._give_up,
            Settle: self._settle,
            Release: self._release,
        }

    def decide(self, entry: Entry, record: OperationRecord | None) -> Step:
        """The next step about an operation whose row was just read; what another holds is let go."""
        if record is None or record.holder != self._means.instance:
            return Release()
        self.saw(entry, record)
        return next_step(record, self._means.now(), self._means.rules, self._means.known(entry, record))

    def saw(self, entry: Entry, record: OperationRecord, via: str = "poll") -> None:
        """A row as it is now: its caller may have come back since, through whichever sidecar."""
        if entry.state is S.ORPHANED and record.state is S.RUNNING:
            entry.gone = None
            self._means.recorder.returned(record, via)
        self._means.roster.became(entry, record.state)

    async def take(self, entry: Entry, record: OperationRecord, step: Step) -> None:
        """Take one step; everything but `Wait`, which is no deed.

        Raises:
            LedgerError: the ledger could not be used; then the step was not taken, or not to its end.
        """
        await self._takers[type(step)](entry, record, step)

    async def _look(self, entry: Entry, record: OperationRecord, step: Look) -> None:
        await self.looking.look(entry, record)

    async def _look_up(self, entry: Entry, record: OperationRecord, step: LookUp) -> None:
        await self.looking.look_up(entry, record)

    async def _lose(self, entry: Entry, record: OperationRecord, step: Lose) -> None:
        changes = {"ended_at": self._means.now(), "due_at": self._means.now()}
        moved = await self._means.move(entry, record, E.ID_NEVER_LEARNED, changes, step.evidence)
        if moved is not None:
            self._means.recorder.ended(moved)

    async def _lapse(self, entry: Entry, record: OperationRecord, step: Lapse) -> None:
        now = self._means.now()
        changes: dict[str, Any] = {"lapsed_at": now, "gone_reason": step.reason.value, "looks": 0, "due_at": now}
        if record.cancel_result in RETRIED:
            changes |= {"cancel_result": None, "cancel_attempts": 0}
        moved = await self._means.move(entry, record, E.LEASE_LAPSED, changes, step.evidence)
        if moved is None:
            return
        entry.gone, entry.look_at = None, 0
        typical = await self._means.store.do(
            lambda ledger: ledger.typical_spend(record.upstream, record.model, record.kind)
        )
        self._means.recorder.departed(moved, GoneReason(step.reason), typical)

    async def _restore(self, entry: Entry, record: OperationRecord, step: Restore) -> None:
        changes = {"lapsed_at": None, "gone_reason": None}
        moved = await self._means.move(entry, record, E.LEASE_RENEWED, changes, step.evidence)
        if moved is not None:
            self._means.recorder.returned(moved, "poll")

    async def _claim(self, entry: Entry, record: OperationRecord, step: Claim) -> None:
        await self.cancelling.claim(entry, record, step.trigger, f"{record.gone_reason}, and nobody came back")

    async def _conclude(self, entry: Entry, record: OperationRecord, step: Conclude) -> None:
        await self.cancelling.conclude(entry, record, step.result, step.evidence)

    async def _send(self, entry: Entry, record: OperationRecord, step: Send) -> None:
        await self.cancelling.send(entry, record)

    async def _give_up(self, entry: Entry, record: OperationRecord, step: GiveUp) -> None:
        await self.cancelling.give_up(entry, record, step.evidence)

    async def _settle(self, entry: Entry, record: OperationRecord, step: Settle) -> None:
        await self.closing.settle(entry, record)

    async def _release(self, entry: Entry, record: OperationRecord | None, step: Release) -> None:
        self._means.roster.drop(entry.id)


def is_silence(step: Step) -> bool:
    """The step takes a caller for gone because nothing was heard of it: judged only together with all others."""
    return isinstance(step, Lapse) and step.reason in SILENT

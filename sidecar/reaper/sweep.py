"""One sweep: reads the rows of what is due, decides, and sets the work going."""

from typing import Final

from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.step import Step, Wait
from sidecar.reaper.means import Means
from sidecar.reaper.roster import Entry
from sidecar.reaper.steps import Steps, is_silence
from sidecar.reaper.work import RETRY_SECONDS, Work

BATCH: Final = 500
"""Rows that are read in one go."""

Decided = list[tuple[Entry, OperationRecord | None, Step]]


class Sweep:
    """Sweeps. Decisions about silence are made here and nowhere else, all of a moment together."""

    def __init__(self, means: Means, steps: Steps, work: Work) -> None:
        self._means = means
        self._steps = steps
        self._work = work

    async def sweep(self) -> None:
        """Begin what is due.

        Raises:
            LedgerError: the rows can't be read; what was due is due again a little later.
        """
        decided: Decided = []
        while entries := self._means.roster.due(self._means.now(), BATCH):
            for entry, record in zip(entries, await self._rows(entries), strict=True):
                if not entry.is_busy and not entry.rings_again:
                    decided.append((entry, record, self._steps.decide(entry, record)))
        self._hold_back(decided)
        for entry, record, step in decided:
            self._begin(entry, record, step)

    async def listen(self) -> None:
        """Compare the ledger's clock with ours, also when nothing is due.

        Raises:
            LedgerError: the ledger can't be read.
        """
        self._work.heard(await self._means.store.do(lambda ledger: ledger.now()))

    def reckon(self, entry: Entry, record: OperationRecord) -> None:
        """Say anew when an operation is due, by a row that was just read: most often later than it was."""
        if entry.is_busy:
            return
        step = self._steps.decide(entry, record)
        self._means.roster.put(entry, step.until if isinstance(step, Wait) else self._means.now())

    async def _rows(self, entries: list[Entry]) -> list[OperationRecord | None]:
        ids = [entry.id for entry in entries]
        try:
            now, rows = await self._means.store.do(lambda ledger: (ledger.now(), rows_of(ledger, ids)))
        except LedgerError:
            for entry in entries:
                self._means.roster.put(entry, self._means.later(RETRY_SECONDS))
            raise
        self._work.heard(now)
        return rows

    def _hold_back(self, decided: Decided) -> None:
        """The breaker on mass suspicion."""
        silent = [(entry, record) for entry, record, step in decided if is_silence(step)]
        lease_seconds = max((record.lease_seconds for _, record in silent if record is not None), default=0.0)
        crowd, running = self._means.crowd, self._means.roster.running()
        if not crowd.is_suspicious(len(silent), running, self._means.now(), lease_seconds):
            return
        self._means.recorder.suspected(len(silent), running, f"no polls; held back for {lease_seconds:.0f} s")
        decided[:] = [
            (entry, record, Wait(crowd.held_until) if is_silence(step) else step) for entry, record, step in decided
        ]

    def _begin(self, entry: Entry, record: OperationRecord | None, step: Step) -> None:
        if entry.is_busy or entry.rings_again:
            return  # while rows were read somebody began with it, or knew more of it than this row: it is looked at once more
        if isinstance(step, Wait):
            self._means.roster.put(entry, step.until)
        elif record is None:
            self._means.roster.drop(entry.id)
        else:
            self._work.begin(entry, record, step)


def rows_of(ledger: OperationLedger, ids: list[str]) -> list[OperationRecord | None]:
    """The rows of these operations, as they are now."""
    return [ledger.operation(id) for id in ids]

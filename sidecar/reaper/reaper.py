"""The reaper: wakes when something is due, reads the rows, decides, and takes the steps. The road and the API talk to it here.

All that waits for the disk waits in the store's thread, and all that waits for a provider in a task of its own; an operation has
one task at most. What is decided stands in `lifecycle.reaping`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Final

from sidecar.clock import SECOND
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.known import Gone, Rules
from sidecar.lifecycle.operation import GoneReason, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Observed, Progress
from sidecar.reaper.contract import Settlement
from sidecar.reaper.inheritance import Inheritance
from sidecar.reaper.insisting import WRITTEN_SECONDS, Insisting
from sidecar.reaper.means import Given, Means
from sidecar.reaper.parting import part
from sidecar.reaper.passing import Passing
from sidecar.reaper.roster import Entry
from sidecar.reaper.steps import Steps
from sidecar.reaper.store import Store
from sidecar.reaper.sweep import Sweep
from sidecar.reaper.witness import EVENTS
from sidecar.reaper.work import Work

BEATS_IN_A_LEASE: Final = 3
LEAST_BEAT_SECONDS, MOST_BEAT_SECONDS = 0.05, 60.0
"""Between two looks for operations of dead sidecars; and at least so often we know that we are awake."""
LEAST_PAUSE_SECONDS: Final = 0.2
"""Between two sweeps: what falls due within it is done together."""
MOST_EARLY: Final = 20_000
"""Operations whose caller has ended before their id was known, and that are remembered for it."""


class Reaper:
    """One per sidecar. Belongs to the event loop's thread; the methods that are not `async` are quick and never raise."""

    def __init__(
        self,
        given: Given,
        *,
        ledger: OperationLedger,
        loop: asyncio.AbstractEventLoop,
        trouble: Callable[[str], None],
        thread: Executor | None = None,
    ) -> None:
        """`trouble` is told of faults that are not the provider's."""
        self._loop = loop
        self._wake = asyncio.Event()
        self._beat_seconds = beat_seconds_of(given.rules)
        self._means = Means(given, Store(ledger, loop, thread), self._beat_seconds, self._wake.set)
        self._steps = Steps(self._means)
        self._work = Work(self._means, self._steps, loop, trouble)
        self._insisting = Insisting(loop, self._work.guarded, given.chance)
        self._sweep = Sweep(self._means, self._steps, self._work)
        self._inheritance = Inheritance(self._means)
        self._passing = Passing(self._means, self._steps)
        self._early: dict[str, Gone] = {}
        self._running: asyncio.Task[None] | None = None

    # === its own life ===

    async def start(self) -> None:
        """Take up what earlier instances left, and begin to sweep.

        Raises:
            LedgerError: the ledger can't be read.
        """
        await self._inheritance.begin()
        self._running = self._loop.create_task(self._run(), name="reaper")

    async def part(self, deadline_seconds: float) -> None:
        """The callers are gone for certain, as where a pod ends: all operations that this dooms are cancelled, all at once.

        Returns when each has come to its end, or has had so many seconds. What is opened afterwards wants another `part`.
        """
        await self._halt()
        await part(self._means, self._steps, self._work, deadline_seconds)

    async def stop(self, deadline_seconds: float, *, callers_are_gone: bool = False) -> None:
        """End, within so many seconds; with `callers_are_gone` as `part` does.

        Rows that are not at their end are gone on with at the next start, or by others. What was heard and is not written yet has
        its time before.
        """
        await self._insisting.written(min(WRITTEN_SECONDS, deadline_seconds))
        if callers_are_gone:
            await self.part(deadline_seconds)
        await self._halt()
        await self._means.store.close()

    async def _halt(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._work.close()

    async def _run(self) -> None:
        beat_at = self._means.now()
        while True:
            await self._work.guarded(self._sweep.sweep)
            if self._means.now() >= beat_at:
                await self._work.guarded(self._sweep.listen)
                await self._work.guarded(self._inheritance.beat)
                beat_at = self._means.later(self._beat_seconds)
            self._means.recorder.states(self._means.roster.counts())
            self._wake.clear()
            next_at = min(beat_at, self._means.roster.next_at() or beat_at)
            await self._rest((next_at - self._means.now()) / SECOND)

    async def _rest(self, seconds: float) -> None:
        """Until something is due, or somebody wakes us; a little in any case, so that what comes together is done together."""
        await asyncio.sleep(LEAST_PAUSE_SECONDS)
        try:
            async with asyncio.timeout(max(0.0, seconds - LEAST_PAUSE_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    def rule_by(self, rules: Rules, settlement: Settlement) -> None:
        """Decide by these from here on. What is open is looked at again at once: a grace may have become shorter, or longer.

        A cancel that was claimed is seen through. The beat may become quicker and never slower: others take us for dead after a
        term that was fixed at the start.
        """
        self._means.rules, self._means.settlement = rules, settlement
        self._beat_seconds = min(self._beat_seconds, beat_seconds_of(rules))
        for entry in self._means.roster.entries():
            self._means.roster.put(entry, self._means.now())

    # === what the road tells ===

    def opened(self, record: OperationRecord) -> None:
        """An operation of ours was opened, or its create has been answered."""
        entry = self._entry_of(record)
        if entry is not None:
            self._means.roster.put(entry, self._means.now())

    def heard(self, id: str) -> None:
        """The caller of an operation was heard of, just now; its row will say so soon, however slow the disk is."""
        if (entry := self._means.roster.get(id)) is not None:
            entry.watched_from = self._means.now()

    def renewed(self, record: OperationRecord) -> None:
        """The caller of an operation was heard of; the row is as it is afterwards."""
        if record.settled_at is not None:
            self._insisting.write(lambda: self._passing.asked_for(record))
            return
        if (entry := self._means.roster.get(record.id)) is not None:
            self._sweep.reckon(entry, record)

    def ending(self, id: str) -> None:
        """A passing reply has shown the end of an operation; `observed` says more, once its row can be read."""
        if (entry := self._means.roster.get(id)) is not None:
            entry.is_ending = True

    def observed(self, record: OperationRecord, observed: Observed, *, is_claimed: bool) -> None:
        """A passing reply has said how an operation stands; `is_claimed` when its caller has taken that reply."""
        entry = self._means.roster.get(record.id)
        if entry is not None:
            entry.is_stopping = observed.progress is Progress.STOPPING
        if observed.progress in EVENTS:
            self.ending(record.id)
            self._insisting.write(
                lambda: self._passing.ended(record, observed, is_claimed=is_claimed), lambda: self._ended(record.id)
            )

    def look(self, record: OperationRecord) -> None:
        """Something has happened to an operation: the reply of its create is lost, or its caller has cancelled it."""
        entry = self._entry_of(record)
        if entry is not None:
            entry.is_reply_lost = record.state is S.OPENING
            entry.look_at = 0
            self._means.roster.put(entry, self._means.now())

    def caller_gone(self, ids: Iterable[str], reason: GoneReason, evidence: str) -> None:
        """Better than silence: whoever stood behind these operations has ended. `evidence` in a few words, for people."""
        gone = Gone(reason, evidence)
        for id in ids:
            entry = self._means.roster.get(id)
            if entry is None:
                self._remember_early(id, gone)
            else:
                entry.gone = gone
                self._means.roster.put(entry, self._means.now())

    # === what people ask ===

    async def cancel(self, id: str) -> OperationRecord | None:
        """Cancel an operation, in whatever mode. Returns its row afterwards, None when there is none.

        The row says what came of it: `cancelling`, or another state and perhaps `cancel_result: unsupported`.

        Raises:
            LedgerError: the ledger can't be used, or more than one operation's id begins so.
        """
        return await self._passing.cancel(id)

    def unwritten(self) -> int:
        """How many things that were heard could not be written until the end."""
        return self._insisting.given_up

    def open_by_state(self) -> Counter[S]:
        """How many operations of this sidecar have not settled."""
        counts = Counter[S]()
        for (_, state), count in self._means.roster.counts().items():
            counts[state] += count
        return counts

    async def renew(self, id: str) -> OperationRecord | None:
        """Renew an operation's lease. Returns its row afterwards, None when there is none.

        Raises:
            LedgerError: as `cancel`.
        """
        return await self._passing.renew(id)

    # === inside ===

    def _entry_of(self, record: OperationRecord) -> Entry | None:
        """The entry of an operation that we hold; made if this is the first that is heard of it."""
        entry = self._means.roster.get(record.id)
        if entry is None and record.holder in (self._means.instance, "") and record.settled_at is None:
            entry = Entry(record, self._means.listening.since, is_inherited=False)
            entry.gone = self._early.pop(record.id, None)
            self._means.roster.add(entry)
        return entry

    def _ended(self, id: str) -> None:
        """The end is written, or was before."""
        if (entry := self._means.roster.get(id)) is not None:
            entry.is_ending = False
            self._means.roster.put(entry, self._means.now())

    def _remember_early(self, id: str, gone: Gone) -> None:
        self._early[id] = gone
        if len(self._early) > MOST_EARLY:
            del self._early[next(iter(self._early))]


def beat_seconds_of(rules: Rules) -> float:
    """Between two looks for operations of dead sidecars."""
    return min(max(rules.lease_seconds / BEATS_IN_A_LEASE, LEAST_BEAT_SECONDS), MOST_BEAT_SECONDS)

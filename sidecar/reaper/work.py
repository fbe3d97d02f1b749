"""The tasks that take steps: one for an operation at a time, and none of them lost when it fails."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.step import Step, Wait
from sidecar.reaper.means import Means
from sidecar.reaper.roster import Entry
from sidecar.reaper.steps import Steps, is_silence

RETRY_SECONDS: Final = 5.0
"""After the ledger could not be used."""
FAULT_SECONDS: Final = 60.0
"""After a fault of ours: the operation is not lost, and the fault not repeated without a pause."""
MOST_STEPS: Final = 32
"""Steps in a row, after which the others come first."""


Deed = Callable[[], Coroutine[Any, Any, None]]


class Work:
    """All tasks of the reaper but its own loop."""

    def __init__(
        self,
        means: Means,
        steps: Steps,
        loop: asyncio.AbstractEventLoop,
        trouble: Callable[[str], None],
    ) -> None:
        self._means = means
        self._steps = steps
        self._loop = loop
        self._trouble = trouble
        self._tasks: set[asyncio.Task[bool]] = set()

    def begin(self, entry: Entry, record: OperationRecord, step: Step) -> None:
        """Take a step, and those that follow from it, in a task."""
        entry.is_busy = True
        self.spawn(lambda: self._take(entry, record, step))

    def spawn(self, work: Deed) -> None:
        """Do something in a task that is ended with us."""
        task = self._loop.create_task(self.guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def guarded(self, work: Deed) -> bool:
        """Do something; say what went wrong, if something did. Returns whether the ledger could be used."""
        try:
            await work()
        except LedgerError as error:
            self._means.listening.deafened()
            self._trouble(str(error))
            return False
        except Exception as error:
            self._trouble(f"a fault of ours: {type(error).__name__}: {error}")
        return True

    def heard(self, now: Moment) -> None:
        """The ledger's clock was read: if nobody could be heard before, all silence begins anew."""
        leap = now - self._means.now()
        why = self._means.listening.heard(now, self._means.clock.monotonic_ns())
        if why:
            self._trouble(f"{why}: no lease is judged for one lease")
            for entry in self._means.roster.entries():
                entry.leap(leap)
                if not entry.is_busy:
                    self._means.roster.put(entry, now)

    async def close(self) -> None:
        """End all tasks, wherever they are; what they have written stays. More may be begun."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, entry: Entry, record: OperationRecord, step: Step) -> None:
        again_seconds = FAULT_SECONDS
        try:
            again_at = await self.follow(entry, record, step)
        except LedgerError:
            again_seconds = RETRY_SECONDS
            raise
        else:
            again_seconds = 0.0
        finally:
            self._means.roster.rest(entry, self._means.later(again_seconds) if again_seconds else again_at)

    async def follow(self, entry: Entry, record: OperationRecord, step: Step) -> Moment:
        """Take a step and those that follow from it; returns when the operation is due next."""
        means = self._means
        for _ in range(MOST_STEPS):
            await self._steps.take(entry, record, step)
            if entry.id not in means.roster:
                break
            if entry.rest_until > means.now():
                return entry.rest_until
            found = await means.store.do(lambda ledger: ledger.operation(entry.id))
            step = self._steps.decide(entry, found)
            if isinstance(step, Wait):
                return step.until
            if found is None or is_silence(step):
                break
            record = found
        return means.now()

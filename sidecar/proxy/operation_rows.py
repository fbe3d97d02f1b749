"""The road's writing to the ledger of operations: in a thread of its own, in order for each operation, tried until it succeeds.

A create request waits for its row, but not for a disk that is stuck for ever: past `HOLD_SECONDS` it goes on, and its row follows
when it can (reliability A 20). What is told of an operation meanwhile waits behind its row, so that nothing is told of a row that
is not there. All of it is lost only with the process.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.pace import WRITING

HOLD_SECONDS: Final = 2.0
"""A create request waits at most so long for its row."""

Step = Callable[[OperationLedger], OperationRecord | None]
"""One thing to write; returns the row afterwards, None when it changed nothing."""
Told = Callable[[OperationRecord | None], None]


class OperationRows:
    """Steps that wait to be written, by operation. Belongs to the event loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ledger: OperationLedger,
        trouble: Callable[[str], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`trouble` is told each time that the ledger could not be written, and why; `chance`: see `Pace`."""
        self._loop = loop
        self._ledger = ledger
        self._trouble = trouble
        self._chance = chance
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="operation-rows")
        self._waiting: dict[str, deque[tuple[Step, Told]]] = {}
        self._resting: dict[str, asyncio.TimerHandle] = {}
        """Those whose next attempt has to come yet."""
        self._failures = 0
        """Since a step could be written."""
        self._is_written = asyncio.Event()
        self._is_written.set()
        self.given_up = 0
        """Steps that could not be written until the end."""
        self._is_closed = False

    def write(self, operation: str, step: Step, told: Told) -> None:
        """Write a step behind those of the same operation, and tell what came of it, on the loop.

        After `close` nothing is written: a renewal that was gathered may come so late, and says nothing any more.
        """
        if self._is_closed:
            return
        steps = self._waiting.setdefault(operation, deque())
        steps.append((step, told))
        self._is_written.clear()
        if len(steps) == 1:
            self._begin(operation)

    def is_waiting(self, operation: str) -> bool:
        """Whether a step of this operation waits, or is being written."""
        return operation in self._waiting

    async def written(self, timeout_seconds: float) -> bool:
        """Wait until nothing waits; False when something still does after that time.

        What rests between two attempts is tried at once: the time that there is may be shorter than the pause.
        """
        for operation in tuple(self._resting):
            self._begin(operation)
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._waiting:  # who is told of the last one may write another
                    await self._is_written.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Write no more; what waits is given up."""
        self._is_closed = True
        self.given_up += sum(map(len, self._waiting.values()))
        self._waiting.clear()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _begin(self, operation: str) -> None:
        if resting := self._resting.pop(operation, None):
            resting.cancel()
        if self._is_closed:
            return
        step, _ = self._waiting[operation][0]
        future = self._loop.run_in_executor(self._thread, step, self._ledger)
        future.add_done_callback(lambda done: self._ended(operation, done))

    def _ended(self, operation: str, done: "asyncio.Future[OperationRecord | None]") -> None:
        error, steps = None if done.cancelled() else done.exception(), self._waiting.get(operation)
        if steps is None or done.cancelled():
            return
        if isinstance(error, LedgerError):
            self._again(operation, error)
            return
        self._failures = 0
        _, told = steps.popleft()
        self._next(operation, steps)
        told(done.result())  # raises what no ledger is meant to raise, for the loop to log

    def _next(self, operation: str, steps: "deque[tuple[Step, Told]]") -> None:
        if steps:
            self._begin(operation)
            return
        del self._waiting[operation]
        if not self._waiting:
            self._is_written.set()

    def _again(self, operation: str, error: LedgerError) -> None:
        self._trouble(str(error))
        pause_seconds = WRITING.pause_seconds(self._failures, self._chance())
        self._resting[operation] = self._loop.call_later(pause_seconds, self._begin, operation)
        self._failures += 1

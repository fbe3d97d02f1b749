"""The ledger of operations, as the loop may use it: in one thread of its own, because every method of it waits for the disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from sidecar.ledger.operations import OperationLedger

T = TypeVar("T")


class Store:
    """Runs pieces of work with the ledger, one at a time, in the order in which they were asked for."""

    def __init__(
        self, ledger: OperationLedger, loop: asyncio.AbstractEventLoop, thread: Executor | None = None
    ) -> None:
        """`thread` runs one piece of work at a time; None makes one, which `close` ends."""
        self._ledger = ledger
        self._loop = loop
        self._is_ours = thread is None
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="reaper")

    async def do(self, work: Callable[[OperationLedger], T]) -> T:
        """What the work returns. Once begun it is done, even if nobody waits for it any more.

        Raises:
            LedgerError: the ledger can't be read or written.
        """
        return await self._loop.run_in_executor(self._thread, work, self._ledger)

    async def close(self) -> None:
        """Take no more work, and wait for what is being done: the ledger may be closed then."""
        if self._is_ours:
            await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

"""What is heard once alone, such as that a caller has taken its result: written until the ledger takes it.

Who has the end of an operation does not ask again. Were it lost because a database was just being restarted, the operation would
look as if nobody had fetched it, and its bill as orphaned.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sidecar.lifecycle.pace import WRITING
from sidecar.reaper.work import Deed

WRITTEN_SECONDS: Final = 2.0
"""At the end, what was heard and could not be written gets so long, on a ledger that may be away."""


def nobody_waits() -> None:
    """For deeds after which nothing is to be done."""


class Insisting:
    """Tries deeds until they are done, each for itself. Belongs to the event loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, guarded: Callable[[Deed], Awaitable[bool]], chance: Callable[[], float]
    ) -> None:
        """`guarded` does a deed, says what went wrong, and returns whether the ledger could be used; `chance`: see `Pace`."""
        self._loop = loop
        self._guarded = guarded
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._sooner = asyncio.Event()
        self.given_up = 0
        """Deeds that could not be done until the end."""

    def write(self, deed: Deed, done: Callable[[], None] = nobody_waits) -> None:
        """Do it, again and again if need be, and call `done`.

        It may have been done already when the ledger says that it could not be used.
        """
        task = self._loop.create_task(self._until_done(deed, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def written(self, timeout_seconds: float) -> None:
        """Wait so long until all is done; what rests between two attempts is tried at once. What is not done is given up."""
        self._sooner.set()
        self._sooner.clear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_seconds)
            self.given_up += len(late)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _until_done(self, deed: Deed, done: Callable[[], None]) -> None:
        attempts = 0
        while not await self._guarded(deed):
            await self._rest(WRITING.pause_seconds(attempts, self._chance()))
            attempts += 1
        done()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._sooner.wait()
        except TimeoutError:
            return

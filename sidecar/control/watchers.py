"""Who watches the live page's stream: one ticker while somebody does, one message for all, and nobody is waited for.

A watcher that is too slow to take what happens is let go of: it connects again and begins with a new snapshot, which is less than
what it missed.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from sidecar.control.picture import Picture
from sidecar.control.view import Sidecar

MOST_WATCHERS: Final = 32
MOST_WAITING: Final = 32
"""Messages that a watcher may be behind: eight seconds of continuous change."""
TICK_SECONDS: Final = 0.25
OPERATIONS_SECONDS: Final = 1.0
FIRST_READ_SECONDS: Final = 2.0
"""A snapshot waits so long for a ledger that is slow to tell its operations; they come later then."""

END: Final = None


class Watcher:
    """One reader of the stream. `break_off` ends its connection where it takes nothing any more."""

    def __init__(self, break_off: Callable[[], None]) -> None:
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)
        self._break_off = break_off
        self.was_dropped = False

    async def next(self) -> bytes | None:
        """The next message; None at the end."""
        return None if self.was_dropped else await self._waiting.get()

    def tell(self, message: bytes) -> None:
        """Give it a message, or let go of it."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.was_dropped = True
            self._break_off()

    def end(self) -> None:
        """Nothing more comes. Whoever is behind gets no more of it."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(END)


class Watchers:
    """All of them. Costs nothing while there are none."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._all: set[Watcher] = set()
        self._told: set[Watcher] = set()
        """Those that have their snapshot."""
        self._picture: Picture | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """No more can be told."""
        return len(self._all) >= MOST_WATCHERS

    async def join(self, watcher: Watcher) -> None:
        """Tell a watcher everything, and from now on what changes."""
        self._all.add(watcher)
        try:
            picture = self._picture or await self._begin()
        except BaseException:
            self.leave(watcher)
            raise
        self._look(picture)
        watcher.tell(picture.snapshot())
        self._told.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """It is gone. After the last one nothing is looked at any more."""
        self._all.discard(watcher)
        self._told.discard(watcher)
        if not self._all:
            self._picture = None
            for task in (self._ticking, self._reading):
                if task is not None:
                    task.cancel()
            self._ticking = self._reading = None

    async def _begin(self) -> Picture:
        picture = Picture(self._sidecar)
        reading = self._reading = asyncio.ensure_future(picture.read_operations())
        await asyncio.wait({reading}, timeout=FIRST_READ_SECONDS)
        if self._picture is None:  # another may have come meanwhile, and begun
            self._picture = picture
            self._ticking = asyncio.ensure_future(self._tick(picture))
        return self._picture

    async def _tick(self, picture: Picture) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            ticks += 1
            if ticks * TICK_SECONDS % OPERATIONS_SECONDS == 0 and (self._reading is None or self._reading.done()):
                self._reading = asyncio.ensure_future(picture.read_operations())
            self._look(picture)

    def _look(self, picture: Picture) -> None:
        message = picture.look()
        if message is not None:
            for watcher in self._told:
                watcher.tell(message)

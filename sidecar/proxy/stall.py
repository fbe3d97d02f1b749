"""A stopped or cut-off reader gives no event: only that its queue does not move says that it is gone."""

import asyncio
from collections.abc import Callable


class StallWatch:
    """While started, calls back when the number of waiting bytes has not changed for the whole period."""

    __slots__ = ("_loop", "_pending", "_seconds", "_seen", "_stalled", "_timer")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, pending: Callable[[], int], stalled: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._pending = pending
        self._stalled = stalled
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Something waits to be taken."""
        if self._timer is None:
            self._seen = self._pending()
            self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        """Everything was taken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._pending() == self._seen:
            self._stalled()
        else:
            self.start()

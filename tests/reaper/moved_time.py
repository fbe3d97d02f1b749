"""An event loop whose time is moved: it never waits, and what is due next is now. A thread that is the loop itself."""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from sidecar.clock import SECOND, Moment
from sidecar.errors import LedgerError

START: Moment = 1_790_000_000 * SECOND


class _NoWaiting(selectors.SelectSelector):
    """Looks without waiting; where the loop would have waited, its time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "the test waits for something that nobody will ever do"
        if timeout > 0:
            self.seconds += timeout
        return super().select(0)


class MovedLoop(asyncio.SelectorEventLoop):
    """Runs a day in a moment."""

    def __init__(self) -> None:
        self._waits = _NoWaiting()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.seconds


class MovedClock:
    """The loop's time as a clock. `offset` is what somebody has set the wall clock forward (or back) by."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.offset: Moment = 0

    def now(self) -> Moment:
        return START + int(self._loop.time() * SECOND) + self.offset

    def monotonic_ns(self) -> int:
        return int(self._loop.time() * 1e9)


class InlineThread(Executor):
    """Does work where it stands. While it is stopped, what it did is not told: the process sleeps right behind its write."""

    def __init__(self) -> None:
        self.is_stopped = False
        self.is_dead = False
        """Nothing is done any more."""
        self.is_away = False
        """The ledger can't be used."""
        self._untold: deque[Callable[[], None]] = deque()

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        if self.is_dead:
            return future
        try:
            if self.is_away:
                raise LedgerError("in memory", "it is away")
            result = work(*args, **named)
        except Exception as error:
            self._tell(lambda error=error: future.set_exception(error))  # type: ignore[misc]
        else:
            self._tell(lambda: future.set_result(result))
        return future

    def go_on(self) -> None:
        """The process wakes."""
        self.is_stopped = False
        while self._untold:
            self._untold.popleft()()

    def _tell(self, tell: Callable[[], None]) -> None:
        if self.is_stopped:
            self._untold.append(tell)
        else:
            tell()

"""An event loop whose time is simulated, for ten thousand sidecars in one thread: nothing is waited for, no thread is begun.

asyncio's own loop with its time moved (`tests/reaper/moved_time.py`) takes three times as long: it compares timers in Python.
"""

import asyncio
import functools
import heapq
import itertools
import random
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Final, TypeVar, cast

from sidecar.clock import SECOND, Moment
from tests.reaper.moved_time import START

T = TypeVar("T")

LATENCY_SECONDS: Final = 0.003
"""Of a statement, from the question to the answer; up to twice as long, as it falls."""

LEAST_SECONDS: Final = 1e-6
"""Between a timer's being set and its ringing."""


class Timer:
    """What is to be called."""

    __slots__ = ("_at", "_what", "_with")

    def __init__(self, at: float, what: Callable[..., object], arguments: tuple[Any, ...], context: Context) -> None:
        self._at = at
        self._with = arguments
        self._what: Callable[..., object] | None = functools.partial(context.run, what)

    def cancel(self) -> None:
        """Call nothing."""
        self._what = None

    def cancelled(self) -> bool:
        """Whether nothing will be called."""
        return self._what is None

    def when(self) -> float:
        """At what time, in the loop's seconds."""
        return self._at

    def run(self) -> None:
        """Call it."""
        if self._what is not None:
            self._what(*self._with)


class FleetLoop:
    """As much of a loop as tasks and futures need; `as_loop` is what asyncio takes it for.

    Work with a ledger is done where it stands and told a little later: others come in between, as with a database.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._seconds = 0.0
        self._ready: deque[Timer] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self.as_loop = cast(asyncio.AbstractEventLoop, self)
        self.faults: list[str] = []
        """What nobody has caught."""

    # === what asyncio asks of a loop ===

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._seconds

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Call it behind all that is ready."""
        timer = Timer(self._seconds, callback, args, context or copy_context())
        self._ready.append(timer)
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call it after so many seconds."""
        # A pod whose clock is slow asks for the rest of a pause again and again: time must pass meanwhile.
        return self.call_at(self._seconds + max(delay, LEAST_SECONDS), callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call it at a time of the loop."""
        timer = Timer(when, callback, args, context or copy_context())
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return cast(asyncio.TimerHandle, timer)

    def create_future(self) -> "asyncio.Future[Any]":
        """One of asyncio's."""
        return asyncio.Future(loop=self.as_loop)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> "asyncio.Task[Any]":
        """One of asyncio's."""
        return asyncio.Task(coro, loop=self.as_loop, name=name, context=context)

    def get_debug(self) -> bool:
        """No."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Remember what nobody has caught."""
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """What `Store` and `OperationRows` ask for. What a dead sidecar asks for is neither done nor told."""
        future = self.create_future()
        if args and args[0].is_dead:
            return future
        try:
            result = func(*args)
        except Exception as error:
            self._tell(future, functools.partial(future.set_exception, error))
        else:
            self._tell(future, functools.partial(future.set_result, result))
        return future

    def _tell(self, future: "asyncio.Future[Any]", tell: Callable[[], None]) -> None:
        self.call_later(LATENCY_SECONDS * (1 + self._dice.random()), lambda: None if future.done() else tell())

    # === running ===

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run until this is done, which all else may outlast."""
        task = self.create_task(work)
        before = events._get_running_loop()
        events._set_running_loop(self.as_loop)
        try:
            while not task.done():
                self._turn()
        finally:
            events._set_running_loop(before)
        done: T = task.result()
        return done

    def _turn(self) -> None:
        """Move on to the next timer where nothing is ready, and call what is."""
        if not self._ready:
            self._seconds = max(self._seconds, self._timers[0][0])
            while self._timers and self._timers[0][0] <= self._seconds:
                self._ready.append(heapq.heappop(self._timers)[2])
        for _ in range(len(self._ready)):
            self._ready.popleft().run()


class PodClock:
    """A pod's own clocks: its wall clock is off by so much, and its monotonic one gains so much in a second."""

    def __init__(self, loop: FleetLoop, off_seconds: float = 0.0, gains: float = 0.0) -> None:
        self._loop = loop
        self._off = int(off_seconds * SECOND)
        self._rate = 1.0 + gains

    def now(self) -> Moment:
        """The present moment, as this pod has it."""
        return START + int(self._loop.time() * SECOND) + self._off

    def monotonic_ns(self) -> int:
        """Nanoseconds, as long as this pod finds them."""
        return int(self._loop.time() * self._rate * 1e9)

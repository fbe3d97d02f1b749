"""One operation: work that no connection owns, what is told of it, and what it is asked to do."""

import asyncio
from collections.abc import Callable
from math import inf

import msgspec

from sidecar.clock import SECOND, Clock, Moment
from sidecar.simulator.bill import Finished
from sidecar.simulator.cancelling import Does, Effect, effect_of
from sidecar.simulator.course import Course
from sidecar.simulator.family import Family
from sidecar.simulator.phase import History, Phase
from sidecar.simulator.request import Request
from sidecar.simulator.script import Script
from sidecar.simulator.undertaking import Undertaking
from sidecar.simulator.view import View

ENDS = {
    Finished.COMPLETED: Phase.SUCCEEDED,
    Finished.FAILED: Phase.FAILED,
    Finished.CANCELLED: Phase.CANCELLED,
    Finished.STOPPED: Phase.FAILED,
}


class Opening(msgspec.Struct, frozen=True):
    """What an operation is made from."""

    number: int
    id: str
    family: Family
    request: Request
    undertaking: Undertaking


class Operation:
    """Goes through its course from the moment it is made. One timer runs for its end, and none where it has no end."""

    def __init__(self, opening: Opening, clock: Clock, when_over: Callable[["Operation"], None]) -> None:
        """Begin. `when_over` is called once, when the work has ended for good."""
        self.opening, self._clock, self._when_over = opening, clock, when_over
        self._loop = asyncio.get_running_loop()
        began = self._loop.time()
        self._began, self._epoch = began, clock.now() - round(began * SECOND)
        self._course = Course(opening.undertaking.plan, began)
        self._history = History(began, began + self.script.think)
        self._timer: asyncio.TimerHandle | None = None
        self._watchers: set[asyncio.Event] = set()
        self._cancels_met = 0
        self.cancel_asked_at: Moment | None = None
        self.ended: float | None = None
        """Second of the loop's clock at which it was told to have ended."""
        self.finished_at: Moment | None = None
        """When the work ended for good."""
        self.finished_how: Finished | None = None
        self._arm(self._course.ends_at, self._finish)

    @property
    def script(self) -> Script:
        """What it is told to do."""
        return self.opening.undertaking.plan.script

    @property
    def made(self) -> int | None:
        """The last step made by now."""
        return self._course.made(self._loop.time())

    @property
    def phase(self) -> Phase:
        """Where it truly stands."""
        return self._history.at(self._loop.time())

    @property
    def is_forgotten(self) -> bool:
        """It is not known any more, as its script says."""
        now, script = self._loop.time(), self.script
        from_start = inf if script.forget_from_start is None else self._began + script.forget_from_start
        from_end = inf if script.forget is None or self.ended is None else self.ended + script.forget
        return now >= min(from_start, from_end)

    def view(self, origin: str = "") -> View:
        """What is told of it now."""
        seen = self._loop.time() - self.script.status_lag
        phase = self._history.at(seen)
        started = self._began + self.script.think
        return View(
            id=self.opening.id,
            number=self.opening.number,
            undertaking=self.opening.undertaking,
            phase=phase,
            made=self._course.made(seen),
            created_at=self._moment(self._began),
            started_at=self._moment(started) if phase is not Phase.QUEUED else None,
            cancel_asked_at=self.cancel_asked_at,
            ended_at=self._moment(self.ended) if phase.is_end and self.ended is not None else None,
            now=self._clock.now(),
            origin=origin,
        )

    def cancel(self) -> None:
        """Do what the script says to a cancel.

        Raises:
            Declined: it is not to be cancelled, and why; what has ended is the dialect's affair (`Family.ended`).
        """
        if self.phase.is_end:
            if self.opening.family.ended is not None:
                raise self.opening.family.ended.again()
            return
        if self.phase is Phase.CANCELLING:
            return
        effect = effect_of(self.script.cancel, self._cancels_met)
        self._cancels_met += 1
        if effect.declined is not None:
            raise effect.declined.again()
        self._follow(effect)

    def release(self) -> None:
        """Let work go on that is held."""
        self._course.release(self._loop.time())
        if self._history.at(inf) is Phase.RUNNING:
            self._arm(self._course.ends_at, self._finish)
        self._tell()

    def stop(self) -> None:
        """End it now, as the simulator is closed."""
        self._course.stop(self._loop.time())
        self._end(Finished.STOPPED)

    async def reached(self, step: int) -> bool:
        """Return when a step is made, True; or when it has come to be known that it never will be, False."""
        while (self.made is None or self.made < step) and self.ended is None:
            await self._change(self._course.due(step))
        return self.made is not None and self.made >= step

    async def over(self) -> None:
        """Return when its end is told."""
        while self.ended is None:
            await self._change(inf)

    def _follow(self, effect: Effect) -> None:
        now = self._loop.time()
        if effect.does is Does.NOTHING:
            return
        self.cancel_asked_at = self._clock.now()
        if effect.does is Does.FINISH:
            # the answer to this very cancel still tells what was before
            self._loop.call_soon(self._finish)
        elif effect.does is Does.REVIVE:
            self._history.enter(Phase.CANCELLED, now)
            self.ended = now
            self._arm(now + effect.seconds, self._finish)
            self._tell()
        elif self.opening.family.stops_at_once and self.script.cancel == "stops":
            self._course.stop(now)
            self._end(Finished.CANCELLED)
        else:
            self._course.stop(now)
            self._history.enter(Phase.CANCELLING, now)
            self._arm(now + effect.seconds, self._cancelled)

    def _arm(self, at: float, what: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, what) if at < inf else None

    def _finish(self) -> None:
        self._course.finish(self._loop.time())
        self._end(Finished.FAILED if self._course.fails else Finished.COMPLETED)

    def _cancelled(self) -> None:
        self._end(Finished.CANCELLED)

    def _end(self, how: Finished) -> None:
        if self.finished_how is not None:
            return
        self._arm(inf, self._finish)
        now = self._loop.time()
        self._history.enter(ENDS[how], now)
        self.ended = now
        self.finished_at, self.finished_how = self._clock.now(), how
        self._tell()
        self._when_over(self)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    async def _change(self, at: float) -> None:
        """Return at some second, or when something has changed."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            await asyncio.wait_for(watcher.wait(), None if at == inf else max(0.0, at - self._loop.time()))
        except TimeoutError:
            pass
        finally:
            self._watchers.discard(watcher)

    def _moment(self, second: float) -> Moment:
        return self._epoch + round(second * SECOND)

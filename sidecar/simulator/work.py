"""The provider's work on one call: a task of its own, which no connection owns."""

import asyncio
from collections.abc import Callable

from sidecar.clock import Clock, Moment
from sidecar.simulator.bill import Finished
from sidecar.simulator.plan import Plan


class Work:
    """Goes through a plan's steps in its time, and tells each. Goes on until it is over or stopped, whoever listens."""

    def __init__(self, plan: Plan, clock: Clock, tell: Callable[[int | None], None]) -> None:
        """Prepare it; `tell` hears the number of each step when it is made, and None when the work has ended."""
        self.plan, self._clock, self._tell = plan, clock, tell
        self._released = asyncio.Event()
        self.made: int | None = None
        """The last step made; None while thinking."""
        self.finished_at: Moment = 0
        """When the work ended; not to be asked before."""
        self.finished_how = Finished.STOPPED

    def begin(self) -> None:
        """Start it."""
        self._task = asyncio.create_task(self._make_steps())
        self._task.add_done_callback(self._ended)

    def stop(self) -> None:
        """End it now, if it has not ended: what is made by now is made."""
        self._task.cancel()

    def release(self) -> None:
        """Let it pass the step that its script holds it at."""
        self._released.set()

    async def over(self) -> None:
        """Return when the work has ended, in whatever way."""
        await asyncio.wait((self._task,))

    async def _make_steps(self) -> Finished:
        loop, plan = asyncio.get_running_loop(), self.plan
        began = loop.time()
        for step in range(plan.steps + 1):
            await asyncio.sleep(began + plan.due(step) - loop.time())
            self.made = step
            self._tell(step)
            if step == plan.script.fail_after:
                return Finished.FAILED
            if step == plan.script.hold:
                await self._released.wait()
        return Finished.COMPLETED

    def _ended(self, task: asyncio.Task[Finished]) -> None:
        self.finished_at = self._clock.now()
        self._tell(None)
        if not task.cancelled():
            self.finished_how = task.result()

"""How far the work of an operation has come, reckoned when somebody asks. Pure.

Ten thousand operations that nobody looks at cost ten thousand numbers: no timer runs for their steps. Times are seconds of the
loop's clock.
"""

from bisect import bisect_right
from math import inf

from sidecar.simulator.plan import Plan


class Course:
    """The steps of a plan in their time, which may be held, released, stopped, or finished at once."""

    def __init__(self, plan: Plan, began: float) -> None:
        self._plan, self._began = plan, began
        script = plan.script
        self._last = min(script.fail_after, plan.steps) if script.fail_after is not None else plan.steps
        self._held_until = began if script.hold is None else inf
        self._stopped_at = self._finished_at = inf

    @property
    def fails(self) -> bool:
        """It comes to its end before the last step, as scripted."""
        return self._last < self._plan.steps or self._plan.script.fail_after == self._plan.steps

    @property
    def ends_at(self) -> float:
        """When it comes to its end by itself; infinity while it is held, or for ever."""
        return inf if self._plan.script.never_ending else self.due(self._last)

    def due(self, step: int) -> float:
        """When a step is made."""
        hold = self._plan.script.hold
        paced = self._began + self._plan.due(step)
        if hold is not None and step > hold:
            paced = max(paced, self._held_until)
        return min(paced, self._finished_at)

    def made(self, now: float) -> int | None:
        """The last step made by now; None before step 0."""
        is_bounded = self._plan.script.never_ending and now < self._finished_at
        last = min(self._last, self._plan.steps - 1) if is_bounded else self._last
        made = bisect_right(range(last + 1), min(now, self._stopped_at), key=self.due) - 1
        return None if made < 0 else made

    def release(self, now: float) -> None:
        """Go on past the step that it is held at."""
        self._held_until = min(self._held_until, now)

    def stop(self, now: float) -> None:
        """Make nothing more."""
        self._stopped_at = min(self._stopped_at, now)

    def finish(self, now: float) -> None:
        """Be at the end, whatever it was that the work waited for."""
        self._finished_at = now

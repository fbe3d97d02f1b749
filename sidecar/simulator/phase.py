"""Where an operation stands as the provider tells it, in words of no dialect, and since when. Pure."""

from bisect import bisect_right
from enum import StrEnum


class Phase(StrEnum):
    """One word for all dialects; each file that writes replies has a table from it to the words of its own."""

    QUEUED = "queued"
    """Accepted; no work is done yet (the script's `think`)."""
    RUNNING = "running"
    CANCELLING = "cancelling"
    """A cancel was taken: nothing more is made, and the end is not told yet."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Nothing is expected after it, unless the script revives what was cancelled."""
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


class History:
    """The phases of one operation, each with the second (of the loop's clock) from which it holds."""

    def __init__(self, created: float, started: float) -> None:
        """It is queued when created, and runs from `started` on."""
        self._since = [created, max(created, started)]
        self._phases = [Phase.QUEUED, Phase.RUNNING]

    def enter(self, phase: Phase, now: float) -> None:
        """From now on it stands there; what was to come is not to come any more."""
        kept = bisect_right(self._since, now)
        del self._since[kept:], self._phases[kept:]
        self._since.append(now)
        self._phases.append(phase)

    def at(self, second: float) -> Phase:
        """Where it stood at some second; before it was created, where it began."""
        return self._phases[max(0, bisect_right(self._since, second) - 1)]

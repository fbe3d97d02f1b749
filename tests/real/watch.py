"""What an engine itself shows of its work, looked at many times a second during a call and after. Nothing asks the sidecar.

Every engine has a CPU clock; those with counters also say how many tokens they have made, which is the better witness.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

from sidecar.clock import Moment

REST_SECONDS = 0.8
"""An engine that has not worked for so long is at rest."""
WORKING_SHARE = 0.3
"""Of one CPU: an engine without counters is taken to compute when it uses more. It uses all of one, or none."""
PATIENCE_SECONDS = 60.0


class Sample(NamedTuple):
    """An engine at a moment."""

    at: Moment
    cpu_ns: int
    tokens: int
    """Made since it is watched; 0 where the engine does not say."""


def cpu_ns(pids: Sequence[int]) -> int:
    """CPU time of processes with all their threads up to now: what /proc/PID/stat says, from the same clocks in nanoseconds."""
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


class Watch:
    """Watches an engine from entering to leaving."""

    def __init__(self, pids: Sequence[int], made_tokens: Callable[[], int] | None, every_seconds: float) -> None:
        self._pids, self._made_tokens, self._every_seconds = pids, made_tokens, every_seconds
        self.samples: list[Sample] = []
        self._grown = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join(PATIENCE_SECONDS)

    def _look(self) -> None:
        while not self._is_over:
            tokens = self._made_tokens() if self._made_tokens else 0
            sample = Sample(time.time_ns() // 1000, cpu_ns(self._pids), tokens)
            with self._grown:
                self.samples.append(sample)
                self._grown.notify_all()
            time.sleep(self._every_seconds)

    def until_at_work(self, seconds: float) -> None:
        """Wait until the engine has computed for so long since it is watched."""
        self.until(lambda: sum(later.at - sooner.at for sooner, later in self._at_work()) >= seconds * 1e6)

    def until_at_rest(self) -> None:
        """Wait until the engine has not worked for a while."""
        self.until(lambda: bool(self.samples) and self.samples[-1].at - self.worked_until() > REST_SECONDS * 1e6)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is asked at every look."""
        with self._grown:
            assert self._grown.wait_for(holds, PATIENCE_SECONDS), f"{len(self.samples)} looks, last {self.samples[-1:]}"

    def worked_until(self) -> Moment:
        """The last moment at which the engine was seen computing; the first look if it never was."""
        return max((later.at for _, later in self._at_work()), default=self.samples[0].at)

    def cpu_seconds_between(self, begin: Moment, end: Moment) -> float:
        """CPU time that the engine spent between two moments, to a look."""
        return (self._at(end).cpu_ns - self._at(begin).cpu_ns) / 1e9

    def tokens_at(self, moment: Moment) -> int:
        """Tokens made by then, to a look."""
        return self._at(moment).tokens

    def _at(self, moment: Moment) -> Sample:
        """The last look up to a moment; the first one when there is none."""
        return next((sample for sample in reversed(self.samples) if sample.at <= moment), self.samples[0])

    def _at_work(self) -> Iterator[tuple[Sample, Sample]]:
        """The pairs of looks between which the engine computed."""
        pairs = itertools.pairwise(list(self.samples))  # a copy: the thread goes on adding
        return (pair for pair in pairs if self._has_worked(*pair))

    def _has_worked(self, sooner: Sample, later: Sample) -> bool:
        if self._made_tokens:
            return later.tokens > sooner.tokens
        return later.cpu_ns - sooner.cpu_ns > WORKING_SHARE * (later.at - sooner.at) * 1000

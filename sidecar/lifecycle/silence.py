"""When the silence of callers may be believed: not after a time in which nobody could be heard, nor when all fall silent at once.

Clocks step, machines are suspended, ledgers are unreachable, and then every lease has lapsed by the look of it, although nobody
has gone. A false cancel destroys paid work; a late one costs a little more of what is being wasted anyway.
"""

from collections import deque
from typing import Final

from sidecar.clock import SECOND, Moment

STEP_SECONDS: Final = 5.0
"""Two clocks that part by more than this did not drift: one was set, or the machine slept and the monotonic one stood still."""
MISSED_BEATS: Final = 3
"""So many times the longest pause that we make by ourselves: we were not running, and heard nobody."""

LEAST_CROWD: Final = 20
"""So few may fall silent at once, however few there are."""
CROWD_PART: Final = 0.5
"""More than this part of all that run is no coincidence."""
CROWD_SECONDS: Final = 10.0
"""What lapses within this time lapses at once: polls, and so lapses, are spread over the interval of the polling."""


class Listening:
    """From when on we have been hearing callers without a break. Told the ledger's clock and a monotonic one, again and again."""

    def __init__(self, now: Moment, monotonic_ns: int, beat_seconds: float) -> None:
        """`beat_seconds` is the longest time between two calls of `heard` while all is well."""
        self.since = now
        self._now = now
        self._monotonic_ns = monotonic_ns
        self._longest_seconds = max(STEP_SECONDS, MISSED_BEATS * beat_seconds)
        self._was_deaf = False

    def now(self, monotonic_ns: int) -> Moment:
        """The ledger's present moment, told by the monotonic clock since the ledger was last asked."""
        return self._now + max(0, monotonic_ns - self._monotonic_ns) // 1_000

    def heard(self, now: Moment, monotonic_ns: int) -> str:
        """What the ledger's clock says. Returns why nobody could be heard until now, for people; empty when all is well."""
        stepped = (now - self.now(monotonic_ns)) / SECOND
        paused = (monotonic_ns - self._monotonic_ns) / 1e9
        self._now, self._monotonic_ns = now, monotonic_ns
        why = self._why(stepped, paused)
        self._was_deaf = False
        if why:
            self.since = now
        return why

    def deafened(self) -> None:
        """Callers can't be heard: the ledger, in which their polls are written, could not be used."""
        self._was_deaf = True

    def _why(self, stepped: float, paused: float) -> str:
        if abs(stepped) > STEP_SECONDS:
            return f"the ledger's clock stepped by {stepped:+.0f} s"
        if paused > self._longest_seconds:
            return f"the sidecar did not run for {paused:.0f} s"
        return "the ledger could not be used" if self._was_deaf else ""


class Crowd:
    """A breaker: when too many leases lapse at once, for want of polls alone, it asks to wait for one more lease, once."""

    def __init__(self) -> None:
        self._lapsed: deque[tuple[Moment, int]] = deque()
        self.held_until: Moment = 0
        self._armed_from: Moment = 0

    def is_suspicious(self, lapsing: int, running: int, now: Moment, lease_seconds: float) -> bool:
        """Whether to hold back until `held_until`, one lease from now.

        `lapsing` callers fell silent in this sweep, of `running`. Who is silent still when the wait is over is gone: for one
        lease more the breaker lets all pass, and then it is armed again.
        """
        while self._lapsed and self._lapsed[0][0] < now - CROWD_SECONDS * SECOND:
            self._lapsed.popleft()
        recently = sum(count for _, count in self._lapsed)
        if lapsing:
            self._lapsed.append((now, lapsing))
        if not lapsing or now < self._armed_from:
            return False
        if recently + lapsing <= max(LEAST_CROWD, CROWD_PART * (running + recently)):
            return False
        lease = int(lease_seconds * SECOND)
        self.held_until, self._armed_from = now + lease, now + 2 * lease
        self._lapsed.clear()
        return True

"""A lease: the caller's promise to be back before a moment. How long it is, how it is asked for and learned, and when it lapses.

Too long a lease costs a late cancel; too short a one costs paid work that somebody was waiting for. So in doubt it is long.
"""

import re
from typing import Final

import msgspec

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.operation_record import OperationRecord

POLLS_IN_A_LEASE: Final = 5
"""A lease is as long as so many of the pauses that its caller makes: one late poll, or three lost ones, are no departure."""
LONGEST_LEARNED_SECONDS: Final = 86_400.0
"""No habit makes a lease longer than a day: a laptop that slept over a weekend has no habit of polling once in two days."""
FORGETTING: Final = 1 / 8
"""Part of the way by which a shorter pause draws the remembered one down: a single long one is forgotten in some thirty polls."""
SHRINKS_BY: Final = 0.75
"""A lease shrinks only when it may shrink by a quarter, so that jitter does not rewrite it with every poll."""

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 30 * 86_400.0
"""What a caller may ask for. Nothing that is known of runs for longer than a month."""
UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AMOUNT: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd]?)")


def lease_in(text: str) -> float:
    """Seconds that the value of `X-Sidecar-Lease` asks for: `90`, `90s`, `5m`, `2h`, `1d`.

    Raises:
        ValueError: it is none of these, or too short or too long. The sentence follows upon the header's name.
    """
    found = _AMOUNT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("must be seconds, or a number with a unit such as 90s, 5m, 2h")
    seconds = float(found[1]) * UNITS[found[2]]
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise ValueError("must be between 1s and 30d")
    return seconds


class Habit(msgspec.Struct, frozen=True):
    """How a caller polls, as far as this process has seen it."""

    polled_at: Moment | None = None
    """When last, in microseconds of whatever clock `polled` is told; None before the first."""
    pause_seconds: float = 0.0
    """The longest pause between two polls of late: a longer one counts at once, shorter ones draw it down bit by bit.

    The longest and not the mean, because it is the longest pause that a lease must outlast.
    """

    def polled(self, at: Moment) -> "Habit":
        """The habit after one more poll. A clock that stepped back says nothing of the pause."""
        if self.polled_at is None or at <= self.polled_at:
            return Habit(at, self.pause_seconds)
        pause = (at - self.polled_at) / SECOND
        drawn_down = self.pause_seconds + (pause - self.pause_seconds) * FORGETTING
        return Habit(at, max(pause, drawn_down))

    def term_seconds(self, lease_seconds: float, least_seconds: float | None = None) -> float:
        """How long the lease should be that is now `lease_seconds`.

        It grows at once. It shrinks, never below `least_seconds`, only where that is given: what was learned before a restart is
        better than what has not been learned yet.
        """
        learned = min(POLLS_IN_A_LEASE * self.pause_seconds, LONGEST_LEARNED_SECONDS)
        if learned >= lease_seconds or least_seconds is None:
            return max(learned, lease_seconds)
        shorter = max(learned, least_seconds)
        return shorter if shorter <= lease_seconds * SHRINKS_BY else lease_seconds


def lapses_at(record: OperationRecord, watched_from: Moment) -> Moment:
    """The moment at which an operation's lease lapses, unless its caller is heard of before.

    Silence counts only from `watched_from` on, when somebody began to listen: our own start, a take-over, or the end of a time in
    which we were deaf. So every caller has one full lease from there.
    """
    return max(record.renewed_at, watched_from) + int(record.lease_seconds * SECOND)

"""The only file that reads a clock.

A *moment* is a whole number of microseconds since the Unix epoch, UTC. Moments are compared and subtracted as
integers and become text (RFC 3339) only where people read them. Durations measured for latency use
`monotonic_ns`, which never steps back.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

Moment = int
"""Microseconds since 1970-01-01T00:00:00Z."""

SECOND: Moment = 1_000_000
MILLISECOND: Moment = 1_000


class Clock(Protocol):
    """What the program asks for the time; tests pass one that they move by hand."""

    def now(self) -> Moment:
        """The present moment."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary point; never goes back."""
        ...


class SystemClock:
    """The machine's clocks, asked anew at every call so that freezegun's frozen time is seen."""

    def now(self) -> Moment:
        """The present moment, from the wall clock."""
        return time.time_ns() // 1_000

    def monotonic_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return time.perf_counter_ns()


FIRST: Moment = -62_135_596_800 * SECOND
"""The beginning of the year 1."""
LAST: Moment = 253_402_300_800 * SECOND - 1
"""The end of the year 9999."""


def seconds_between(earlier: Moment, later: Moment) -> float:
    """Seconds from one moment to another; a clock that stepped back gives 0.0, never a negative duration."""
    return max(0, later - earlier) / SECOND


def rfc3339(moment: Moment) -> str:
    """A moment as RFC 3339 text in UTC with microseconds: `2026-11-20T10:00:00.000000Z`.

    One that lies outside of the years 1 to 9999, for which there are no words, is told as the first or the last of them: it comes
    out of a database in which somebody else has written, and must not keep the other rows from being shown.
    """
    seconds, micros = divmod(min(max(FIRST, moment), LAST), SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{micros:06d}Z"


def from_rfc3339(text: str) -> Moment:
    """The moment that RFC 3339 text names; text without a zone is taken as UTC.

    Raises:
        ValueError: the text is not a date and time.
    """
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    whole = stamp.replace(microsecond=0)
    return int(whole.timestamp()) * SECOND + stamp.microsecond

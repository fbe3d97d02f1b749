"""What was asked about operations, by whom and with what answer: so that a test can say "cancelled exactly once".

Of a credential only its digest is kept. Lines are bounded, the counts that stand with each operation are not.
"""

from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from sidecar.clock import Moment
from sidecar.simulator.bill import money

MOST_LINES = 100_000


class Line(msgspec.Struct, frozen=True, gc=False):
    """One request about an operation."""

    at: Moment
    what: str
    """`create`, `poll`, `cancel` or `results`."""
    operation: str
    """Its id; empty when the create was declined."""
    tag: str
    """Of the create request."""
    credential: str
    """SHA-256 of the credential, hexadecimal; empty when there was none."""
    answer: int | None
    """HTTP status; None when the connection was broken instead."""


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """One cancel of an operation."""

    at: Moment
    answer: int
    """HTTP status."""
    credential: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One operation and what was asked about it, as it stood when the picture was taken."""

    id: str
    tag: str
    """The create request's `X-Simulator-Call`."""
    family: str
    kind: str
    model: str
    credential: str
    """Digest of the credential of the create."""
    state: str
    """Where it truly stands (`phase.py`), whatever replies say."""
    created_at: Moment
    ended_at: Moment | None
    """When its work ended for good."""
    finished_how: str | None
    cancels: tuple[Cancel, ...]
    polls: int
    """How often somebody asked how it stands; listings do not count."""
    last_polled_at: Moment | None
    results_read: int
    usd: Decimal
    """The bill by now."""

    def as_object(self) -> dict[str, Any]:
        """For JSON; money is text."""
        return {**msgspec.structs.asdict(self), "usd": money(self.usd)}


class Asked(msgspec.Struct):
    """What was asked about one operation so far."""

    cancels: tuple[Cancel, ...] = ()
    polls: int = 0
    last_polled_at: Moment | None = None
    results_read: int = 0


class Journal:
    """The last lines, oldest first."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=MOST_LINES)

    @property
    def lines(self) -> tuple[Line, ...]:
        """A copy that does not change any more."""
        return tuple(self._lines)

    def write(self, line: Line, asked: Asked | None = None) -> None:
        """Add a line, and count it with its operation."""
        self._lines.append(line)
        if asked is None:
            return
        if line.what == "cancel" and line.answer is not None:
            asked.cancels += (Cancel(line.at, line.answer, line.credential),)
        elif line.what == "poll":
            asked.polls, asked.last_polled_at = asked.polls + 1, line.at
        elif line.what == "results":
            asked.results_read += 1

"""What a tagged call has come to, for tests that wait for a signal rather than sleep.

The handshake of a socket names the socket; its turns are `<tag>/1`, `<tag>/2` and so on. A socket is `received` with its
handshake, `caller_left` when its caller ended it, and `billed` when it is over and so are its turns.
"""

import asyncio
from collections import defaultdict
from enum import StrEnum


class Milestone(StrEnum):
    """A moment in the life of a call that can be waited for."""

    RECEIVED = "received"
    """The request was read whole."""
    FIRST_BYTE = "first_byte"
    """The first byte of the reply was written."""
    HELD = "held"
    """The work has come to the step at which its script holds it, and waits to be released."""
    CALLER_LEFT = "caller_left"
    """The caller's connection ended before its reply did."""
    CANCEL_ASKED = "cancel_asked"
    """Somebody has asked to cancel the operation, and was answered."""
    FINISHED = "finished"
    """The work ended, in whatever way."""
    BILLED = "billed"
    """The entry is on the bill: the call is over for the simulator."""


class Milestones:
    """Remembers which tagged call has reached what. A tag that is used twice has reached what either call has reached."""

    def __init__(self) -> None:
        self._reached: defaultdict[tuple[str, Milestone], asyncio.Event] = defaultdict(asyncio.Event)

    def reach(self, tag: str, milestone: Milestone) -> None:
        """Note it, and wake those who wait for it. Calls without a tag are not remembered."""
        if tag:
            self._reached[tag, milestone].set()

    async def wait(self, tag: str, milestone: Milestone) -> None:
        """Return when the call has reached the milestone; at once when it already has."""
        await self._reached[tag, milestone].wait()

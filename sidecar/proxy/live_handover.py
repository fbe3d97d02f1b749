"""When is an answer of a socket handed over? When its last byte was acknowledged, and no reset followed at once.

As `handover.py` has it; but here more may have been written behind it since, and nobody waits for the queue to be empty.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.clock import Clock, Moment
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy import handover
from sidecar.proxy.live_steps import Word

if TYPE_CHECKING:
    from sidecar.proxy.live_call import LiveCall


class LiveHandover:
    """The answers of one socket whose last byte was written and whose arrival is not yet sure."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Clock, written: Callable[[], int], taken: Callable[[], int]
    ) -> None:
        """Two figures in bytes: what was written to the caller so far, and what of it its kernel has acknowledged."""
        self._loop, self._clock = loop, clock
        self._written, self._taken = written, taken
        self._fresh: list[LiveCall] = []
        self._ripe: list[LiveCall] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: "LiveCall") -> None:
        """Watch an answer, of which the last byte has just been written, until it is handed over or lost."""
        call.end_at = self._written()
        self._fresh.append(call)
        if self._timer is None:
            self._timer = self._loop.call_later(handover.WAIT_SECONDS, self._look)

    def asked_again(self) -> None:
        """The caller asks for another answer: it has read those that its kernel had taken, whatever a reset says then."""
        if self._fresh or self._ripe:
            taken, now = self._taken(), self._clock.now()
            self._fresh = self._not_there(self._fresh, taken, now)
            self._ripe = self._not_there(self._ripe, taken, now)

    def end(self, reason: LeftReason) -> None:
        """The caller's connection ends: what it has it has, and the rest is left."""
        waiting, self._fresh, self._ripe = self._ripe + self._fresh, [], []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        taken, now = self._taken() if reason is not LeftReason.RST and waiting else 0, self._clock.now()
        for call in waiting:
            if call.end_at <= taken:
                call.tell(Word.HANDED_OVER, now)
            else:
                call.left(reason, now, None, is_held=False)

    def _look(self) -> None:
        waiting = self._not_there(self._ripe, self._taken(), self._clock.now())  # how long they may: see live_sweep.py
        self._ripe, self._fresh = waiting + self._fresh, []
        self._timer = self._loop.call_later(handover.WAIT_SECONDS, self._look) if self._ripe else None

    def _not_there(self, calls: "list[LiveCall]", taken: int, now: Moment) -> "list[LiveCall]":
        """Those that are still on their way, once the others are handed over."""
        for call in calls:
            if call.end_at <= taken:
                call.tell(Word.HANDED_OVER, now)
        return [call for call in calls if call.end_at > taken]

"""When is a reply handed over? When the caller's kernel has acknowledged its last byte, and no reset followed at once.

That the process read it can't be known. But a program that dies with bytes unread makes its kernel send a reset, so a
short wait tells the one from the other; and a next request on the same connection ends the wait: who asks again has read.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from sidecar.proxy.kept import release

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange

WAIT_SECONDS = 0.02
"""A reply waits between one and two of these. It delays only the record, never the caller."""
AT_ONCE = 32
"""Calls settled in a row: half a millisecond."""


class Handover:
    """Replies whose last byte was written and whose arrival is not yet sure."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._fresh: list[Exchange] = []
        self._ripe: list[Exchange] = []
        self._read: deque[Exchange] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: "Exchange") -> None:
        """Watch a reply until it is handed over or lost."""
        self._fresh.append(exchange)
        if self._timer is None:
            self._timer = self._loop.call_later(WAIT_SECONDS, self._look)

    def was_read(self, exchange: "Exchange") -> None:
        """The caller asks again on the same connection: this reply is handed over. It settles with the others, soon."""
        exchange.forget_caller()
        if exchange.kept is not None:
            release(exchange)  # nobody wants it now, and it is in the processor's cache still
        self._read.append(exchange)

    def settle_read(self) -> None:
        """Settle all that is known to be read, at once."""
        while self._read:
            self._read.popleft().handed_over()

    def _settle_some(self) -> None:
        """Settle what is known to be read: many one after another take half the time of each between two exchanges (measured).

        Few enough that no call waits long behind them.
        """
        for _ in range(min(len(self._read), AT_ONCE)):
            self._read.popleft().handed_over()
        if self._read:
            self._loop.call_soon(self._settle_some)

    def _look(self) -> None:
        ripe, self._ripe, self._fresh = iter(self._ripe), self._fresh, []
        try:
            self._settle_some()
            for exchange in ripe:
                if not exchange.awaits_handover:
                    continue
                if exchange.reply.unacknowledged():
                    self._ripe.append(exchange)  # how long it may: see sweep.py
                else:
                    exchange.handed_over()
        finally:  # one that can't be settled (a fault of ours, and in the log) takes no other along
            self._ripe.extend(ripe)  # those that were not come to
            waits = self._ripe or self._fresh or self._read
            self._timer = self._loop.call_later(WAIT_SECONDS, self._look) if waits else None

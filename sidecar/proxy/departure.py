"""Has the caller left? Weighs what was seen of its end of the connection, for one exchange.

A reset is leaving. A FIN is leaving when the caller's socket is gone, and nothing yet when it is still held: it has only
finished speaking (RFC 9112 section 9.6). Where the kernel can't be asked, the setting `calls.half_close` decides.
"""

import asyncio
from typing import TYPE_CHECKING

from sidecar.callers.peer import PeerEnd
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.leaving import left

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange

RECHECKS_SECONDS = (0.005, 0.05)
"""A closing process sends its FIN a moment before its socket is let go: a socket found held is looked at again so soon, and
found gone then, it was gone at the FIN."""
WATCH_SECONDS = 0.25
"""How often a half-closed caller is looked at from then on: its leaving sends nothing more."""


class Departure:
    """What is known about the end of the caller's connection during one exchange."""

    __slots__ = ("_exchange", "_fin_at", "_looks", "_timer")

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._fin_at: int | None = None
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None

    def fin(self) -> None:
        """The caller will send nothing more."""
        if self._fin_at is None:
            self._fin_at = self._exchange.context.clock.now()
            self._look()

    def was_followed(self) -> None:
        """The caller's SDK has sent the next attempt of this call: it has left this one, and its FIN is still on its way."""
        self.stop()
        left(self._exchange, LeftReason.FIN, self._exchange.context.clock.now(), has_arrived=False)

    def left(self, reason: LeftReason) -> None:
        """The caller is gone for certain."""
        self.stop()
        left(self._exchange, reason, self._exchange.context.clock.now())

    def stop(self) -> None:
        """The exchange has ended, or its caller is known to be gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        exchange = self._exchange
        downstream, fin_at = exchange.downstream, self._fin_at
        if downstream is None or fin_at is None:
            return
        end = exchange.context.peers.end_of(downstream.sockname, downstream.peername)
        if end is PeerEnd.HELD:
            self._look_again()
        elif end is PeerEnd.GONE:
            is_late = self._looks > len(RECHECKS_SECONDS)
            left(exchange, LeftReason.FIN, exchange.context.clock.now() if is_late else fin_at)
        elif exchange.context.limits.takes_fin_as_leaving:
            left(exchange, LeftReason.FIN, fin_at, may_only_be_half=True)

    def _look_again(self) -> None:
        delay = RECHECKS_SECONDS[self._looks] if self._looks < len(RECHECKS_SECONDS) else WATCH_SECONDS
        self._looks += 1
        self._timer = self._exchange.context.loop.call_later(delay, self._look)

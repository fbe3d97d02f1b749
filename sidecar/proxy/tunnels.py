"""A blind tunnel: bytes pass both ways between a caller and the host that it named, counted and not read."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.callers.peer import PeerEnd
from sidecar.errors import RequestRefused
from sidecar.proxy.bounds import over
from sidecar.proxy.connecting import Blind
from sidecar.proxy.doorway import GRANTED
from sidecar.proxy.failures import Unreachable
from sidecar.proxy.places import Places
from sidecar.proxy.target import Address
from sidecar.proxy.tunnel_dialing import TunnelDial
from sidecar.proxy.tunnel_end import TunnelEnd
from sidecar.telemetry.sockets import ConnectResult, Direction

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

IDLE_SECONDS = 3600.0
"""A tunnel through which nothing has passed for so long is ended, as Envoy does. Long, because what is asked inside may be a
model that thinks, and nobody can see that from here."""

Refuse = Callable[[RequestRefused], None]


class Tunnel:
    """Two ends, from the moment in which the caller's connection carries no HTTP any more."""

    def __init__(
        self, context: "Context", near: asyncio.Transport, way: Blind, places: Places[Address], refuse: Refuse | None
    ) -> None:
        """`refuse` answers a caller whose host can't be reached; None where it was told already that the tunnel is open."""
        self._context = context
        self._way = way
        self._places = places
        self._refuse = refuse
        self._cells = context.recorder.tunnels
        counted, limits = self._cells.bytes, context.limits
        self.near = TunnelEnd(
            self, counted[Direction.TO_PROVIDER], "calls.write_stall_seconds", limits.write_stall_seconds
        )
        self.far = TunnelEnd(
            self, counted[Direction.TO_CALLER], "limits.upstream_stall_seconds", limits.upstream_stall_seconds
        )
        self.near.other, self.far.other = self.far, self.near
        self.near.take(near)
        self.passed = 0
        """Bytes, in both directions."""
        self._seen = 0, context.clock.monotonic_ns()
        self._first = b""
        self._has_place = self._is_open = False

    def begin(self, first: bytes) -> None:
        """Reach the host. `first` is what the caller has sent for it; no more is read until it is there."""
        assert self.near.transport is not None
        self._first = first
        self.near.transport.pause_reading()
        self.near.transport.set_protocol(self.near)
        self._context.passages.add(self)
        self._task = self._context.loop.create_task(self._reach())

    def look(self, now_ns: int) -> None:
        """The sweep's look: whether an end stands still, or nothing has passed for long. Reaching has a timeout of its own.

        A caller that only half-closed may read on; that its socket is gone the host would not learn while it has nothing to say.
        """
        if not self._is_open:
            return
        if self.near.has_ended and self._context.peers.end_of(*self.near.addresses()) is PeerEnd.GONE:
            self.break_off()
        for end in (self.near, self.far):
            if end.is_stalled(now_ns):
                self._context.recorder.limit_reached(end.limit)
                self.break_off()
        passed, since_ns = self._seen
        if passed != self.passed:
            self._seen = self.passed, now_ns
        elif now_ns - since_ns >= IDLE_SECONDS * 1e9:
            self.end()

    def end(self) -> None:
        """End it: what waits is written, if it is taken at once."""
        for end in (self.near, self.far):
            end.close()

    def break_off(self) -> None:
        """Break both ends, so that neither takes a part for the whole."""
        for end in (self.near, self.far):
            end.break_off()

    # === reaching the host ===

    async def _reach(self) -> None:
        place, context = self._way.place, self._context
        try:
            self._take_place()
            await context.pool.dialer.in_time(TunnelDial(context.pool.dialer, place, self.far, context.own_ports))
        except RequestRefused as refused:
            self._unreached(refused)
        except Unreachable as why:
            self._unreached(RequestRefused(502, why.sentence))

    def _take_place(self) -> None:
        """There are as many to one host as connections to an upstream.

        Raises:
            RequestRefused: one too many.
        """
        self._has_place = self._places.take(self._way.place)
        if not self._has_place:
            most, limit = self._context.limits.max_upstream_connections, "limits.max_upstream_connections"
            raise over(self._context, limit, 503, f"there are {most} tunnels to {self._way.place[0]} already")

    def reached(self) -> None:
        """The far end is there: the caller is told, before anything that comes from there."""
        near = self.near.transport
        if near is None or near.is_closing():  # it has left meanwhile
            self.far.break_off()
            return
        self._is_open = True
        self._cells.open.value += 1
        self._cells.asked(self._way.counts_as)
        if self._refuse is not None:
            near.write(GRANTED)
        if self._first:
            self.near.data_received(self._first)
        self.near.read_on()
        self.far.read_on()

    def _unreached(self, refused: RequestRefused) -> None:
        """The caller is answered as by any proxy, or finds its connection broken, where it was told that it has a tunnel."""
        self._cells.asked(ConnectResult.REFUSED if refused.status == 403 else ConnectResult.FAILED)
        if self._refuse is None or self.near.transport is None:
            self.break_off()
            return
        self.near.transport = None
        self._give_up_place()
        self._refuse(refused)

    # === its end ===

    def lost(self, end: TunnelEnd, *, is_broken: bool) -> None:
        """An end is gone, and the other has nobody to talk to: it is given what it has still to be given, if nothing broke."""
        if end.other.transport is None:
            self._ended()
        elif is_broken:
            end.other.break_off()
        else:
            end.other.close()

    def _ended(self) -> None:
        self._task.cancel()
        self._cells.open.value -= self._is_open
        self._is_open = False
        self._give_up_place()

    def _give_up_place(self) -> None:
        self._context.passages.discard(self)
        if self._has_place:
            self._has_place = False
            self._places.free(self._way.place)

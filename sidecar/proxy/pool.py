"""Connections to providers, kept for the next exchange.

A connection is reused only when its last exchange ended cleanly on both sides and nothing has come on it since: a byte
that arrived early belongs to nobody, and handing it to the next caller is how answers get mixed up. The newest is taken
first, so that those that are not needed grow old and are closed.
"""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from sidecar.config.egress import Egress
from sidecar.lifecycle.policy import CutUpstream
from sidecar.proxy.bounds import over
from sidecar.proxy.descriptors import ceiling
from sidecar.proxy.destination import Endpoint
from sidecar.proxy.dialing import Dialer
from sidecar.proxy.failures import Unreachable
from sidecar.proxy.places import Line, Places
from sidecar.proxy.pooled import PooledUpstream
from sidecar.proxy.upstream import Upstream

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.upstream import Served

SWEEP_SECONDS = 5.0
"""How often idle connections are looked over."""

SPREAD = 0.25
"""The part of a connection's age in which its end is drawn, so that those made in one burst are not made anew in one."""
GOLDEN = 0.618034
"""Multiples of it, without their whole part, spread evenly from the first few on."""

NO_CONNECTION = CutUpstream("no_upstream_connection")


class Pool:
    """The connections to every endpoint: those that are idle, those being made, and who waits for one."""

    def __init__(self, context: "Context", egress: Egress = Egress()) -> None:  # noqa: B008  frozen
        limits = context.limits
        self._context = context
        self.dialer = Dialer(context, egress)
        self._idle: dict[Endpoint, list[Upstream]] = {}
        self._most_idle = (
            min(limits.max_idle_upstream_connections, ceiling() // 8) if limits.upstream_idle_seconds else 0
        )
        self._connecting: dict[Served, tuple[asyncio.Task[None], PooledUpstream]] = {}
        self._places: Places[Endpoint] = Places(limits.max_upstream_connections)
        self._line: Line[Served, Endpoint] = Line()
        self._made = 0
        self._sweeper: asyncio.TimerHandle | None = None
        self._usher: asyncio.TimerHandle | None = None
        context.recorder.program.upstream_connections = self.connections

    # === what exchanges ask ===

    def connect(self, exchange: "Served", endpoint: Endpoint) -> None:
        """Give the exchange a connection: at once when one is idle, else when it is made (`connected`, `broken`, `cut`)."""
        idle = self._idle.get(endpoint)
        while idle:
            upstream = idle.pop()
            if upstream.is_reusable():
                exchange.connected(upstream)
                return
            upstream.abort()
        if not self._line.at(endpoint) and self._places.take(endpoint):
            self._dial(exchange, endpoint)
        else:
            self._wait(exchange, endpoint)

    def give_up(self, exchange: "Served") -> None:
        """Connect no more for an exchange that no longer wants it."""
        attempt = self._connecting.pop(exchange, None)
        if attempt is not None:
            attempt[0].cancel()
        elif self._line:
            self._line.leave(exchange)

    def release(self, released: Upstream) -> None:
        """Take a connection back whose exchange ended cleanly."""
        upstream = cast(PooledUpstream, released)  # there are no others
        upstream.transport.resume_reading()  # its last caller may have been slow; an idle connection's end must be seen
        now_ns = upstream.idle_since_ns = self._context.clock.monotonic_ns()
        if now_ns >= upstream.expires_at_ns:
            self._context.recorder.limit_reached("limits.upstream_max_age_seconds")
            upstream.close()
        elif self._usher is not None and self._line.at(upstream.endpoint):
            self._context.loop.call_soon(self._hand_over, upstream)  # not amid the reply that has just ended
        else:
            self._keep(upstream)

    # === what connections tell ===

    def forget(self, upstream: Upstream) -> None:
        """An idle connection was closed by the other side."""
        idle = self._idle.get(upstream.endpoint)
        if idle and upstream in idle:
            idle.remove(upstream)

    def lost(self, upstream: PooledUpstream) -> None:
        """A connection has ended, whatever it did: there is room for another."""
        if upstream.has_place:
            upstream.has_place = False
            self._places.free(upstream.endpoint)
            self._serve(upstream.endpoint)

    # === what the program asks ===

    def connections(self) -> dict[tuple[str, str], int]:
        """How many there are now, by the upstream's name and what they do; `waiting` are exchanges that have none."""
        counts = {
            (destination.name, state): 0
            for destination in self._context.destinations.values()
            for state in ("idle", "busy", "connecting", "waiting")
        }

        def add(endpoint: Endpoint, state: str, count: int) -> None:
            counts[endpoint.upstream, state] = counts.get((endpoint.upstream, state), 0) + count

        for endpoint, taken in self._places.taken.items():
            idle = len(self._idle.get(endpoint, ()))
            connecting = sum(upstream.endpoint == endpoint for _, upstream in self._connecting.values())
            add(endpoint, "idle", idle)
            add(endpoint, "connecting", connecting)
            add(endpoint, "busy", taken - idle - connecting)
            add(endpoint, "waiting", self._line.at(endpoint))
        return counts

    def close(self) -> None:
        """Close what is idle, stop what is connecting, and keep nothing from here on."""
        self._most_idle = 0
        for exchange in list(self._connecting):
            self.give_up(exchange)
        self._line.clear()
        self.dialer.close()
        for idle in self._idle.values():
            for upstream in idle:
                upstream.close()
        self._idle.clear()
        for timer in (self._sweeper, self._usher):
            if timer is not None:
                timer.cancel()
        self._sweeper = self._usher = None

    # === making one ===

    def _dial(self, exchange: "Served", endpoint: Endpoint) -> None:
        """Begin a connection, for which a place was taken."""
        upstream = PooledUpstream(self._context, endpoint)
        task = self._context.loop.create_task(self._open(exchange, upstream))
        self._connecting[exchange] = task, upstream
        task.add_done_callback(partial(self._dialed, upstream))

    async def _open(self, exchange: "Served", upstream: PooledUpstream) -> None:
        """Make a connection; what went wrong becomes a sentence for the caller."""
        try:
            await self.dialer.dial(upstream)
        except Unreachable as why:
            del self._connecting[exchange]
            exchange.broken(why.error, why.sentence)
            return
        del self._connecting[exchange]
        self._made += 1
        age_seconds = self._context.limits.upstream_max_age_seconds * (1 - SPREAD * (self._made * GOLDEN % 1))
        upstream.expires_at_ns = self._context.clock.monotonic_ns() + int(age_seconds * 1e9)
        exchange.connected(upstream)

    def _dialed(self, upstream: PooledUpstream, _: "asyncio.Task[None]") -> None:
        """An attempt is over, perhaps before its first step: what came to nothing gives its place back.

        A connection that is given up in the moment in which it is made is closed by uvloop without `connection_lost`.
        """
        is_made = upstream.expires_at_ns > 0
        self._context.recorder.upstream_connect(upstream.endpoint.upstream, "made" if is_made else "failed")
        if not is_made:
            self.lost(upstream)

    # === keeping one ===

    def _keep(self, upstream: Upstream) -> None:
        idle = self._idle.setdefault(upstream.endpoint, [])
        if len(idle) >= self._most_idle:
            if self._most_idle:
                self._context.recorder.limit_reached("limits.max_idle_upstream_connections")
            upstream.close()
            return
        idle.append(upstream)
        if self._sweeper is None:
            self._sweeper = self._context.loop.call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long: it stands in front, as the newest is taken first."""
        now_ns = self._context.clock.monotonic_ns()
        oldest_ns = now_ns - int(self._context.limits.upstream_idle_seconds * 1e9)
        for endpoint, idle in self._idle.items():
            kept = [upstream for upstream in idle if upstream.idle_since_ns >= oldest_ns]
            for upstream in idle[: len(idle) - len(kept)]:
                self._context.recorder.limit_reached("limits.upstream_idle_seconds")
                upstream.close()
            self._idle[endpoint] = kept
        anything = any(self._idle.values())
        self._sweeper = self._context.loop.call_later(SWEEP_SECONDS, self._sweep) if anything else None

    # === waiting for one ===

    def _wait(self, exchange: "Served", endpoint: Endpoint) -> None:
        """Come last in the line. All wait equally long, so one timer is enough."""
        seconds = self._context.limits.connect_seconds
        self._line.add(exchange, endpoint, self._context.clock.monotonic_ns() + int(seconds * 1e9))
        if self._usher is None:
            self._usher = self._context.loop.call_later(seconds, self._end_waits)

    def _hand_over(self, upstream: PooledUpstream) -> None:
        """Give a connection that was released to whoever is first in line now."""
        if not upstream.is_reusable():
            upstream.abort()  # its end makes room
            return
        exchange = self._line.next(upstream.endpoint)
        if exchange is None:
            self._keep(upstream)
        else:
            exchange.connected(upstream)

    def _serve(self, endpoint: Endpoint) -> None:
        """There is room for a connection: whoever is first in line makes one."""
        while self._line.at(endpoint) and self._places.take(endpoint):
            exchange = self._line.next(endpoint)
            assert exchange is not None
            self._dial(exchange, endpoint)

    def _end_waits(self) -> None:
        """Answer those that have waited for too long."""
        now_ns = self._context.clock.monotonic_ns()
        limits = self._context.limits
        for exchange in self._line.late(now_ns):
            problem = (
                f"upstream {exchange.admission.destination.name}: all {limits.max_upstream_connections} connections "
                f"were busy for {limits.connect_seconds:g} s"
            )
            refused = over(self._context, "limits.max_upstream_connections", 503, problem)
            exchange.cut(NO_CONNECTION, refused.status, refused.problem)
        next_ns = self._line.next_late_ns()
        self._usher = (
            None
            if next_ns is None
            else self._context.loop.call_later(max(0.0, (next_ns - now_ns) / 1e9), self._end_waits)
        )

"""One timer for everything that takes too long: it looks over all connections and calls, so that none needs a timer of its own.

What is found is found up to one period late, which nobody minds where the time allowed is seconds.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sidecar.callers.peer import PeerEnd, acknowledged_bytes, unacknowledged_bytes
from sidecar.lifecycle.call import Downstream as Caller, Upstream as Provider
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import CutUpstream
from sidecar.proxy.bounds import over
from sidecar.proxy.leaving import left
from sidecar.proxy.live_sweep import LiveSweep
from sidecar.proxy.stall import Standstill

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.exchange import Exchange

PERIOD_SECONDS = (0.01, 1.0)
"""Between two looks: at least, and at most."""
LOOKS = 4
"""So many looks in the shortest time allowed."""

SLEPT_SECONDS = 0.5
"""A look that comes so much too late says that we slept, or that something held up the loop: the next one judges."""

BODY_STALLED = CutUpstream("request_stalled")
UPSTREAM_STALLED = CutUpstream("upstream_stalled")

WRITTEN_TO = frozenset({Caller.RECEIVING, Caller.GONE})
"""Where a reply is on its way; also to a caller that is gone unless it had only half-closed."""


class Sweep:
    """Looks every now and then who is idle, late, or standing still, and ends that."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        limits = context.limits
        self._bodies: Standstill[Downstream] = Standstill(limits.request_progress_seconds)
        self._readers: Standstill[Downstream] = Standstill(limits.write_stall_seconds)
        self._uploads: Standstill[Exchange] = Standstill(limits.upstream_stall_seconds)
        self._sockets = LiveSweep(context)
        shortest = min(
            limits.request_head_seconds,
            limits.request_progress_seconds,
            limits.upstream_stall_seconds,
            limits.write_stall_seconds,
            limits.live.idle_seconds or limits.write_stall_seconds,
        )
        least, most = PERIOD_SECONDS
        self._period_seconds = max(least, min(most, shortest / LOOKS))
        self._timer: asyncio.TimerHandle | None = None
        self._late_from_ns: int | None = None

    def start(self) -> None:
        """Look now, and from now on again and again.

        If we slept ourselves (SIGSTOP, a frozen container, a suspended machine), then not yet: a loop runs its timers before it
        reads, and nobody may be blamed for bytes that have waited for us in the kernel.
        """
        now_ns, late_from_ns = self._context.clock.monotonic_ns(), self._late_from_ns
        self._timer = self._context.loop.call_later(self._period_seconds, self.start)
        self._late_from_ns = now_ns + int((self._period_seconds + SLEPT_SECONDS) * 1e9)
        if late_from_ns is None or now_ns < late_from_ns:
            self.look()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> None:
        """Look at everything once."""
        now_ns = self._context.clock.monotonic_ns()
        self._end_idle(now_ns)
        self._refuse_late_heads(now_ns)
        for downstream in self._bodies.look(self._bodies_awaited(), now_ns):
            self._body_stalled(downstream)
        for downstream in self._readers.look(self._replies_not_taken(), now_ns):
            self._context.recorder.limit_reached("calls.write_stall_seconds")
            downstream.stalled()
        for exchange in self._uploads.look(self._requests_not_taken(), now_ns):
            self._upstream_stalled(exchange)
        self._sockets.look(now_ns)
        self._find_gone()
        for passage in tuple(self._context.passages):
            passage.look(now_ns)

    # === connections without a call ===

    def _end_idle(self, now_ns: int) -> None:
        oldest_ns = now_ns - int(self._context.limits.downstream_idle_seconds * 1e9)
        for downstream in tuple(self._context.downstreams):
            if downstream.close_if_idle(oldest_ns):
                self._context.recorder.limit_reached("limits.downstream_idle_seconds")

    def _refuse_late_heads(self, now_ns: int) -> None:
        """From the first byte of a head on, whatever trickles in behind it."""
        seconds = self._context.limits.request_head_seconds
        oldest_ns = now_ns - int(seconds * 1e9)
        for downstream in tuple(self._context.downstreams):
            began_ns = downstream.inbound.head_since_ns
            if began_ns is not None and began_ns <= oldest_ns:
                problem = f"the request's head did not end within {seconds:g} s"
                refused = over(self._context, "limits.request_head_seconds", 408, problem)
                downstream.refuse(refused, downstream.inbound.unread)

    # === bodies of requests, on both sides ===

    def _bodies_awaited(self) -> "Iterator[tuple[Downstream, int]]":
        """Where only the caller is waited for: no reply has begun, and its bytes are being read."""
        for downstream in self._context.downstreams:
            exchange = downstream.exchange
            if exchange is None or not downstream.inbound.is_midway or not downstream.transport.is_reading():
                continue
            if exchange.call.downstream is Caller.SENDING:
                yield downstream, downstream.inbound.body_figure

    def _body_stalled(self, downstream: "Downstream") -> None:
        problem = f"nothing of the request's body came for {self._context.limits.request_progress_seconds:g} s"
        refused = over(self._context, "limits.request_progress_seconds", 408, problem)
        if downstream.exchange is not None:
            downstream.exchange.cut(BODY_STALLED, refused.status, refused.problem)

    def _requests_not_taken(self) -> "Iterator[tuple[Exchange, int]]":
        """Where a part of a request waits for the provider's kernel to take it."""
        for exchange in self._context.live:
            upstream = exchange.upstream
            if upstream is None or not upstream.is_writing_paused or exchange.call.upstream is not Provider.UNSENT:
                continue
            fd = upstream.transport.get_extra_info("socket").fileno()
            yield exchange, upstream.transport.get_write_buffer_size() + unacknowledged_bytes(fd)

    def _upstream_stalled(self, exchange: "Exchange") -> None:
        seconds, name = self._context.limits.upstream_stall_seconds, exchange.admission.destination.name
        problem = f"upstream {name}: it took nothing of the request for {seconds:g} s"
        refused = over(self._context, "limits.upstream_stall_seconds", 504, problem)
        exchange.cut(UPSTREAM_STALLED, refused.status, refused.problem)

    # === callers that do not read, or are gone without a sign ===

    def _replies_not_taken(self) -> "Iterator[tuple[Downstream, int]]":
        """Where a part of a reply waits for the caller's kernel to take it, with how much that has taken up to now.

        How much waits would not do: of a stream, tokens are added to it all the time, and our side feels nothing before
        megabytes wait.
        """
        for downstream in self._context.downstreams:
            exchange = downstream.exchange
            is_written_to = exchange is not None and exchange.call.downstream in WRITTEN_TO
            if (is_written_to or downstream.waits_for_reader) and (waiting := downstream.unacknowledged()):
                taken = acknowledged_bytes(downstream.socket)
                yield downstream, waiting if taken is None else taken

    def _find_gone(self) -> None:
        """A caller that left while its upload was held back: its FIN waits in its kernel, behind bytes that are not read."""
        for downstream in tuple(self._context.downstreams):
            exchange = downstream.exchange
            if exchange is None or not downstream.inbound.is_midway or downstream.transport.is_reading():
                continue
            if self._context.peers.end_of(downstream.sockname, downstream.peername) is PeerEnd.GONE:
                left(exchange, LeftReason.FIN, self._context.clock.now(), has_arrived=False)

"""One caller's connection: requests come in, replies go out, and its end is noticed."""

import asyncio
import socket
from typing import TYPE_CHECKING, cast

from sidecar.callers.peer import unacknowledged_bytes
from sidecar.errors import RequestRefused
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.admission import error_body
from sidecar.proxy.bounds import over
from sidecar.proxy.descriptors import ceiling, is_tight, most_callers
from sidecar.proxy.exchange import Exchange
from sidecar.proxy.inbound import Inbound
from sidecar.proxy.replies import own_reply
from sidecar.proxy.resetting import reset_on_close
from sidecar.proxy.target import Address, opening

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

LINGER_SECONDS = 2.0
"""After a reply that came before its request had ended, the rest of the request is read and dropped for so long, so that
its sender gets to read the reply (RFC 9112 section 9.6)."""
NO_DESCRIPTOR = "file descriptors allow no more connections (ulimit -n)"


class Downstream(asyncio.Protocol):
    """A connection that carries exchanges one after another. Tells them what happens to it; decides nothing."""

    __slots__ = (
        "_closes_after", "_context", "_fd", "_handing_over", "_idle_since_ns", "exchange", "inbound", "is_writing_paused",
        "origin", "peername", "socket", "sockname", "transport",
    )  # fmt: skip

    beneath: tuple[asyncio.Transport, ...] = ()
    """The transports that this one stands on, where it speaks TLS."""

    def __init__(self, context: "Context", origin: Address | None = None) -> None:
        """`origin` is the host and port that the caller believes to be talking to, inside of an intercepted tunnel."""
        self._context = context
        self.origin = origin
        self.exchange: Exchange | None = None
        self._handing_over: Exchange | None = None
        self.inbound = Inbound(context, self)
        self._closes_after = False
        self.is_writing_paused = False
        self._idle_since_ns = context.clock.monotonic_ns()

    # === what the loop and the watch tell ===

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=0)  # see Upstream: written at once, or we are told to wait
        self.socket: socket.socket = transport.get_extra_info("socket")
        self._fd = self.socket.fileno()
        sockname, peername = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if peername is None:  # reset before it was accepted; never watched
            self._fd = -1
            self.transport.abort()
            return
        self.sockname, self.peername = sockname[:2], peername[:2]
        self._context.downstreams.add(self)
        self._context.watch.add(self._fd, self._departed)
        context, most = self._context, self._context.limits.max_connections
        count = len(context.downstreams) + len(context.sockets) + len(context.passages)
        if count > most:
            self.refuse(over(context, "limits.max_connections", 503, f"there are {most} connections already"))
        elif count > most_callers() or self._fd >= ceiling():
            self.refuse(over(context, "limits.max_connections", 503, NO_DESCRIPTOR))

    def data_received(self, data: bytes) -> None:
        self.inbound.read(data)

    def eof_received(self) -> bool:
        """All that the caller sent has been read. True keeps our half open for the reply."""
        self._closes_after = True
        if self.exchange is None:
            return self._handing_over is not None
        if self.inbound.is_midway:
            self.exchange.departure.left(LeftReason.FIN)  # half a request can't become a whole one any more
        else:
            self.exchange.departure.fin()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._context.watch.remove(self._fd)
        self._context.downstreams.discard(self)
        self._left(LeftReason.RST if error else LeftReason.FIN)

    def pause_writing(self) -> None:
        self.is_writing_paused = True
        if self.exchange is not None:
            self.exchange.reply.slow()

    def resume_writing(self) -> None:
        self.is_writing_paused = False
        if self.exchange is not None:
            self.exchange.reply.took_all()

    def _departed(self, reason: LeftReason) -> None:
        """The watch saw the caller's end close; an idle connection's end is left to the loop."""
        if reason is LeftReason.RST:
            self._left(reason)
            return
        for exchange in self._open_exchanges():
            exchange.departure.fin()

    def _left(self, reason: LeftReason) -> None:
        for exchange in self._open_exchanges():
            exchange.departure.left(reason)

    def _open_exchanges(self) -> list[Exchange]:
        """The one whose reply is on its way to be handed over, and the one behind it."""
        return [exchange for exchange in (self._handing_over, self.exchange) if exchange is not None]

    # === what the exchange asks ===

    def write(self, data: bytes) -> None:
        """Write bytes of the reply."""
        self.transport.write(data)

    def pause_reading(self) -> None:
        """Stop reading the request: the provider takes it slowly. The watch goes on."""
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def unacknowledged(self) -> int:
        """Bytes written that the caller's kernel has not acknowledged yet."""
        return self.transport.get_write_buffer_size() + unacknowledged_bytes(self._fd)

    def reply_written(self, exchange: Exchange, *, keeps_alive: bool) -> None:
        """The last byte of the exchange's reply was written: on to the next request, or to the end."""
        self.exchange, self._handing_over = None, exchange
        self._idle_since_ns = self._context.clock.monotonic_ns()
        # Its request may have been faster than the provider; and an end that was read already is told again, to the next.
        self.resume_reading()
        if keeps_alive and not self.inbound.is_midway:
            self.inbound.next()
        else:
            self.inbound.stop()
            self._end_writing()

    def reply_settled(self, exchange: Exchange) -> None:
        """The exchange has ended; a connection that was only open for its reply is closed."""
        if self._handing_over is not exchange:
            return  # the next request has begun
        self._handing_over = None
        if not self._closes_after:
            return
        if exchange.request.is_whole:
            self.transport.close()
        else:
            self._context.loop.call_later(LINGER_SECONDS, self.transport.close)

    def leave(self) -> None:
        """The caller has left: nothing more is read or written."""
        self.exchange = self._handing_over = None
        self.transport.abort()

    def break_off(self) -> None:
        """Break the connection, so that nobody takes a half answer for a whole one."""
        self.exchange = self._handing_over = None
        reset_on_close(self.socket)
        self.transport.abort()

    def begin(self, exchange: Exchange) -> None:
        """A request has begun."""
        self.reply_was_read()
        self.exchange = exchange

    def reply_was_read(self) -> None:
        """The caller asks again, so it has read the answer before."""
        before, self._handing_over = self._handing_over, None
        if before is not None:
            self._context.handover.was_read(before)

    def hand_over(self) -> None:
        """The connection is somebody else's from here on, who reads it and sees its end."""
        self.reply_was_read()
        self.inbound.stop()
        self._context.watch.remove(self._fd)
        self._context.downstreams.discard(self)

    def refuse(self, refused: RequestRefused, raw: bytes = b"") -> None:
        """Answer ourselves and end the connection, reading on for a while so that the answer is not lost to a reset.

        `raw` is what was read of the request; it may be broken or none.
        """
        self.inbound.stop()
        method, target = opening(raw)
        body = error_body(target, self._context.destinations, self.sockname, refused, self.origin)
        self.write(own_reply(refused.status, body, keeps_alive=False, has_body=method != b"HEAD"))
        self._end_writing()
        self._context.recorder.exchange("none", refused.status)
        if is_tight(self._fd):
            self.transport.close()  # in a flood there are no descriptors for courtesies
        else:
            self._context.loop.call_later(LINGER_SECONDS, self.transport.close)

    @property
    def is_active(self) -> bool:
        """A request is served, or its reply has not arrived yet."""
        return self.exchange is not None or self._handing_over is not None

    @property
    def waits_for_reader(self) -> bool:
        """Something may have been written that the caller has not taken."""
        return self.is_writing_paused or self._handing_over is not None

    def close_if_idle(self, since_ns: int) -> bool:
        """End a connection that serves nothing, and has not since a reading of the monotonic clock; returns whether it did."""
        is_idle = (
            not self.is_active
            and not self._closes_after
            and self._idle_since_ns <= since_ns
            and self.inbound.head_since_ns is None
        )
        if is_idle:
            self.transport.close()
        return is_idle

    def stalled(self) -> None:
        """The caller has taken nothing for too long."""
        self._left(LeftReason.WRITE_STALLED)

    def _end_writing(self) -> None:
        """Close our half; nothing more is served. From here the loop alone sees the end of theirs; it reads on, so it does."""
        self._closes_after = True
        self._context.watch.remove(self._fd)
        if not self.transport.is_closing():
            self.transport.write_eof()

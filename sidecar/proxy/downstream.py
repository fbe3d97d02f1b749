"""One caller's connection: requests come in, replies go out, and its end is noticed."""

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, cast

from sidecar.callers.peer import unacknowledged_bytes
from sidecar.errors import ProtocolError, RequestRefused
from sidecar.http1.framing import ChunkedBody, chunk, last_chunk
from sidecar.http1.head import END_OF_HEAD, RequestHead, read_request_head
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.admission import admit
from sidecar.proxy.exchange import Exchange
from sidecar.proxy.replies import own_reply, plain_error_body
from sidecar.proxy.stall import StallWatch

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing sends a reset, which no client takes for the clean end of an answer."""

MAX_PIPELINED = 64 * 1024
"""Bytes of further requests that are read ahead while one is served."""

REFUSAL_LINGER_SECONDS = 2.0
"""After a refusal the rest of the request is read and dropped for so long, so that its sender gets to read why."""


class Downstream(asyncio.Protocol):
    """Reads requests one after another and gives each an exchange. Pipelined ones wait; they are served in order."""

    __slots__ = (
        "_body", "_closes_after", "_context", "_fd", "_handing_over", "_head", "_idle_since_ns", "_ignores_input",
        "_left_to_read", "_stall", "_unread", "exchange", "peername", "socket", "sockname", "transport",
    )  # fmt: skip

    def __init__(self, context: "Context") -> None:
        self._context = context
        self.exchange: Exchange | None = None
        self._handing_over: Exchange | None = None
        self._unread = b""
        self._head: RequestHead | None = None  # of the request whose body is being read
        self._body: ChunkedBody | None = None
        self._left_to_read = 0
        self._ignores_input = False
        self._closes_after = False
        self._idle_since_ns = context.clock.monotonic_ns()
        self._stall = StallWatch(context.loop, context.limits.write_stall_seconds, self.unacknowledged, self._stalled)

    # === what the loop and the watch tell ===

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=0)  # see Upstream: written at once, or we are told to wait
        self.socket: socket.socket = transport.get_extra_info("socket")
        self._fd = self.socket.fileno()
        self.sockname = transport.get_extra_info("sockname")[:2]
        self.peername = transport.get_extra_info("peername")[:2]
        self._context.downstreams.add(self)
        self._context.watch.add(self._fd, self._departed)
        if len(self._context.downstreams) > self._context.limits.max_connections:
            self._refuse(503, "too many connections (limits.max_connections)")

    def data_received(self, data: bytes) -> None:
        if self._ignores_input:
            return
        if self._head is not None:
            self._read_body(data)
        elif self.exchange is not None:
            self._unread += data
            if len(self._unread) > MAX_PIPELINED:
                self.transport.pause_reading()
        else:
            self._read_head(data)

    def eof_received(self) -> bool:
        """All that the caller sent has been read. True keeps our half open for the reply."""
        self._closes_after = True
        if self.exchange is None:
            return self._handing_over is not None
        if self._head is not None:
            self.exchange.departure.left(LeftReason.FIN)  # half a request can't become a whole one any more
        else:
            self.exchange.departure.fin()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._stall.stop()
        self._context.watch.remove(self._fd)
        self._context.downstreams.discard(self)
        for exchange in (self._handing_over, self.exchange):
            if exchange is not None:
                exchange.departure.left(LeftReason.RST if error else LeftReason.FIN)

    def pause_writing(self) -> None:
        self._stall.start()
        if self.exchange is not None:
            self.exchange.downstream_is_slow()

    def resume_writing(self) -> None:
        self._stall.stop()
        if self.exchange is not None:
            self.exchange.downstream_took_all()

    def _departed(self, reason: LeftReason) -> None:
        """The watch saw the caller's end close; an idle connection's end is left to the loop."""
        for exchange in (self._handing_over, self.exchange):
            if exchange is None:
                continue
            if reason is LeftReason.FIN:
                exchange.departure.fin()
            else:
                exchange.departure.left(reason)

    def _stalled(self) -> None:
        for exchange in (self._handing_over, self.exchange):
            if exchange is not None:
                exchange.departure.left(LeftReason.WRITE_STALLED)

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
        if keeps_alive and self._head is None:
            self._next()
            return
        self._closes_after = self._ignores_input = True
        self._end_writing()

    def reply_settled(self, exchange: Exchange) -> None:
        """The exchange has ended; a connection that was only open for its reply is closed."""
        if self._handing_over is exchange:
            self._handing_over = None
        if self._closes_after and self.exchange is None:
            self.transport.close()

    def leave(self) -> None:
        """The caller has left: nothing more is read or written."""
        self.exchange = self._handing_over = None
        self.transport.abort()

    def break_off(self) -> None:
        """Break the connection, so that nobody takes a half answer for a whole one."""
        self.exchange = self._handing_over = None
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()

    def close_if_idle(self, since_ns: int) -> None:
        """End a connection that serves nothing and has not since a reading of the monotonic clock.

        A head that never gets whole counts as nothing, so that it can't hold a connection for ever.
        """
        if self.exchange is None and self._handing_over is None and self._idle_since_ns <= since_ns:
            self.transport.close()

    def _end_writing(self) -> None:
        """Close our half. From here the loop alone sees the end of theirs; it reads on, so it does."""
        self._context.watch.remove(self._fd)
        if not self.transport.is_closing():
            self.transport.write_eof()

    # === reading requests ===

    def _next(self) -> None:
        if len(self._unread) > MAX_PIPELINED:
            self.resume_reading()
        data, self._unread = self._unread, b""
        if data:
            self._read_head(data)

    def _read_head(self, data: bytes) -> None:
        raw = self._unread + data if self._unread else data
        if raw.startswith(b"\r\n"):
            raw = raw.lstrip(b"\r\n")  # RFC 9112 section 2.2: empty lines before a request are ignored
        end = raw.find(END_OF_HEAD) + len(END_OF_HEAD)
        limit = self._context.limits.head_bytes
        if end < len(END_OF_HEAD) or end > limit:
            self._unread = raw
            if len(raw) > limit:
                self._refuse(431, f"the request's head is larger than {limit} bytes (limits.head_bytes)")
            return
        self._unread = b""
        try:
            self._begin(read_request_head(raw[:end]), raw[end:])
        except RequestRefused as refused:
            self._refuse(refused.status, refused.problem)

    def _begin(self, head: RequestHead, rest: bytes) -> None:
        if self._handing_over is not None:
            self._handing_over.handed_over()  # who asks again has read the answer before
        admission = admit(head, self._context.destinations)
        if self._context.is_draining:
            raise RequestRefused(503, "the sidecar is draining and takes no new calls")
        exchange = self.exchange = Exchange(self._context, self, head, admission)
        if head.framing.is_chunked or head.framing.length:
            self._head, self._left_to_read = head, head.framing.length
            self._body = ChunkedBody() if head.framing.is_chunked else None
            if rest:
                self._read_body(rest)
        else:
            self._unread = rest
            exchange.request.ended()
        exchange.request.start()

    def _read_body(self, data: bytes) -> None:
        exchange = self.exchange
        assert exchange is not None
        if self._body is not None:
            self._read_chunks(exchange, self._body, data)
            return
        surplus = len(data) > self._left_to_read
        piece = data[: self._left_to_read] if surplus else data
        self._left_to_read -= len(piece)
        exchange.request.piece(piece, piece)
        if self._left_to_read == 0:
            self._head, self._unread = None, data[len(piece) :]
            exchange.request.ended()

    def _read_chunks(self, exchange: Exchange, body: ChunkedBody, data: bytes) -> None:
        try:
            payload, taken = body.feed(data)
        except ProtocolError as broken:
            self._ignores_input = True
            exchange.request.broken(str(broken))
            return
        if payload:
            exchange.request.piece(chunk(payload), payload)
        if body.is_complete:
            exchange.request.piece(last_chunk(body.trailers), b"")
            self._head, self._body, self._unread = None, None, data[taken:]
            exchange.request.ended()

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer ourselves and end the connection, reading on for a while so that the answer is not lost to a reset."""
        self._ignores_input, self._head = True, None
        self.write(own_reply(status, plain_error_body(status, sentence), keeps_alive=False))
        self._end_writing()
        self._context.recorder.exchange("none", status)
        self._context.loop.call_later(REFUSAL_LINGER_SECONDS, self.transport.close)

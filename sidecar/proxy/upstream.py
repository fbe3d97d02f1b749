"""One connection to a provider: requests go out, replies come in, one exchange at a time."""

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from sidecar.errors import ProtocolError, ReplyBroken
from sidecar.http1.framing import ChunkedBody, LengthBody, chunk, last_chunk
from sidecar.http1.head import END_OF_HEAD, ReplyHead, read_reply_head
from sidecar.lifecycle.policy import CutUpstream
from sidecar.proxy.bounds import check_reply_head
from sidecar.proxy.destination import Endpoint
from sidecar.proxy.unread import nothing_came

if TYPE_CHECKING:
    from sidecar.proxy.admission import Admission
    from sidecar.proxy.context import Context


SWITCHED = 101


class Sender(Protocol):
    """What writes a request, and is told how fast it may."""

    def upstream_is_slow(self) -> None: ...
    def upstream_took_all(self) -> None: ...


class Served(Protocol):
    """What a connection serves: an `Exchange`, or a question of our own (`Asking`). The methods are described at the first."""

    is_http10: bool

    def __hash__(self) -> int: ...
    @property
    def request(self) -> Sender: ...
    @property
    def admission(self) -> "Admission": ...
    def connected(self, upstream: "Upstream") -> None: ...
    def interim(self, head: ReplyHead) -> None: ...
    def switched(self, head: ReplyHead, rest: bytes) -> None: ...
    def answered(self, head: ReplyHead) -> None: ...
    def relay(self, framed: bytes, payload: bytes) -> None: ...
    def flush(self) -> None: ...
    def reply_ended(self, last: bytes, reusable: "Upstream | None") -> None: ...
    def broken(self, error: str, sentence: str) -> None: ...
    def cut(self, command: CutUpstream, status: int, sentence: str) -> None: ...


class Upstream(asyncio.Protocol):
    """Reads replies: head, then body in the framing that the head names. Tells its exchange; decides nothing."""

    __slots__ = (
        "_body", "_context", "_fd", "_head", "_raw_head", "endpoint", "exchange", "idle_since_ns",
        "is_writing_paused", "method", "transport",
    )  # fmt: skip

    def __init__(self, context: "Context", endpoint: Endpoint) -> None:
        self._context = context
        self.endpoint = endpoint
        self.exchange: Served | None = None
        self.method = b""
        self.idle_since_ns = 0
        self.is_writing_paused = False
        self._raw_head = b""
        self._head: ReplyHead | None = None
        self._body: LengthBody | ChunkedBody | None = None

    # === what the exchange asks ===

    def begin(self, exchange: Served, method: bytes) -> None:
        """Serve an exchange; the reply to `method` is the next thing to come."""
        self.exchange, self.method = exchange, method

    def write(self, data: bytes) -> None:
        """Send bytes of the request; they leave within this call unless the provider is slow."""
        self.transport.write(data)

    def is_reusable(self) -> bool:
        """Nothing has come since the last exchange, not even an end. Asked of the kernel, which may know before the loop."""
        if self.transport.is_closing():
            return False
        return nothing_came(self._fd)

    def close(self) -> None:
        """Close in order; only for connections without an exchange."""
        self.transport.close()

    def abort(self) -> None:
        """Cut: close at once. The exchange hears nothing more."""
        self.exchange = None
        self.transport.abort()

    # === what the loop tells ===

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # High-water 0: a write goes out at once or we are told to wait, so that "sent" is known and at most one chunk waits.
        self.transport.set_write_buffer_limits(high=0)
        self._fd = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            self._context.pool.forget(self)
            self.transport.abort()
            return
        try:
            self._read(exchange, data)
        except ProtocolError as broken:
            self.abort()
            exchange.broken("protocol", f"the provider's reply is broken: {broken}")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            self._context.pool.forget(self)
        elif self._head is not None and self._head.framing.until_close and error is None:
            exchange.reply_ended(b"", None)
        else:
            exchange.broken(
                "reset" if error else "closed", "the provider closed the connection before its reply had ended"
            )

    def pause_writing(self) -> None:
        self.is_writing_paused = True
        if self.exchange is not None:
            self.exchange.request.upstream_is_slow()

    def resume_writing(self) -> None:
        self.is_writing_paused = False
        if self.exchange is not None:
            self.exchange.request.upstream_took_all()

    # === reading a reply ===

    def _read(self, exchange: Served, data: bytes) -> None:
        if self._head is None:
            self._read_heads(exchange, data)
        else:
            self._read_body(exchange, data)

    def _read_heads(self, exchange: Served, data: bytes) -> None:
        """Read interim heads and the one of the reply, and what came with it."""
        while self._head is None:
            rest = self._read_head(exchange, data)
            if rest is None:
                return
            data = rest
        if data:
            self._read_body(exchange, data)
        exchange.flush()

    def _read_head(self, exchange: Served, data: bytes) -> bytes | None:
        """Read a head; returns what stands behind it, or None when nothing more can be read now."""
        raw = self._raw_head + data
        found = raw.find(END_OF_HEAD)
        end = found + len(END_OF_HEAD) if found >= 0 else 0
        check_reply_head(self._context, raw, end)
        if not end:
            self._raw_head = raw
            return None
        self._raw_head = b""
        head = read_reply_head(raw[:end], self.method)
        if head.status == SWITCHED:
            self._switch(exchange, head, raw[end:])
            return None
        if head.status < 200:
            exchange.interim(head)
            return raw[end:] or None
        return self._begin_body(exchange, head, raw[end:])

    def _switch(self, exchange: Served, head: ReplyHead, rest: bytes) -> None:
        """From here on it is HTTP no more, and this connection somebody else's; `rest` came behind the head."""
        if head.noted.get(b"upgrade", b"") != exchange.admission.upgrade or not exchange.admission.upgrade:
            raise ReplyBroken("it switched protocols without being asked")
        self.exchange = None
        exchange.switched(head, rest)

    def _begin_body(self, exchange: Served, head: ReplyHead, rest: bytes) -> bytes | None:
        self._head = head
        framing = head.framing
        if framing.until_close:
            self._body = None
        else:
            self._body = ChunkedBody() if framing.is_chunked else LengthBody(framing.length)
        exchange.answered(head)
        if not framing.is_chunked and not framing.until_close and framing.length == 0:
            self._end(b"", surplus=bool(rest))
            return None
        return rest

    def _read_body(self, exchange: Served, data: bytes) -> None:
        body = self._body
        if body is None:
            exchange.relay(data, data)
        elif isinstance(body, LengthBody):
            taken = body.feed(data)
            piece = data[:taken]
            exchange.relay(piece, piece)
            if body.is_complete:
                self._end(b"", surplus=taken < len(data))
        elif payload := body.whole_chunk(data):
            exchange.relay(payload if exchange.is_http10 else data, payload)
        else:
            self._read_chunks(exchange, body, data)

    def _read_chunks(self, exchange: Served, body: ChunkedBody, data: bytes) -> None:
        payload, taken = body.feed(data)
        if payload:
            exchange.relay(payload if exchange.is_http10 else chunk(payload), payload)
        if body.is_complete:
            end = b"" if exchange.is_http10 else last_chunk(body.trailers)
            self._end(end, surplus=taken < len(data))

    def _end(self, last: bytes, *, surplus: bool) -> None:
        """The reply is whole. The connection goes back to the pool if it can be trusted with another."""
        assert self._head is not None
        exchange, self.exchange = self.exchange, None
        is_clean = self._head.keeps_alive and not surplus
        self._head = self._body = None
        if exchange is not None:
            exchange.reply_ended(last, self if is_clean else None)
        if not is_clean:
            self.transport.close()

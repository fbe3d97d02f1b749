"""Requests as they come in on a caller's connection: head, body, and what was read ahead."""

import re
from typing import TYPE_CHECKING

from sidecar.errors import ProtocolError, RequestRefused
from sidecar.http1.framing import ChunkedBody, LengthBody, chunk, last_chunk
from sidecar.http1.head import CONNECT, END_OF_HEAD, RequestHead, read_request_head
from sidecar.lifecycle.policy import CutUpstream
from sidecar.proxy.admission import admit
from sidecar.proxy.bounds import body_over, check_head, check_room
from sidecar.proxy.client_hello import HANDSHAKE
from sidecar.proxy.exchange import Exchange

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream

MAX_PIPELINED = 64 * 1024
"""Bytes of further requests that are read ahead while one is served."""
EMPTY_LINES = re.compile(rb"\A(?:\r\n)+")
"""RFC 9112 section 2.2: ignored before a request."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Written at once, as an origin server must that does not refuse (RFC 9110 section 10.1.1), and as nginx and Envoy do."""

DRAINING = "the sidecar is draining and takes no new calls"
TOO_LARGE = CutUpstream("request_too_large")


class Inbound:
    """Reads requests one after another and gives each an exchange. Pipelined ones wait; they are served in order."""

    __slots__ = (
        "_body", "_context", "_downstream", "_head_since_ns", "_is_stopped", "_payload_bytes", "has_begun", "is_midway", "unread",
    )  # fmt: skip

    def __init__(self, context: "Context", downstream: "Downstream") -> None:
        self._context = context
        self._downstream = downstream
        self.unread = b""
        """What was read and belongs to no request yet: the beginning of a head, or what was pipelined."""
        self._head_since_ns = 0
        self._body: LengthBody | ChunkedBody = LengthBody(0)
        self._payload_bytes = 0
        self._is_stopped = False
        self.has_begun = False
        """A whole head was read: what is spoken here is settled."""
        self.is_midway = False
        """A request's head was read, and not yet the end of its body."""

    def read(self, data: bytes) -> None:
        """The next bytes of the connection."""
        if self._is_stopped:
            return
        if self.is_midway:
            self._read_body(data)
        elif self._downstream.exchange is not None:
            self.unread += data
            if len(self.unread) > MAX_PIPELINED:
                self._downstream.pause_reading()
        else:
            self._read_head(data)

    def next(self) -> None:
        """The reply before was written: go on with what was read ahead."""
        if len(self.unread) > MAX_PIPELINED:
            self._downstream.resume_reading()
        data, self.unread = self.unread, b""
        if data:
            self._read_head(data)

    def stop(self) -> None:
        """Drop whatever comes from here on."""
        self._is_stopped, self.is_midway, self.unread = True, False, b""

    # === what the sweep asks ===

    @property
    def head_since_ns(self) -> int | None:
        """When the first byte of a head was read whose end has not come; None when none has begun."""
        return self._head_since_ns if self.unread and self._downstream.exchange is None else None

    @property
    def body_figure(self) -> int:
        """A figure that changes whenever more of the body has come."""
        return self._body.remaining if isinstance(self._body, LengthBody) else self._payload_bytes

    # === heads ===

    def _read_head(self, data: bytes) -> None:
        before = self.unread
        raw = before + data if before else data
        if raw.startswith(b"\r\n"):
            raw = EMPTY_LINES.sub(b"", raw)
        elif raw[0] == HANDSHAKE:
            self._context.entry.secure(self._downstream, raw)
            return
        found = raw.find(END_OF_HEAD, max(0, len(before) - len(END_OF_HEAD)))
        end = found + len(END_OF_HEAD) if found >= 0 else 0
        try:
            check_head(self._context, raw, end)
        except RequestRefused as refused:
            self._downstream.refuse(refused, raw)
            return
        if end:
            self.unread = b""
            self._take(raw[:end], raw[end:])
            return
        if not before:
            self._head_since_ns = self._context.clock.monotonic_ns()
        self.unread = raw

    def _take(self, raw: bytes, rest: bytes) -> None:
        try:
            self._begin(read_request_head(raw), rest)
        except RequestRefused as refused:
            self._downstream.refuse(refused, raw)

    def _begin(self, head: RequestHead, rest: bytes) -> None:
        context, self.has_begun = self._context, True
        if head.method == CONNECT:
            context.entry.connect(self._downstream, head, rest)
            return
        admission = admit(head, context.destinations, self._downstream.sockname, self._downstream.origin)
        if context.is_draining:
            raise RequestRefused(503, DRAINING)
        check_room(context, self._downstream, head)
        exchange = Exchange(context, self._downstream, head, admission)
        self._downstream.begin(exchange)
        if head.framing.is_chunked or head.framing.length:
            self._begin_body(head, rest)
        else:
            self.unread = rest
            exchange.request.ended()
        if not exchange.is_settled:  # looking for another's departure may have shown its own caller's
            exchange.request.start()

    def _begin_body(self, head: RequestHead, rest: bytes) -> None:
        self.is_midway, self._payload_bytes = True, 0
        self._body = ChunkedBody() if head.framing.is_chunked else LengthBody(head.framing.length)
        if rest:
            self._read_body(rest)
        elif not head.is_http10 and head.noted.get(b"expect", b"").lower() == b"100-continue":
            self._downstream.write(CONTINUE)

    # === bodies ===

    def _read_body(self, data: bytes) -> None:
        exchange, body = self._downstream.exchange, self._body
        if exchange is None:
            return
        if isinstance(body, LengthBody):
            taken = body.feed(data)
            piece = data[:taken]
            exchange.request.piece(piece, piece, is_last=body.is_complete)
        else:
            taken = self._read_chunks(exchange, body, data)
        if body.is_complete and not self._is_stopped:
            self.is_midway, self.unread = False, data[taken:]
            exchange.request.ended()

    def _read_chunks(self, exchange: Exchange, body: ChunkedBody, data: bytes) -> int:
        """Pass a piece of a chunked body on, re-framed; returns how many of its bytes belong to the body."""
        try:
            payload, taken = body.feed(data)
        except ProtocolError as broken:
            exchange.request.broken(str(broken))
            self.stop()
            return len(data)
        self._payload_bytes += len(payload)
        most = self._context.limits.body_bytes
        if most is not None and self._payload_bytes > most:
            self._cut_too_large(exchange, most)
            return len(data)
        if payload:
            exchange.request.piece(chunk(payload), payload)
        if body.is_complete:
            exchange.request.piece(last_chunk(body.trailers), b"", is_last=True)
        return taken

    def _cut_too_large(self, exchange: Exchange, most: int) -> None:
        refused = body_over(self._context, most)
        exchange.cut(TOO_LARGE, refused.status, refused.problem)
        self.stop()

"""Requests as they come in on a caller's connection: head, body, and what was read ahead."""

from typing import TYPE_CHECKING

from sidecar.errors import ProtocolError, RequestRefused
from sidecar.http1.framing import ChunkedBody, LengthBody, chunk, last_chunk
from sidecar.http1.head import END_OF_HEAD, RequestHead, read_request_head
from sidecar.proxy.admission import admit
from sidecar.proxy.exchange import Exchange

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream

MAX_PIPELINED = 64 * 1024
"""Bytes of further requests that are read ahead while one is served."""


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Inbound:
    """Reads requests one after another and gives each an exchange. Pipelined ones wait; they are served in order."""

    __slots__ = ("_body", "_context", "_downstream", "_is_stopped", "_unread", "is_midway")

    def __init__(self, context: "Context", downstream: "Downstream") -> None:
        self._context = context
        self._downstream = downstream
        self._unread = b""
        self._body: LengthBody | ChunkedBody = LengthBody(0)
        self._is_stopped = False
        self.is_midway = False
        """A request's head was read, and not yet the end of its body."""

    def read(self, data: bytes) -> None:
        """The next bytes of the connection."""
        if self._is_stopped:
            return
        if self.is_midway:
            self._read_body(data)
        elif self._downstream.exchange is not None:
            self._unread += data
            if len(self._unread) > MAX_PIPELINED:
                self._downstream.pause_reading()
        else:
            self._read_head(data)

    def next(self) -> None:
        """The reply before was written: go on with what was read ahead."""
        if len(self._unread) > MAX_PIPELINED:
            self._downstream.resume_reading()
        data, self._unread = self._unread, b""
        if data:
            self._read_head(data)

    def stop(self) -> None:
        """Drop whatever comes from here on."""
        self._is_stopped, self.is_midway = True, False

    def _read_head(self, data: bytes) -> None:
        raw = self._unread + data if self._unread else data
        if raw.startswith(b"\r\n"):
            raw = raw.lstrip(b"\r\n")  # RFC 9112 section 2.2: empty lines before a request are ignored
        end = raw.find(END_OF_HEAD) + len(END_OF_HEAD)
        limit = self._context.limits.head_bytes
        if len(END_OF_HEAD) <= end <= limit:
            self._unread = b""
            self._take(raw[:end], raw[end:])
        elif len(raw) > limit:
            self._refuse(RequestRefused(431, f"the request's head is larger than {limit} bytes (limits.head_bytes)"))
        else:
            self._unread = raw

    def _take(self, raw: bytes, rest: bytes) -> None:
        target = b""
        try:
            head = read_request_head(raw)
            target = head.target
            self._begin(head, rest)
        except RequestRefused as refused:
            self._refuse(refused, target)

    def _begin(self, head: RequestHead, rest: bytes) -> None:
        admission = admit(head, self._context.destinations)
        if self._context.is_draining:
            raise RequestRefused(503, "the sidecar is draining and takes no new calls")
        exchange = Exchange(self._context, self._downstream, head, admission)
        self._downstream.begin(exchange)
        if head.framing.is_chunked or head.framing.length:
            self.is_midway = True
            self._body = ChunkedBody() if head.framing.is_chunked else LengthBody(head.framing.length)
            if rest:
                self._read_body(rest)
            elif not head.is_http10 and head.noted.get(b"expect", b"").lower() == b"100-continue":
                self._downstream.write(CONTINUE)  # RFC 9110 section 10.1.1: the caller waits for it
        else:
            self._unread = rest
            exchange.request.ended()
        exchange.request.start()

    def _read_body(self, data: bytes) -> None:
        exchange, body = self._downstream.exchange, self._body
        if exchange is None:
            return
        if isinstance(body, LengthBody):
            taken = body.feed(data)
            piece = data[:taken]
            exchange.request.piece(piece, piece)
        else:
            taken = self._read_chunks(exchange, body, data)
        if body.is_complete:
            self.is_midway, self._unread = False, data[taken:]
            exchange.request.ended()

    def _read_chunks(self, exchange: Exchange, body: ChunkedBody, data: bytes) -> int:
        """Pass a piece of a chunked body on, re-framed; returns how many of its bytes belong to the body."""
        try:
            payload, taken = body.feed(data)
        except ProtocolError as broken:
            exchange.request.broken(str(broken))
            self.stop()
            return len(data)
        if payload:
            exchange.request.piece(chunk(payload), payload)
        if body.is_complete:
            exchange.request.piece(last_chunk(body.trailers), b"")
        return taken

    def _refuse(self, refused: RequestRefused, target: bytes = b"") -> None:
        self.stop()
        self._downstream.refuse(refused, target)

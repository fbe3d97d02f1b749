"""Writes one reply: head, body in pieces, end; compresses, counts and hashes what it writes."""

import asyncio
import hashlib
import zlib
from collections.abc import Callable

from sidecar.clock import Clock, Moment
from sidecar.simulator.request import Request, Send

GZIP_WINDOW = 31
"""zlib's way of asking for a gzip header."""


class Reply:
    """The reply to one request. Writing to a caller that has left is no error: nothing is sent, and `is_over` stays False."""

    def __init__(
        self,
        request: Request,
        send: Send,
        transport: asyncio.Transport,
        clock: Clock,
        on_first_byte: Callable[[], None] = lambda: None,
    ) -> None:
        self._send, self._transport, self._clock, self._on_first_byte = send, transport, clock, on_first_byte
        self._headers = [
            (b"x-simulator-request-sha256", request.sha256.encode("ascii")),
            (b"x-simulator-request-length", b"%d" % request.length),
        ]
        self._digest = hashlib.sha256()
        self._gzip: zlib._Compress | None = None
        self.length = 0
        """Bytes of body written."""
        self.http_status: int | None = None
        self.first_byte_at: Moment | None = None
        self.is_over = False
        """We have done with it: its last byte was written, or we broke it off."""

    @property
    def sha256(self) -> str:
        """Of the body written so far."""
        return self._digest.hexdigest()

    def add(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Send these headers too; to be said before the head is written."""
        self._headers += headers

    def compress(self) -> None:
        """Send the body in gzip; to be said before the head is written."""
        self._gzip = zlib.compressobj(wbits=GZIP_WINDOW)
        self._headers.append((b"content-encoding", b"gzip"))

    async def whole(self, http_status: int, content_type: str, body: bytes, *, with_length: bool = False) -> None:
        """Write a reply in one piece, its end marked by its length or by chunked framing."""
        if self._gzip is not None:
            body, self._gzip = self._gzip.compress(body) + self._gzip.flush(), None
        if with_length:
            self._headers.append((b"content-length", b"%d" % len(body)))
        await self.start(http_status, content_type)
        await self._finish(body)

    async def start(self, http_status: int, content_type: str) -> None:
        """Write the head."""
        if self._transport.is_closing():
            return
        headers = [(b"content-type", content_type.encode("ascii")), *self._headers]
        self.http_status, self.first_byte_at = http_status, self._clock.now()
        await self._send({"type": "http.response.start", "status": http_status, "headers": headers})
        self._on_first_byte()

    async def write(self, piece: bytes) -> None:
        """Write a piece of the body, at once also when it is compressed."""
        if self._gzip is not None:
            piece = self._gzip.compress(piece) + self._gzip.flush(zlib.Z_SYNC_FLUSH)
        await self._body(piece, more=True)

    async def end(self, piece: bytes = b"") -> None:
        """Write the last piece and end the reply in order."""
        if self._gzip is not None:
            piece = self._gzip.compress(piece) + self._gzip.flush()
        await self._finish(piece)

    def break_off(self) -> None:
        """Close the connection behind what was written, so that the caller sees a reply that is not whole."""
        self.is_over = True
        self._transport.close()

    async def _finish(self, piece: bytes) -> None:
        """Keep the last byte back until the kernel has the others: who has it has the reply, and who has not has left early."""
        await self._body(piece[:-1], more=True)
        await self._body(b"", more=True)  # waits for the kernel; see connection.py
        if self._transport.is_closing():
            return
        self.is_over = True
        await self._body(piece[-1:], more=False)

    async def _body(self, piece: bytes, *, more: bool) -> None:
        if self._transport.is_closing():
            return
        self._digest.update(piece)
        self.length += len(piece)
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

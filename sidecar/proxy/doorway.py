"""A tunnel to an upstream that was granted: what its caller says first tells whether it can be read."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.proxy.client_hello import HANDSHAKE, ClientHello, HelloReader
from sidecar.proxy.securing import LIMIT
from sidecar.telemetry.sockets import ConnectResult

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

GRANTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
"""Without the fields of a body: what follows is the tunnel (RFC 9110 section 9.3.6)."""


class Doorway(asyncio.Protocol):
    """Reads until it is known what is spoken."""

    def __init__(self, context: "Context", transport: asyncio.Transport) -> None:
        self._context = context
        self._transport = transport
        self._hello = HelloReader()
        self.raw = b""
        """All that was read."""
        self.since_ns = context.clock.monotonic_ns()

    def begin(self, rest: bytes, entered: Callable[[ClientHello | None], None]) -> None:
        """Grant the tunnel; `rest` was sent before that could be known.

        `entered` is told once what was said: a ClientHello if it is TLS, else None. From there the connection is somebody else's.
        """
        self._entered = entered
        self._context.passages.add(self)
        self._transport.set_protocol(self)
        self._transport.write(GRANTED)
        if rest:
            self.data_received(rest)

    def look(self, now_ns: int) -> None:
        """The sweep's look: it is a beginning, as a head is."""
        if now_ns - self.since_ns >= self._context.limits.request_head_seconds * 1e9:
            self._context.recorder.limit_reached(LIMIT)
            self.end()

    def end(self) -> None:
        """End it at once."""
        self._transport.abort()

    # === what the loop tells ===

    def data_received(self, data: bytes) -> None:
        """The first of what comes through the tunnel."""
        self.raw += data
        if self.raw[0] != HANDSHAKE:
            self._enter(None)
        elif (hello := self._hello.feed(data)) is not None:
            self._enter(hello)

    def connection_lost(self, error: Exception | None) -> None:
        """The caller is gone, or said nothing for too long."""
        self._context.passages.discard(self)
        self._context.recorder.tunnels.asked(ConnectResult.FAILED)

    def _enter(self, hello: ClientHello | None) -> None:
        self._context.passages.discard(self)
        self._entered(hello)

"""TLS on a caller's connection from which bytes were read already: the first one told that it is TLS.

A loop can start TLS on a transport, but hands it only what comes from then on. What came before is put into the buffer that the
loop's own TLS protocol reads from; that happens between its beginning and the transport's next read.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sidecar.proxy.dialing import GOODBYE_SECONDS
from sidecar.proxy.failures import alert_about_certificate
from sidecar.proxy.untrusted import CLOSED, tell_untrusted
from sidecar.telemetry.sockets import Handshake as Result

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream

LIMIT = "limits.request_head_seconds"
"""A handshake is as much of a beginning as a request's head is."""
LONGER_SECONDS = 5.0
"""The loop's own timeout is so much longer than ours, which says that it was reached."""


class Gate(asyncio.Protocol):
    """Keeps what comes in the moment between a handshake's end and its being told."""

    def __init__(self) -> None:
        self._early: list[bytes] = []
        self._has_ended = False

    def data_received(self, data: bytes) -> None:
        """The client has sent the first of its request along with the end of its handshake."""
        self._early.append(data)

    def eof_received(self) -> None:
        """It has said goodbye already."""
        self._has_ended = True

    def open(self, downstream: "Downstream", secure: asyncio.Transport) -> None:
        """Let a connection in: it hears all that has come, and what comes."""
        secure.set_protocol(downstream)
        downstream.connection_made(secure)
        if self._early:
            downstream.data_received(b"".join(self._early))
        if self._has_ended:
            downstream.eof_received()


class Handshake:
    """One, from the client's first byte to the connection that comes of it, or to its end."""

    def __init__(
        self,
        context: "Context",
        transport: asyncio.Transport,
        server: ssl.SSLContext,
        made: Callable[[], "Downstream"],
        host: str = "",
    ) -> None:
        """`made` makes what is told of the connection over TLS. `host` is whom we speak for; empty: for ourselves."""
        self._context = context
        self._transport = transport
        self._server = server
        self._made = made
        self._host = host
        self._since_ns = context.clock.monotonic_ns()

    def begin(self, raw: bytes, since_ns: int | None = None) -> None:
        """Start with the bytes that were read. `since_ns`: since when the client may have taken its time already."""
        self._since_ns = self._since_ns if since_ns is None else since_ns
        self._context.passages.add(self)
        self._transport.pause_reading()
        self._task = self._context.loop.create_task(self._shake())
        self._context.loop.call_soon(self._feed_soon, raw)

    def look(self, now_ns: int) -> None:
        """End it if it takes too long, whatever trickles in."""
        if now_ns - self._since_ns >= self._context.limits.request_head_seconds * 1e9:
            self._context.recorder.limit_reached(LIMIT)
            self.end()

    def end(self) -> None:
        """End it at once."""
        self._transport.abort()

    # === the loop's part ===

    async def _shake(self) -> None:
        gate = Gate()
        try:
            secure = await self._start(gate)
        except OSError as error:
            self._context.passages.discard(self)
            self._failed(error)
            return
        self._context.passages.discard(self)
        self._context.recorder.handshake(Result.MADE)
        gate.open(self._made(), secure)

    async def _start(self, gate: Gate) -> asyncio.Transport:
        """Let the loop speak TLS.

        Raises:
            OSError: it could not be done, or the client is gone; uvloop says nothing when the connection was closed by us.
        """
        if self._transport.is_closing():
            raise ConnectionAbortedError
        seconds = self._context.limits.request_head_seconds + LONGER_SECONDS
        secure = await self._context.loop.start_tls(
            self._transport, gate, self._server, server_side=True,
            ssl_handshake_timeout=seconds, ssl_shutdown_timeout=GOODBYE_SECONDS,
        )  # fmt: skip
        if secure is None or secure.is_closing():
            raise ConnectionAbortedError
        return secure

    def _feed_soon(self, raw: bytes) -> None:
        """`start_tls` has begun by now, and what it has put off until the loop's next turn comes before this."""
        self._context.loop.call_soon(self._feed, raw)

    def _feed(self, raw: bytes) -> None:
        """Put bytes where the loop puts what it reads (asyncio.BufferedProtocol)."""
        tls: Any = self._transport.get_protocol()
        while raw and not self._transport.is_closing():
            buffer = tls.get_buffer(len(raw))
            taken = min(len(buffer), len(raw))
            buffer[:taken] = raw[:taken]
            tls.buffer_updated(taken)
            raw = raw[taken:]

    # === the end ===

    def _failed(self, error: OSError) -> None:
        """Count it; where the client does not trust us, say once for each host what it lacks."""
        self._transport.abort()
        said = alert_about_certificate(error)
        self._context.recorder.handshake(Result.UNTRUSTED if said else Result.FAILED)
        ended = isinstance(error, ConnectionResetError)  # asyncio's clients end without an alert
        if said or (ended and self._host):
            tell_untrusted(self._context, self._host, said or CLOSED)

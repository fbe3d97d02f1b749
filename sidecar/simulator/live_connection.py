"""uvicorn's WebSocket connection over websockets' sans-I/O protocol, with what the simulator needs besides, and its messages.

That protocol is somebody else's reading of RFC 6455: what the sidecar makes of frames is not judged by the sidecar's own code.
"""

import asyncio
import contextlib
from typing import Any, Self

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from sidecar.simulator.declined import Declined
from sidecar.simulator.request import Message, Receive, Send

ANY_BYTE = 1
"""TLS pauses at as much as its limit, plain TCP at more: at 0 TLS would wait for the end of nothing."""


def wait_for_the_kernel(transport: asyncio.Transport) -> None:
    """Have writing wait until the kernel has all that was written before, not most of it."""
    transport.set_write_buffer_limits(high=ANY_BYTE if transport.get_extra_info("sslcontext") else 0)


class LiveConnection(WebSocketsSansIOProtocol):
    """One caller's socket; its scope carries it."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self})

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection from HTTP."""
        super().connection_made(transport)
        wait_for_the_kernel(self.transport)

    async def drained(self) -> None:
        """Return when the kernel has all that was written, or the connection is lost."""
        await self.writable.wait()


class Closing(msgspec.Struct, frozen=True):
    """A word that ends a socket: a close frame with a code (RFC 6455 section 7.4) and a reason of at most 123 bytes."""

    code: int = 1000
    reason: str = ""


Word = bytes | Closing
"""What is said in a socket: a message, or that it ends."""


class Line:
    """The messages of one socket, both ways. Saying something to a caller that has left is no error: it is not sent."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._connection: LiveConnection = scope["state"]["connection"]
        self.is_text = True
        """What is said goes in text messages, not in binary ones."""
        self.was_ended_by_us = False
        """It was we who closed, or broke off."""

    @property
    def is_over(self) -> bool:
        """Nothing more can be said."""
        return self._connection.close_sent or self._connection.disconnected or self._connection.transport.is_closing()

    async def accept(self) -> Self:
        """Agree to the socket."""
        await self._receive()  # websocket.connect
        await self._send({"type": "websocket.accept"})
        return self

    async def refuse(self, declined: Declined, body: bytes) -> None:
        """Answer the handshake like any request that is declined."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await self._send({"type": "websocket.http.response.start", "status": declined.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def hear(self) -> bytes | None:
        """The next message; None when the caller has closed, or its connection has ended."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text.encode()

    async def say(self, word: Word) -> bool:
        """Send a message, or close; whether it was sent."""
        if self.is_over:
            return False
        self.was_ended_by_us = isinstance(word, Closing)
        with contextlib.suppress(ClientDisconnected):
            await self._send(self._as_event(word))
            return True
        return False

    async def say_last(self, word: Word) -> bool:
        """Send what ends an answer; whether the kernel has it, and had all before it when it was sent."""
        await self._connection.drained()
        was_sent = await self.say(word)
        await self._connection.drained()
        return was_sent and not self._connection.disconnected

    def break_off(self) -> None:
        """Close the connection behind what was written, without a close frame."""
        self.was_ended_by_us = True
        self._connection.transport.close()

    def _as_event(self, word: Word) -> Message:
        if isinstance(word, Closing):
            return {"type": "websocket.close", "code": word.code, "reason": word.reason}
        return (
            {"type": "websocket.send", "text": word.decode()}
            if self.is_text
            else {"type": "websocket.send", "bytes": word}
        )

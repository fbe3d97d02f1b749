"""A caller's end of a connection, as cheap as it can be had: one request after the other, and every way to leave."""

import asyncio
import socket
import struct
import time
from typing import NamedTuple, cast

import httptools

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Reply(NamedTuple):
    """A whole reply."""

    status: int
    fields: dict[bytes, bytes]
    """By their names in lower case."""
    body: bytes
    first_byte_at: float
    """By the monotonic clock."""


class CallersConnection(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[Reply] | None = None
        self.is_lost = False
        self.has_begun = False
        """A byte of the reply has come."""
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by their class

    async def ask(self, request: bytes) -> Reply:
        """The reply to a request.

        Raises:
            ConnectionError: the connection ended before.
        """
        self.send(request)
        assert self._reply is not None
        return await self._reply

    def send(self, request: bytes) -> None:
        """Ask, and do not wait."""
        if self.is_lost:
            raise ConnectionResetError("lost before it was used again")
        self._parser = httptools.HttpResponseParser(self)
        self._fields: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self.has_begun = False
        self._reply = self._loop.create_future()
        self.transport.write(request)

    @property
    def is_answered(self) -> bool:
        """The whole reply has come."""
        return self._reply is not None and self._reply.done()

    def data_received(self, data: bytes) -> None:
        if self._reply is None:
            self.transport.abort()
            return
        if not self.has_begun:
            self.has_begun, self._first_byte_at = True, time.monotonic()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionAbortedError(f"not HTTP: {error}"))

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_lost = True
        if self._reply is not None:
            self._fail(ConnectionResetError(f"the connection ended: {problem}"))

    # what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields[name.lower()] = value

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        assert self._reply is not None
        if not self._reply.done():
            status = self._parser.get_status_code()
            self._reply.set_result(Reply(status, self._fields, b"".join(self._body), self._first_byte_at))

    def _fail(self, error: Exception) -> None:
        assert self._reply is not None
        if not self._reply.done():
            self._reply.set_exception(error)
            self._reply.exception()  # whoever has left does not ask for it

    # leaving

    def close(self) -> None:
        """A FIN."""
        self.transport.close()

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        if not self.is_lost:
            self.transport.write_eof()

    def reset(self) -> None:
        """A reset."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.is_lost:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()


class Connections:
    """Connections to one address: idle ones are used again, the youngest first, as SDKs' pools do."""

    def __init__(self, address: tuple[str, int], keep_seconds: float = 20.0) -> None:
        self._address, self._keep_seconds = address, keep_seconds
        self._loop = asyncio.get_running_loop()
        self._idle: list[CallersConnection] = []

    async def one(self, *, is_fresh: bool = False) -> CallersConnection:
        """A connection that nobody uses. Those that were idle for too long are closed: they are at the front."""
        while self._idle and (
            self._idle[0].is_lost or self._loop.time() - self._idle[0].idle_since > self._keep_seconds
        ):
            self._idle.pop(0).close()
        while self._idle and not is_fresh:
            found = self._idle.pop()
            if not found.is_lost:
                return found
        _, made = await self._loop.create_connection(CallersConnection, *self._address)
        return made

    def give_back(self, connection: CallersConnection) -> None:
        """It may be used again."""
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def close(self) -> None:
        """Close those that are idle."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

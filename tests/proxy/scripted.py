"""A provider that plays the bytes it is given: a test accepts, reads a request, and sends exactly these pieces."""

import asyncio
import contextlib
import socket
import ssl
from typing import NamedTuple, cast

from sidecar.http1.framing import ChunkedBody
from tests.proxy.sockets import reset_when_closed, within

PIECE = 65536


class Request(NamedTuple):
    """A request as it came."""

    head: bytes
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        """The start line and the fields, without line ends."""
        return self.head[:-4].split(b"\r\n")


class Connection:
    """One connection that the sidecar made."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def head(self) -> bytes:
        """The next request's head."""
        return await within(self.reader.readuntil(b"\r\n\r\n"))

    async def request(self) -> Request:
        """The next request, whole, its body as framed on the wire."""
        head = await self.head()
        fields = head.lower()
        if b"\r\ntransfer-encoding: chunked\r\n" in fields:
            return Request(head, await within(self._chunked()))
        if b"\r\ncontent-length: " in fields:
            length = int(fields.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
            return Request(head, await within(self.reader.readexactly(length)))
        return Request(head, b"")

    async def _chunked(self) -> bytes:
        body, raw = ChunkedBody(), b""
        while not body.is_complete:
            byte = await self.reader.readexactly(1)
            body.feed(byte)
            raw += byte
        return raw

    async def read(self, count: int) -> bytes:
        """So many bytes."""
        return await within(self.reader.readexactly(count))

    async def send(self, *pieces: bytes) -> None:
        """Send pieces, each on its own, as far as the sidecar takes them."""
        for piece in pieces:
            self.writer.write(piece)
            await within(self.writer.drain())

    async def was_closed(self) -> bytes:
        """Wait until the sidecar closes; what came before that."""
        try:
            return await within(self.reader.read())
        except ConnectionError:
            return b""

    def stop_reading(self) -> None:
        """Take nothing more."""
        self._transport.pause_reading()

    def read_on(self) -> None:
        """Take what comes again."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self.writer.transport)

    @property
    def socket(self) -> socket.socket:
        found: socket.socket = self.writer.get_extra_info("socket")
        return found

    async def close(self) -> None:
        """Close in order."""
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await within(self.writer.wait_closed())

    async def reset(self) -> None:
        """Break the connection."""
        reset_when_closed(self.socket)
        self.writer.transport.abort()
        await self.close()


class ScriptedProvider:
    """Listens on loopback. Nothing is answered but what a test sends."""

    def __init__(self) -> None:
        self.accepted: list[Connection] = []
        self._waiting: asyncio.Queue[Connection] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._is_stopped = False
        self.port = 0

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen; with a TLS context, speak TLS."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_stopped:  # accepted before the stop and told after it; a stranger's, who had this port before us
            writer.transport.abort()
            return
        connection = Connection(reader, writer)
        self.accepted.append(connection)
        self._waiting.put_nowait(connection)

    async def connection(self) -> Connection:
        """The next connection that is made."""
        return await within(self._waiting.get())

    async def call(self) -> tuple[Connection, Request]:
        """The next connection and the first request on it."""
        connection = await self.connection()
        return connection, await connection.request()

    async def stop(self) -> None:
        """Accept no more, and close every connection."""
        self._is_stopped = True
        if self._server is not None:
            self._server.close()
        for connection in self.accepted:
            await connection.close()

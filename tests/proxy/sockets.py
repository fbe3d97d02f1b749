"""Callers on the bare wire, who can leave in every way there is."""

import asyncio
import socket
import struct
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

import h11

PATIENCE_SECONDS = 3.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

T = TypeVar("T")


async def within(awaited: Awaitable[T]) -> T:
    """What is awaited, which must not take for ever."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await awaited


def reset_when_closed(sock: socket.socket) -> None:
    """Closing sends a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


class Reply(NamedTuple):
    """A reply as an independent HTTP implementation (h11) reads it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    trailers: list[tuple[bytes, bytes]]
    interim: list[int]

    def header(self, name: str) -> bytes | None:
        """The first value of a field."""
        return next((value for key, value in self.headers if key == name.lower().encode()), None)


class Caller:
    """One connection of a caller."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._loop = asyncio.get_running_loop()
        self._left_over = b""

    async def send(self, *pieces: bytes) -> None:
        """Send pieces, waiting as long as the sidecar does not take them."""
        for piece in pieces:
            await within(self._loop.sock_sendall(self.socket, piece))

    def offer(self, piece: bytes) -> int:
        """Send as much of a piece as is taken now; returns how much that is."""
        try:
            return self.socket.send(piece)
        except BlockingIOError:
            return 0

    async def receive(self) -> bytes:
        """Whatever comes next; empty at the end.

        Raises:
            ConnectionResetError: the connection was broken.
        """
        return await within(self._loop.sock_recv(self.socket, 2**20))

    async def read(self, until: bytes) -> bytes:
        """Everything until these bytes have come."""
        raw, self._left_over = self._left_over, b""
        while until not in raw:
            piece = await self.receive()
            assert piece, f"the connection ended after {raw!r}"
            raw += piece
        end = raw.index(until) + len(until)
        self._left_over = raw[end:]
        return raw[:end]

    async def rest(self) -> bytes:
        """Everything until the connection is closed in order.

        Raises:
            ConnectionResetError: it was broken instead.
        """
        raw, self._left_over = self._left_over, b""
        while piece := await self.receive():
            raw += piece
        return raw

    async def until_broken(self) -> bytes:
        """Everything until the connection is broken; an end in order is a failure."""
        raw, self._left_over = self._left_over, b""
        try:
            while piece := await self.receive():
                raw += piece
        except ConnectionResetError:
            return raw
        raise AssertionError(f"the connection ended in order after {raw!r}")

    async def reply(self, method: str = "POST") -> Reply:
        """The next reply, whole; what comes behind it is left for the next."""
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        parser.send(h11.EndOfMessage())
        raw, self._left_over = self._left_over, b""
        if raw:
            parser.receive_data(raw)
        head: h11.Response | None = None
        body, interim = b"", []
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await self.receive())
            elif isinstance(event, h11.InformationalResponse):
                interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
        assert head is not None
        self._left_over = parser.trailing_data[0]
        return Reply(head.status_code, list(head.headers), body, list(event.headers), interim)

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        """Close: a FIN, if everything that came was read."""
        self.socket.close()

    async def close(self) -> None:
        """Leave, as the provider's end of a connection is closed."""
        self.leave()

    def reset(self) -> None:
        """Close with a reset."""
        reset_when_closed(self.socket)
        self.socket.close()

"""A provider that plays whatever it is told with the bytes of its connections, and counts who has had a request whole."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from tests.proxy.sockets import reset_when_closed

TAG: Final = b"\r\nx-simulator-call: "
LENGTH: Final = b"\r\ncontent-length: "
NOT_KNOWN: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
PIECE: Final = 2**16


class Turn:
    """One request, of which the head has come, and the connection to answer it on."""

    def __init__(
        self, provider: "RawProvider", head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._provider, self._reader, self._writer = provider, reader, writer
        self.name = _field(head, TAG)
        """The request's `X-Simulator-Call`; empty for a question of the sidecar's own."""
        self._length = int(_field(head, LENGTH) or 0)

    async def whole(self) -> None:
        """Read the rest of the request: from here on it is billed."""
        await self.rest()
        self._provider.billed[self.name] += 1

    async def rest(self) -> None:
        """Read the rest of the request, billed or not."""
        await self._reader.readexactly(self._length)

    async def send(self, *pieces: bytes, pause_seconds: float = 0.0) -> None:
        """Write pieces, as far as they are taken, with a pause behind each."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            if pause_seconds:
                await asyncio.sleep(pause_seconds)

    async def gone(self) -> None:
        """Wait until the other side closes."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(PIECE):
                pass
        self._writer.close()

    def close(self) -> None:
        """End the connection in order, whatever was sent before arrives first."""
        self._writer.close()

    def reset(self) -> None:
        """Break the connection."""
        reset_when_closed(self._writer.get_extra_info("socket"))
        self._writer.transport.abort()

    @property
    def is_over(self) -> bool:
        """The connection can't be used again."""
        return self._writer.is_closing()


Play = Callable[[Turn], Awaitable[None]]


class RawProvider:
    """Requests are told apart by their tag. One that no play is written for is not known here."""

    def __init__(self) -> None:
        self.plays: dict[str, Play] = {}
        self.asked: Counter[str] = Counter()
        """Requests by their tag, however much of them came."""
        self.billed: Counter[str] = Counter()
        """Requests that came whole."""
        self._servers: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def listen(self, tls: ssl.SSLContext | None = None) -> int:
        """Listen on one more port of loopback, with TLS or without; returns the port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls, backlog=512)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Accept no more, and break what is open."""
        for server in self._servers:
            server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(Turn(self, head, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass  # the sidecar has cut it, or closed an idle connection; or all is over
        finally:
            writer.close()

    async def _answer(self, turn: Turn) -> None:
        if turn.name not in self.plays:
            await turn.send(NOT_KNOWN)
            turn.close()
            return
        self.asked[turn.name] += 1
        await self.plays[turn.name](turn)


def _field(head: bytes, name: bytes) -> str:
    began = head.lower().find(name)
    return head[began + len(name) :].partition(b"\r\n")[0].decode() if began >= 0 else ""

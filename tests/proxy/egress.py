"""A real egress proxy: it takes CONNECT, connects, and passes bytes on both ways. Names lead where a test says."""

import asyncio
import contextlib
import ssl

OPENED = b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n"


class EgressProxy:
    """Listens on loopback. `answer` is what it says to CONNECT; it opens a tunnel only if that is a 200."""

    def __init__(self, **places: int) -> None:
        self.answer = OPENED
        self.asked: list[bytes] = []
        """The heads that came."""
        self.port = 0
        self.places = places
        """The port on loopback that each `host` leads to, with underscores for its dots."""
        self.open: set[asyncio.Task[None]] = set()
        """One for each connection."""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "EgressProxy":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen; with a TLS context the proxy itself speaks TLS."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept no more, and end every tunnel."""
        assert self._server is not None
        self._server.close()
        for task in list(self.open):
            task.cancel()
        await asyncio.gather(*self.open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.open.add(task)
        task.add_done_callback(self.open.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            try:
                await self._serve(reader, writer)
            finally:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        writer.write(self.answer)
        if not self.answer.startswith(b"HTTP/1.1 200"):
            await writer.drain()
            await reader.read()
            return
        host = head.split(b" ")[1].rpartition(b":")[0].decode().replace(".", "_")
        there = await asyncio.open_connection("127.0.0.1", self.places[host])
        try:
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        finally:
            there[1].close()

    async def was_asked(self) -> bytes:
        """Wait for the first head."""
        async with asyncio.timeout(3):
            while not self.asked:
                await asyncio.sleep(0.001)
        return self.asked[0]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()

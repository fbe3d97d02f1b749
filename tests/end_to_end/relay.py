"""A path that breaks: TCP passed on, as by a port-forward, a mesh's proxy or a NAT, until it forgets its connections."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 2**16


class Relay:
    """Its methods are for the thread of the test."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, writers: set[asyncio.StreamWriter]) -> None:
        self.url = url
        """Where the other end of the path can be reached."""
        self._loop, self._writers = loop, writers

    def break_connections(self) -> None:
        """Close every connection on both sides; whoever connects anew gets through."""
        asyncio.run_coroutine_threadsafe(_close(self._writers), self._loop).result(10)


async def _close(writers: set[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while passed := await reader.read(CHUNK):
            writer.write(passed)
            await writer.drain()
    writer.close()


@contextmanager
def relay_to(url: str) -> Iterator[Relay]:
    """A path to the host and port of this URL, for as long as the block lasts; what follows in the URL stays."""
    place, started = urlsplit(url), Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]()
    writers = set[asyncio.StreamWriter]()

    async def serve(near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection(place.hostname, place.port)
        pair = {near, far}
        writers.update(pair)
        await asyncio.gather(_pass_on(near_reader, far), _pass_on(far_reader, near))
        writers.difference_update(pair)
        for writer in pair:
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def live() -> None:
        ended = asyncio.Event()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            started.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), ended))
            await ended.wait()
            await _close(writers)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="relay", daemon=True)
    thread.start()
    port, loop, ended = started.result(10)
    try:
        yield Relay(f"http://127.0.0.1:{port}{place.path}", loop, writers)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)

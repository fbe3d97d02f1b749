"""Many targets in one thread: answers `GET /<target>/metrics` with that target's next page, as fast as it is asked."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"
    b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
)


class Responder:
    """Belongs to its thread; `bodies` are gzipped pages, which every target shows one after the other, the last one for ever."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._answers = [HEAD % len(body) + body for body in bodies]
        self._shown: Counter[bytes] = Counter()
        self.place = ""

    async def serve(self, begun: threading.Event, over: asyncio.Event) -> None:
        """Listen, until it is over."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        begun.set()
        async with server:
            await over.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = head.split(b" ", 2)[1]
                turn = min(self._shown[target], len(self._answers) - 1)
                self._shown[target] += 1
                writer.write(self._answers[turn])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@contextmanager
def responding(bodies: Sequence[bytes]) -> Iterator[str]:
    """The address (host and port) of a responder in a thread of its own."""
    responder, begun, loop = Responder(bodies), threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(responder.serve(begun, over)))
    thread.start()
    begun.wait()
    try:
        yield responder.place
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

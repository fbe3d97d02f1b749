"""A path to a server that breaks without a word: bytes stop in one direction or both, or come late, and connections stay.

Whoever is at either end hears nothing: no FIN, no reset, and what it sends is taken. So is a network that is partitioned, but for
the acknowledgements, which here still come: the harder case, for no kernel finds anything wrong.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final

CHUNK: Final = 2**16


class Way(Enum):
    """A direction, as the sidecar sees it."""

    THERE = "there"
    BACK = "back"


BOTH: Final = tuple(Way)


class BreakablePath:
    """Its methods are for the thread of the test. What is held goes on, in its order, when it is released."""

    def __init__(self, server: Path | tuple[str, int]) -> None:
        """`server` is a Unix socket, or a host and port."""
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._is_open = {way: asyncio.Event() for way in Way}
        self._tasks: set[asyncio.Task[None]] = set()
        self._words: tuple[bytes, ...] = ()
        self.delay_seconds = 0.0
        """How late each piece comes; may be set at any time."""
        self.may_pass: Callable[[Way, bytes], bool] = lambda way, piece: True
        """Asked about each piece before it goes on, in the thread of the path; what may not is lost. May be set."""
        self.port = 0

    def hold(self, *ways: Way) -> None:
        """Pass on nothing more in these directions; not the end of a connection either."""
        self._tell(*(self._is_open[way].clear for way in ways))

    def hold_answers_behind(self, *words: bytes) -> None:
        """From the moment on in which these have passed, in this order and by one connection, pass no answer on."""
        self._words = words

    def release(self) -> None:
        """Go on."""
        self._words = ()
        self._tell(*(gate.set for gate in self._is_open.values()))

    def cut(self) -> None:
        """Close every connection, with what was held; whoever connects anew gets through."""
        self._tell(*(task.cancel for task in tuple(self._tasks)))
        self.release()

    def _tell(self, *acts: Callable[[], object]) -> None:
        async def do() -> None:
            for act in acts:
                act()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(10)

    async def _serve(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(OSError, asyncio.CancelledError):  # the server is down, or the block was left
            far_reader, far = await self._connected()
            try:
                there, back = self._pass_on(Way.THERE, near_reader, far), self._pass_on(Way.BACK, far_reader, near)
                await asyncio.gather(there, back)
            finally:
                far.close()
        near.close()
        self._tasks.discard(task)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._server, Path):
            return await asyncio.open_unix_connection(str(self._server))
        return await asyncio.open_connection(*self._server)

    async def _pass_on(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = 0
        with suppress(ConnectionError):
            while piece := await reader.read(CHUNK):
                await asyncio.sleep(self.delay_seconds)
                await self._is_open[way].wait()
                if not self.may_pass(way, piece):
                    continue
                if way is Way.THERE:
                    heard = self._listened(piece, heard)
                writer.write(piece)
                await writer.drain()
        await self._is_open[way].wait()
        writer.close()

    async def _live(self, started: "Future[asyncio.Event]") -> None:
        ended = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set_result(ended)
        await ended.wait()
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(0)  # transports that were closed are let go

    def _listened(self, piece: bytes, heard: int) -> int:
        """How many of the words have passed by a connection, with this piece."""
        while heard < len(self._words) and self._words[heard] in piece:
            heard += 1
        if self._words and heard == len(self._words):
            self._words = ()
            self._is_open[Way.BACK].clear()
        return heard

    @contextmanager
    def passing(self) -> Iterator["BreakablePath"]:
        """Pass on for as long as the block lasts."""
        started = Future[asyncio.Event]()
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(started),), daemon=True)
        thread.start()
        ended = started.result(10)
        self.release()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(ended.set)
            thread.join(10)
            self._loop.close()

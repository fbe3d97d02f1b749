"""A provider in a thread of its own that answers each request as a test has scripted, byte for byte, in any dialect.

A request names its script by the header `X-Script`. What was asked is remembered under the same name.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple

import uvloop

SCRIPT_HEADER = "X-Script"
BETWEEN_PIECES_SECONDS = 0.002
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Then(Enum):
    """What becomes of the connection behind an answer."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"
    """Nothing more comes until the other side closes."""


class Answer(NamedTuple):
    """The bytes of one answer, each piece a write of its own."""

    pieces: tuple[bytes, ...]
    then: Then = Then.KEEP


NOT_KNOWN = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Asked(NamedTuple):
    """One request as it came; names of fields are lower case."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def field(self, name: str) -> str:
        """The first value of a field; empty when it is absent."""
        return next((value for key, value in self.fields if key == name), "")


class ScriptedProvider:
    """Its methods are for the thread of the test."""

    def __init__(self, port: int, scripts: dict[str, tuple[Answer, ...]], asked: dict[str, list[Asked]]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._scripts, self._asked = scripts, asked

    def script(self, name: str, *answers: Answer) -> None:
        """Answer the requests of this name so, one after another; the last answer is given again and again."""
        self._scripts[name] = answers

    def asked(self, name: str) -> list[Asked]:
        """What was asked under this name so far."""
        return list(self._asked[name])


class _Desk:
    """Answers the requests of every connection."""

    def __init__(self) -> None:
        self.scripts: dict[str, tuple[Answer, ...]] = {}
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                pass
        writer.close()
        self.connections.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; returns whether another may come."""
        asked = await _read(reader)
        name = asked.field(SCRIPT_HEADER.lower())
        if not name:  # a question of the sidecar's own: what a call that was cut has cost
            writer.write(NOT_KNOWN)
            return True
        answers = self.scripts[name]
        answer = answers[min(len(self.asked[name]), len(answers) - 1)]
        self.asked[name].append(asked)
        for piece in answer.pieces:
            if writer.is_closing():
                return False  # it was cut
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(BETWEEN_PIECES_SECONDS)
        if answer.then is Then.HANG:
            await reader.read()
        if answer.then is Then.RESET:
            found: socket.socket = writer.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
        return answer.then is Then.KEEP


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, target, _ = first.split(" ")
    split = (line.partition(":") for line in lines)
    fields = tuple((name.lower(), value.strip()) for name, _, value in split)
    named = dict(fields)
    if named.get("transfer-encoding") == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(named.get("content-length", "0")))
    return Asked(method, target, fields, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return body


@contextmanager
def scripted_provider() -> Iterator[ScriptedProvider]:
    """A provider that listens on loopback for as long as the block lasts."""
    desk, started = _Desk(), Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]()

    async def live() -> None:
        ended = asyncio.Event()
        server = await asyncio.start_server(desk.serve, "127.0.0.1", 0, limit=2**24)
        started.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), ended))
        await ended.wait()
        server.close()
        for connection in list(desk.connections):
            connection.cancel()
        await asyncio.gather(*desk.connections)

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(live())

    thread = threading.Thread(target=run, name="scripted provider", daemon=True)
    thread.start()
    port, loop, ended = started.result(10)
    try:
        yield ScriptedProvider(port, desk.scripts, desk.asked)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)

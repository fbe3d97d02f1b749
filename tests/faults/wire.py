"""A caller on the bare wire, and how its answer ended: whole, broken off, or with an end in order where more was promised."""

import asyncio
import contextlib
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import h11

from tests.proxy.sockets import reset_when_closed

PROMPT: Final = b'{"contents":[{"parts":[{"text":"hi"}]}]}'
PIECE: Final = 2**16


class Kind(StrEnum):
    """What is asked for."""

    UNARY = "unary"
    """One document of a known length."""
    STREAM = "stream"
    """Events in chunks."""
    GZIP = "gzip"
    """One compressed document of a known length."""


TARGETS: Final = {
    Kind.UNARY: "generateContent",
    Kind.STREAM: "streamGenerateContent?alt=sse",
    Kind.GZIP: "generateContent",
}


class Ending(StrEnum):
    """How the caller's part of a connection ended."""

    WHOLE = "whole"
    """As framed."""
    BROKEN = "broken"
    """By a reset: nobody takes what came for everything."""
    SHORT = "ended in order with less than was promised"
    SILENT = "silent"
    """Not at all, for as long as the caller waited; then it left."""


class Heard(NamedTuple):
    """What a caller got."""

    ending: Ending
    status: int = 0
    """0 when no head came."""
    body: bytes = b""

    def is_own_error(self, *statuses: int) -> bool:
        """A whole answer of the sidecar's with one of these statuses, and a sentence in it."""
        return self.ending is Ending.WHOLE and self.status in statuses and b"inference-sidecar: " in self.body


def request(name: str, upstream: str, kind: Kind, body: bytes = PROMPT, script: str = "") -> bytes:
    """A call whose caller, and whose tag on the bill, is this name."""
    coding = "Accept-Encoding: gzip\r\n" if kind is Kind.GZIP else ""
    head = (
        f"POST /{upstream}/v1beta/models/gemini-2.5-flash:{TARGETS[kind]} HTTP/1.1\r\nHost: a\r\n{coding}"
        f"X-Sidecar-Caller: {name}\r\nX-Simulator-Call: {name}\r\nX-Simulator: {script}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire:
    """One connection to a proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**20)
        self._status, self._body = 0, bytearray()

    async def send(self, raw: bytes) -> None:
        """Send; that the other side has ended is found when its answer is read."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(raw)
            await self.writer.drain()

    async def answer(self, patience_seconds: float) -> Heard:
        """The next answer; the connection can be used again if it is whole."""
        if self._parser.our_state is h11.DONE:
            self._parser.start_next_cycle()
        self._parser.send(h11.Request(method="POST", target="/", headers=[("Host", "a")]))
        self._parser.send(h11.EndOfMessage())
        self._status, self._body = 0, bytearray()
        try:
            async with asyncio.timeout(patience_seconds):
                ending = await self._read()
        except TimeoutError:
            ending = Ending.SILENT
        except ConnectionError:
            ending = Ending.BROKEN
        except h11.RemoteProtocolError:
            ending = Ending.SHORT
        return Heard(ending, self._status, bytes(self._body))

    async def _read(self) -> Ending:
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                self._parser.receive_data(await self.reader.read(PIECE))
            elif isinstance(event, h11.Response):
                self._status = event.status_code
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return Ending.WHOLE
            elif isinstance(event, h11.ConnectionClosed):
                return Ending.SHORT

    def leave(self) -> None:
        """Close."""
        self.writer.close()

    def reset(self) -> None:
        """Close with a reset."""
        reset_when_closed(self.writer.get_extra_info("socket"))
        self.writer.transport.abort()


async def connected(proxy: str) -> Wire:
    """A connection to the proxy at this URL."""
    place = urlsplit(proxy)
    return Wire(*await asyncio.open_connection(place.hostname, place.port))


async def asked(proxy: str, raw: bytes, patience_seconds: float = 20.0) -> Heard:
    """The answer to one request on a connection of its own, which is closed behind it, or when patience ends."""
    wire = await connected(proxy)
    try:
        sending = asyncio.ensure_future(wire.send(raw))
        heard = await wire.answer(patience_seconds)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return heard
    finally:
        wire.leave()

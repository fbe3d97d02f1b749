"""Two ends that speak WebSocket through the sidecar, with wsproto's opinion of every frame, and a road for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import wsproto.events as ws
from wsproto.connection import Connection as Frames, ConnectionType

from sidecar.proxy.live_socket import LiveSocket
from tests.proxy.messages import get, head
from tests.proxy.plain_live import PLAIN, TARGET
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller, within

ASKS = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
KEY = "X-Goog-Api-Key: a-key"
AGREED = head("Upgrade: websocket", "Connection: Upgrade", status="101 Switching Protocols")


class Wire(Protocol):
    """Bytes there and back."""

    async def send(self, *pieces: bytes) -> None: ...
    async def close(self) -> None: ...


class Talker:
    """One end of a socket."""

    def __init__(self, wire: Wire, receive: Callable[[], Any], kind: ConnectionType, first: bytes = b"") -> None:
        self._wire, self._receive = wire, receive
        self.frames = Frames(kind)
        self.heard: list[str] = []
        self.closed: int | None = None
        """The code of the close frame that came."""
        self.has_ended = False
        if first:
            self._take(first)

    async def say(self, *texts: str) -> None:
        """Send each as a message, all of them in one piece."""
        await self._wire.send(b"".join(self.framed(text) for text in texts))

    def framed(self, text: str) -> bytes:
        """A message's bytes."""
        return self.frames.send(ws.TextMessage(data=text))

    def goodbye(self, code: int = 1000) -> bytes:
        """A close frame's bytes."""
        return self.frames.send(ws.CloseConnection(code=code))

    async def close(self, code: int = 1000) -> None:
        """Send a close frame."""
        await self._wire.send(self.goodbye(code))

    async def hear(self, text: str) -> None:
        """Read until this message has come."""
        while text not in self.heard:
            assert not self.has_ended, f"it ended after {self.heard}"
            await self.read()

    async def read(self) -> None:
        """Read what comes next."""
        data = await within(self._receive())
        if data:
            self._take(data)
        else:
            self.has_ended = True
            await self._wire.close()

    async def until_closed(self) -> int | None:
        """Read until a close frame, or the end; the code."""
        while self.closed is None and not self.has_ended:
            await self.read()
        return self.closed

    async def until_ended(self) -> int | None:
        """Read until the end, which must be in order; the code of the close frame that came before."""
        while not self.has_ended:
            await self.read()
        return self.closed

    def _take(self, data: bytes) -> None:
        self.frames.receive_data(data)
        for event in self.frames.events():
            if isinstance(event, ws.TextMessage):
                self.heard.append(event.data)
            elif isinstance(event, ws.CloseConnection):
                self.closed = event.code


class Talk:
    """A socket through the sidecar: its two ends, and what the sidecar has of it."""

    def __init__(self, road: Road, caller: Caller, connection: Connection) -> None:
        self.road, self.wire, self.connection = road, caller, connection
        self.caller = Talker(caller, caller.receive, ConnectionType.CLIENT)
        self.provider = Talker(connection, lambda: connection.reader.read(2**16), ConnectionType.SERVER)

    @property
    def live(self) -> LiveSocket:
        """The one socket."""
        (live,) = self.road.context.sockets
        return live

    async def asked(self, turn: int = 1, *more: str) -> None:
        """The caller has asked for an answer."""
        words = " ".join(["ask", str(turn), *more])
        await self.caller.say(words)
        await self.provider.hear(words)

    async def begun(self, turn: int = 1) -> None:
        """An answer was asked for and has begun."""
        await self.asked(turn)
        await self.told(f"begin {turn}")

    async def told(self, text: str) -> None:
        """The provider has said something, and the caller has it."""
        await self.provider.say(text)
        await self.caller.hear(text)

    async def answered(self, turn: int = 1, read: int = 100, made: int = 20) -> None:
        """An answer was given, whole."""
        await self.begun(turn)
        await self.told(f"used {turn} {read} {made}")
        await self.told(f"end {turn}")

    async def is_over(self) -> None:
        """Nothing is left of any socket."""
        await self.road.until(lambda: not self.road.context.sockets)


async def a_talk(road: Road, *fields: str, target: str = TARGET, receive_buffer: int | None = None) -> Talk:
    """A socket that was agreed upon."""
    caller = await road.caller(receive_buffer=receive_buffer)
    return await talk_of(road, caller, *fields, target=target)


async def talk_of(road: Road, caller: Caller, *fields: str, target: str = TARGET) -> Talk:
    """The same over a connection that is there."""
    await caller.send(get(target, *ASKS, *(fields or (KEY,))))
    connection = await road.provider.connection()
    await connection.head()
    await connection.send(AGREED)
    await caller.read(b"\r\n\r\n")
    return Talk(road, caller, connection)


@asynccontextmanager
async def a_live_road(**changes: Any) -> AsyncIterator[Road]:
    """A road whose provider speaks the plain dialect of sockets."""
    async with a_road(**({"name": "gemini", "dialect": PLAIN} | changes)) as road:
        yield road
    assert not road.context.sockets
    assert road.context.turns == 0


def ended(road: Road) -> dict[str, float]:
    """How sockets have ended, without zeros."""
    words = ("caller", "left", "provider", "broken", "cut")
    counts = {word: road.counted("live_sockets_ended_total", end=word) for word in words}
    return {word: count for word, count in counts.items() if count}


async def quiet() -> None:
    """Let what was sent be read."""
    await asyncio.sleep(0.02)


async def flooded_caller(talk: Talk) -> int:
    """The provider has sent until nothing more was taken; bytes that it sent."""
    sent = 0
    while not talk.live.caller.is_writing_paused:
        data = talk.provider.framed("y" * 300_000)
        talk.connection.writer.write(data)
        sent += len(data)
        await asyncio.sleep(0.001)
    return sent

"""Sockets on one road, and one turn after another: what a test of random orders plays."""

import asyncio
import contextlib
import itertools
import socket

from sidecar.websocket.closing import close_frame
from tests.proxy.messages import get
from tests.proxy.plain_live import TARGET
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller, reset_when_closed
from tests.proxy.talking import AGREED, ASKS, KEY

HANDLE = "resumable"


def said(text: str) -> bytes:
    """A message of a provider."""
    return bytes([0x81, len(text)]) + text.encode()


def asked(text: str) -> bytes:
    """A message of a caller, under a mask that changes nothing."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


class Scene:
    """One socket, both of whose ends do as they are told as long as they are there. Nothing that they can do is an error."""

    def __init__(self, road: Road, caller: Caller, connection: Connection, numbers: "itertools.count[int]") -> None:
        self._road, self._caller, self._connection, self._numbers = road, caller, connection, numbers
        self._turns = itertools.count(1)
        self.open: list[int] = []
        """Turns that were asked for or begun, and of which no end was said."""
        self.told: dict[int, int] = {}
        """What was said to have been used by them: a number that no other answer has."""
        self._has_closed = False
        self.heard = b""
        self.is_caller_there = self.is_provider_there = True
        self.reading = [asyncio.ensure_future(self._hear()), asyncio.ensure_future(self._drop())]

    # === the caller ===

    async def asks(self) -> None:
        self.open.append(next(self._turns))
        await self._caller_sends(asked(f"ask {self.open[-1]}"))

    async def resumes(self) -> None:
        await self._caller_sends(asked(f"resume {HANDLE}"))

    async def asks_in_pieces(self) -> None:
        self.open.append(next(self._turns))
        message = asked(f"ask {self.open[-1]}")
        await self._caller_sends(message[:3])
        await asyncio.sleep(0.001)
        await self._caller_sends(message[3:])

    async def chats(self) -> None:
        await self._caller_sends(asked("x" * 90) * 200)

    async def caller_closes(self) -> None:
        await self._caller_sends(close_frame(1000, is_masked=True))

    async def asks_and_closes(self) -> None:
        self.open.append(next(self._turns))
        await self._caller_sends(asked(f"ask {self.open[-1]}") + close_frame(1000, is_masked=True))

    async def caller_leaves(self) -> None:
        if self.is_caller_there:
            await self._caller_is_gone()
            self._caller.leave()

    async def caller_resets(self) -> None:
        if self.is_caller_there:
            await self._caller_is_gone()
            self._caller.reset()

    async def half_closes(self) -> None:
        if self.is_caller_there:
            with contextlib.suppress(OSError):
                self._caller.half_close()

    async def _caller_is_gone(self) -> None:
        self.is_caller_there = False
        self.reading[0].cancel()
        await asyncio.gather(self.reading[0], return_exceptions=True)

    async def _caller_sends(self, data: bytes) -> None:
        if self.is_caller_there:
            with contextlib.suppress(OSError):
                self._caller.offer(data)

    # === the provider ===

    async def begins(self) -> None:
        turn = self.open[-1] if self.open else next(self._turns)
        self.open = self.open or [turn]
        await self._provider_sends(said(f"begin {turn}"))

    async def uses(self) -> None:
        for turn in self.open[:1]:
            await self._provider_sends(said(f"used {turn} {self._tells(turn)} 5"))

    async def ends(self) -> None:
        if self.open:
            await self._provider_sends(said(f"end {self.open.pop(0)}"))

    async def ends_and_tells_later(self) -> None:
        if self.open:
            turn = self.open.pop(0)
            await self._provider_sends(said(f"end {turn} late"))
            await self._provider_sends(said(f"used {turn} {self._tells(turn)} 5"))

    def _tells(self, turn: int) -> int:
        """A number for a turn; what is said behind a close frame is said to nobody."""
        number = next(self._numbers)
        if not self._has_closed:
            self.told[turn] = number
        return number

    async def ends_and_never_tells(self) -> None:
        if self.open:
            await self._provider_sends(said(f"end {self.open.pop(0)} late"))

    async def declines(self) -> None:
        if self.open:
            await self._provider_sends(said(f"decline {self.open.pop()} 429"))

    async def names_a_handle(self) -> None:
        await self._provider_sends(said(f"handle {HANDLE}"))

    async def plays(self) -> None:
        await self._provider_sends(said("y" * 90) * 200)

    async def provider_closes(self) -> None:
        self._has_closed = True
        await self._provider_sends(close_frame(1001, is_masked=False))

    async def begins_and_closes(self) -> None:
        self._has_closed = True
        await self._provider_sends(said(f"begin {next(self._turns)}") + close_frame(1011, is_masked=False))

    async def provider_ends(self) -> None:
        self.is_provider_there = False
        self._connection.writer.close()

    async def provider_resets(self) -> None:
        if self.is_provider_there and not self._connection.writer.is_closing():
            self.is_provider_there = False
            with contextlib.suppress(OSError):
                reset_when_closed(self._connection.socket)
            self._connection.writer.transport.abort()

    async def _provider_sends(self, data: bytes) -> None:
        if self.is_provider_there and not self._connection.writer.is_closing():
            self._connection.writer.write(data)

    # === what comes ===

    async def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while piece := await self._road.loop.sock_recv(self._caller.socket, 2**16):
                self.heard += piece
                self._caller.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    async def _drop(self) -> None:
        with contextlib.suppress(OSError):
            while await self._connection.reader.read(2**16):
                pass

    async def is_over(self) -> None:
        """Both ends go."""
        await self.caller_leaves()
        await self.provider_ends()
        await asyncio.gather(*self.reading, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._connection.writer.wait_closed()


class Play:
    """Everything that has happened on one road."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.scenes: list[Scene] = []
        self._numbers = itertools.count(1_000)

    async def opens(self, *, is_followed: bool) -> None:
        """A socket is made."""
        wish = ["X-Sidecar-On-Departure: follow"] if is_followed else []
        caller = await self.road.caller(get(TARGET, *ASKS, KEY, *wish))
        connection = await self.road.provider.connection()
        await connection.head()
        await connection.send(AGREED)
        await caller.read(b"\r\n\r\n")
        self.scenes.append(Scene(self.road, caller, connection, self._numbers))

"""A provider that plays a reply to every request, and a road that stands while many examples are tried on it."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar, cast

import h11
import uvloop

from sidecar.proxy import handover
from tests.proxy.readings import Broken, Fields, Got, Heard, Reader
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import ScriptedProvider
from tests.proxy.sockets import within

T = TypeVar("T")

HANDOVER_SECONDS = 0.001
"""In place of `handover.WAIT_SECONDS`, which only delays records: many examples are tried one after another."""


class Play(NamedTuple):
    """What a request is answered: each piece a write of its own, then perhaps the end of the connection."""

    pieces: tuple[bytes, ...] = (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",)
    closes: bool = False


class _Conversation(asyncio.Protocol):
    """One connection of the provider."""

    def __init__(self, provider: "PlayingProvider") -> None:
        self._provider = provider
        self._parser = h11.Connection(h11.SERVER)
        self._loop = asyncio.get_running_loop()
        self._request: h11.Request | None = None
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._provider.conversations.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._provider.conversations.discard(self)

    def data_received(self, data: bytes) -> None:
        self._parser.receive_data(data)
        try:
            self._read_on()
        except h11.RemoteProtocolError as broken:
            self._provider.faults.append(f"{broken} in {data!r}")
            self.transport.abort()

    def _read_on(self) -> None:
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Request):
                self._request, self._body = event, b""
            elif isinstance(event, h11.Data):
                self._body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._take(list(event.headers))
            else:
                return

    def _take(self, trailers: Fields) -> None:
        request, provider = self._request, self._provider
        assert request is not None
        provider.heard.append(Heard(request.method, request.target, list(request.headers), self._body, trailers))
        left, self._parser = self._parser.trailing_data[0], h11.Connection(h11.SERVER)
        if left:
            provider.faults.append(f"bytes behind a request: {left!r}")
        play = provider.plays.pop(0) if provider.plays else Play()
        self._play(list(play.pieces), play)

    def _play(self, pieces: list[bytes], play: Play) -> None:
        """Write the next piece, and the rest in later turns of the loop, so that each is read on its own."""
        if pieces and not self.transport.is_closing():
            self.transport.write(pieces.pop(0))
            self._loop.call_soon(self._play, pieces, play)
        elif play.closes:
            self.transport.close()


class PlayingProvider(ScriptedProvider):
    """Answers each request with the next of `plays`, or with a plain one; remembers what it heard and what was wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.plays: list[Play] = []
        self.heard: list[Heard] = []
        self.faults: list[str] = []
        self.conversations: set[_Conversation] = set()

    async def start(self, tls: Any = None) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept no more, and close every connection."""
        if self._server is not None:
            self._server.close()
        for conversation in list(self.conversations):
            conversation.transport.abort()

    def now_play(self, *plays: Play) -> None:
        """Forget what was heard; answer the next requests so."""
        self.plays, self.heard, self.faults = list(plays), [], []


async def exchanged(
    road: Road, pieces: list[bytes], methods: list[bytes], *, is_last: bool = False
) -> list[Got | Broken]:
    """Send these pieces on a new connection, each on its own, and read a reply to each method.

    With `is_last` our half is closed behind them, and everything is read that comes until the sidecar has closed its own.
    """
    sock = socket.socket()
    sock.setblocking(False)
    await within(road.loop.sock_connect(sock, road.address))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        sending = asyncio.ensure_future(_send(road, sock, pieces, is_last=is_last))
        got = await _read_replies(road, sock, methods)
        await sending
        with contextlib.suppress(ConnectionResetError):
            rest = b"?"
            while is_last and rest:
                rest = await within(road.loop.sock_recv(sock, 2**16))
        return got
    finally:
        sock.close()


async def _send(road: Road, sock: socket.socket, pieces: list[bytes], *, is_last: bool) -> None:
    with contextlib.suppress(ConnectionError):  # the reply may have come before, and the end with it
        for piece in pieces:
            await within(road.loop.sock_sendall(sock, piece))
            await asyncio.sleep(0)
        if is_last:
            sock.shutdown(socket.SHUT_WR)


async def _read_replies(road: Road, sock: socket.socket, methods: list[bytes]) -> list[Got | Broken]:
    replies: list[Got | Broken] = []
    left = b""
    for method in methods:
        reader = Reader(method)
        try:
            got = reader.feed(left) if left else None
            while got is None:
                got = reader.feed(await within(road.loop.sock_recv(sock, 2**16)))
        except (h11.RemoteProtocolError, ConnectionResetError) as broken:
            return [*replies, Broken(str(broken))]
        replies.append(got)
        left = reader.left_over
    return replies


class StandingRoad:
    """A road that stands while many examples are tried on it, from tests that are not coroutines themselves."""

    def __init__(self, runner: asyncio.Runner, road: Road, provider: PlayingProvider) -> None:
        self._runner, self.road, self.provider = runner, road, provider

    def run(self, awaited: Awaitable[T]) -> T:
        """What is awaited, in the road's loop."""

        async def waited() -> T:
            return await awaited

        return self._runner.run(waited())


@contextmanager
def standing_road(**destination: Any) -> Iterator[StandingRoad]:
    """A proxy in front of a provider that plays, for as long as the block lasts."""
    provider = PlayingProvider()
    usual, handover.WAIT_SECONDS = handover.WAIT_SECONDS, HANDOVER_SECONDS
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            holder = a_road(provider, **destination)
            road = runner.run(holder.__aenter__())
            yield StandingRoad(runner, road, provider)
            runner.run(holder.__aexit__(None, None, None))
    finally:
        handover.WAIT_SECONDS = usual

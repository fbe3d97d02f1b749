"""The slower side sets the pace: at most two chunks of a call are in our hands, however large its body is.

What is in our hands is what our kernel has handed to us of one connection and we have not handed to it for the other.
"""

import array
import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
import tracemalloc
from collections.abc import Callable

import pytest

from sidecar.callers.peer import unacknowledged_bytes
from tests.proxy.messages import CHUNKED, LAST, UNARY, answer, chunk, head, request
from tests.proxy.road import SMALL_BUFFER, Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller, within

pytestmark = pytest.mark.anyio

MOST_IN_ONE_READ = 256_000
"""What uvloop reads at once: a chunk."""
TWO_CHUNKS = 2 * MOST_IN_ONE_READ
BODY = 20_000_000
PIECE = bytes(50_000)
HEADS_DIFFER = 200

ACKNOWLEDGED_AT, RECEIVED_AT = 120, 128
"""Offsets of `tcpi_bytes_acked` and `tcpi_bytes_received` in struct tcp_info."""


def counted_by_the_kernel(sock: socket.socket, offset: int) -> int:
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, offset + 8)
    (count,) = struct.unpack_from("=Q", info, offset)
    return int(count)


def at_one_moment(sock: socket.socket, offset: int, queued: Callable[[socket.socket], int]) -> tuple[int, int]:
    """A count of the kernel's, and what is queued beside it: asked until the count stood still while it was asked for."""
    while True:
        count, waiting = counted_by_the_kernel(sock, offset), queued(sock)
        if counted_by_the_kernel(sock, offset) == count:
            return count, waiting


def unread_bytes(sock: socket.socket) -> int:
    unread = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, unread)
    return unread[0]


def read_from(sock: socket.socket) -> int:
    """Bytes that we have read from a connection."""
    received, unread = at_one_moment(sock, RECEIVED_AT, unread_bytes)
    return received - unread


def written_to(sock: socket.socket) -> int:
    """Bytes of a connection that the kernel has taken from us."""
    acknowledged, unacknowledged = at_one_moment(
        sock, ACKNOWLEDGED_AT, lambda sock: unacknowledged_bytes(sock.fileno())
    )
    return acknowledged + unacknowledged


def sockets(road: Road) -> tuple[socket.socket, socket.socket]:
    """Ours, towards the caller and towards the provider."""
    upstream = road.live().upstream
    assert upstream is not None
    return road.only_downstream().socket, upstream.transport.get_extra_info("socket")


async def most_held(step: Callable[[], object], source: socket.socket, sink: socket.socket) -> int:
    """The most that was in our hands at any turn of the loop while a step was taken until it says that all is done."""
    most = 0
    while not step():
        await asyncio.sleep(0.0005)
        most = max(most, read_from(source) - written_to(sink))
    return most


class Sip:
    """Takes a little from a socket whenever it is asked to, until it has had so much."""

    def __init__(self, sock: socket.socket, enough: int) -> None:
        self._sock, self._left = sock, enough

    def __call__(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            self._left -= len(self._sock.recv(20_000))
        return self._left <= 0


async def test_caller_reads_slowly__at_most_two_chunks_of_the_reply_are_held(road: Road) -> None:
    caller = await road.caller(request(), receive_buffer=SMALL_BUFFER)
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    sending = asyncio.ensure_future(connection.send(head(f"Content-Length: {BODY}"), *[PIECE] * (BODY // len(PIECE))))
    downstream, upstream = sockets(road)
    most = await most_held(Sip(caller.socket, 3_000_000), upstream, downstream)
    assert not sending.done()
    assert MOST_IN_ONE_READ // 8 < most <= TWO_CHUNKS
    sending.cancel()


async def test_provider_reads_slowly__at_most_two_chunks_of_the_request_are_held(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", f"Content-Length: {BODY}"))
    connection = await road.provider.connection()
    await connection.head()
    downstream, upstream = sockets(road)
    upstream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    sending = asyncio.ensure_future(caller.send(*[PIECE] * (BODY // len(PIECE))))
    most = await most_held(Taking(connection, 2_000_000), downstream, upstream)
    assert not sending.done()
    assert MOST_IN_ONE_READ // 8 < most <= TWO_CHUNKS + HEADS_DIFFER
    sending.cancel()


class Taking:
    """Lets the provider read for a moment, whenever it is asked to, until it has had so much."""

    def __init__(self, connection: Connection, enough: int) -> None:
        self._connection, self._enough = connection, enough
        self._turn = 0

    def __call__(self) -> bool:
        self._turn += 1
        (self._connection.read_on if self._turn % 4 == 0 else self._connection.stop_reading)()
        self._connection.reader._buffer.clear()  # type: ignore[attr-defined]
        return counted_by_the_kernel(self._connection.socket, RECEIVED_AT) >= self._enough


async def pass_through(road: Road, caller: Caller, count: int) -> int:
    """A call whose prompt and answer are both so many pieces long; returns the peak of the memory that was taken for it."""
    text = b"x" * 100_000
    start, end = answer(text="@").split(b"@")
    tracemalloc.start()
    try:
        sending = asyncio.ensure_future(caller.send(request(UNARY, b"", CHUNKED), *[chunk(text)] * count, LAST))
        connection = road.provider.accepted[0] if road.provider.accepted else await road.provider.connection()
        await connection.head()
        await take(connection.reader.read, b"0\r\n\r\n")
        await sending
        replying = asyncio.ensure_future(
            connection.send(head(CHUNKED), chunk(start), *[chunk(text)] * count, chunk(end), LAST)
        )
        await take(lambda size: road.loop.sock_recv(caller.socket, size), b"0\r\n\r\n")
        await replying
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def take(read: Callable[[int], object], until: bytes) -> None:
    """Read and drop everything to the end of a body."""
    last = b""
    while not last.endswith(until):
        piece: bytes = await within(read(65_536))  # type: ignore[arg-type]
        last = (last + piece)[-len(until) :]


async def test_no_memory_grows_with_the_size_of_a_body(road: Road) -> None:
    caller = await road.caller()
    road.prices.load()
    small, large = await pass_through(road, caller, 40), await pass_through(road, caller, 400)
    assert large - small < 3_000_000  # the provider's own reader keeps up to 2 MB; the bodies are 4 and 40
    row = await road.settled(2)
    assert (row.outcome, row.usage["output"]) == ("delivered", 50)

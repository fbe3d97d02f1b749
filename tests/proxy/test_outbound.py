"""The request on its way: held while a connection is made, then as fast as the provider takes it and no faster."""

import asyncio
import socket

import pytest

from sidecar.callers.peer import unacknowledged_bytes
from sidecar.proxy.outbound import MAX_UNSENT
from tests.proxy.messages import CHUNKED, LAST, UNARY, UNARY_REPLY, answer, chunk, head, reply, request
from tests.proxy.road import SMALL_BUFFER, ZERO, Road, a_road
from tests.proxy.scripted import Connection, ScriptedProvider
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio

MEGABYTE = 1_000_000


def is_committed(road: Road) -> bool:
    return road.live().call.committed_at is not None


async def sends_until_it_blocks(caller: Caller, body: bytes) -> int:
    """Send as much as is taken, until nothing is for a while; returns how much that was."""
    sent, quiet = 0, 0
    while sent < len(body) and quiet < 20:
        taken = caller.offer(body[sent : sent + MEGABYTE])
        sent, quiet = sent + taken, 0 if taken else quiet + 1
        await asyncio.sleep(0 if taken else 0.005)
    return sent


async def test_request_is_whole_before_the_connection__it_follows_at_once(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"x" * 200_000))
    connection, got = await road.provider.call()
    assert got.body == b"x" * 200_000
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    row = await road.settled()
    assert row.committed_at is not None


async def test_request_is_not_committed_before_its_last_byte(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", CHUNKED) + chunk(b"hello"))
    connection = await road.provider.connection()
    await connection.head()
    await connection.read(len(chunk(b"hello")))
    assert not is_committed(road)
    await caller.send(LAST)
    await connection.read(len(LAST))
    assert is_committed(road)
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


async def test_provider_takes_the_upload_slowly__the_caller_has_to_wait_and_nothing_is_lost(road: Road) -> None:
    body = bytes(range(256)) * 160_000
    caller = await road.caller(request(UNARY, b"", f"Content-Length: {len(body)}"))
    connection = await road.provider.connection()
    await connection.head()
    sent = await sends_until_it_blocks(caller, body)
    assert sent < len(body)
    upstream = road.live().upstream
    assert upstream is not None
    assert upstream.is_writing_paused
    assert upstream.transport.get_write_buffer_size() <= 256 * 1024  # one read of the loop's
    rest = asyncio.ensure_future(caller.send(body[sent:]))
    assert await connection.read(len(body)) == body
    await rest
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_connection_takes_long__no_more_than_a_bounded_part_of_the_request_is_held(stuck_port: int) -> None:
    async with a_road(limits={"connect_seconds": 60.0}, port=stuck_port) as road:
        caller = await road.caller(request(UNARY, b"", f"Content-Length: {40 * MEGABYTE}"))
        assert await sends_until_it_blocks(caller, bytes(40 * MEGABYTE)) < 40 * MEGABYTE
        assert MAX_UNSENT < road.live().request._unsent_bytes <= MAX_UNSENT + 256 * 1024
        caller.reset()  # a FIN would stand behind what is not read
        assert (await road.settled()).outcome == "left_early"


async def test_held_part_goes_out_when_the_connection_is_there_and_the_rest_follows() -> None:
    provider = ScriptedProvider()
    await provider.start()
    async with a_road(provider) as road:
        body = bytes(2 * MEGABYTE)
        caller = await road.caller(request(UNARY, b"", f"Content-Length: {len(body)}"))
        sending = asyncio.ensure_future(caller.send(body))
        connection, got = await provider.call()
        await sending
        assert len(got.body) == len(body)
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


EARLY = reply(b"too large", status="413 Content Too Large")


@pytest.mark.parametrize("closes", [True, False])
async def test_provider_answers_before_the_request_has_ended__the_caller_reads_it_and_may_send_on(
    road: Road, closes: bool
) -> None:
    caller = await road.caller(request(UNARY, b"", f"Content-Length: {30 * MEGABYTE}"))
    connection = await road.provider.connection()
    await connection.head()
    sent = await sends_until_it_blocks(caller, bytes(29 * MEGABYTE))
    await connection.send(EARLY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") if closes else EARLY)
    if closes:
        await connection.reset()
    await caller.send(bytes(29 * MEGABYTE - sent))
    got = await caller.reply()
    assert (got.status, got.body, got.header("connection")) == (413, b"too large", b"close")
    row = await road.settled()
    assert (row.outcome, row.http_status, row.spend_usd) == ("rejected", 413, ZERO)
    if not closes:
        await connection.was_closed()


async def test_provider_answers_early_and_the_request_goes_on__both_are_passed_whole(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", CHUNKED) + chunk(b"one"))
    connection = await road.provider.connection()
    await connection.head()
    await connection.read(len(chunk(b"one")))
    await connection.send(head(CHUNKED) + chunk(b"early"))
    await caller.read(b"early\r\n")
    await caller.send(chunk(b"two") + LAST)
    assert await connection.read(len(chunk(b"two") + LAST)) == chunk(b"two") + LAST
    await connection.send(chunk(b"late") + LAST)
    assert await caller.read(LAST) == chunk(b"late") + LAST
    await caller.send(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_provider_closes_in_the_middle_of_an_upload__502(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", "Content-Length: 1000") + b"half")
    connection = await road.provider.connection()
    await connection.head()
    await connection.close()
    assert (await caller.reply()).status == 502
    row = await road.settled()
    assert (row.outcome, row.spend_usd, row.committed_at) == ("upstream_failed", ZERO, None)


async def stuck_with_a_whole_request(road: Road) -> tuple[Caller, Connection]:
    """A request that was read whole and of which the provider's connection still holds a part."""
    body = bytes(200_000)
    caller = await road.caller(request(UNARY, b"", f"Content-Length: {len(body)}"))
    connection = await road.provider.connection()
    await connection.head()
    upstream = road.live().upstream
    assert upstream is not None
    connection.stop_reading()
    upstream.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    downstream = road.only_downstream()
    downstream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * len(body))
    downstream.pause_reading()
    await caller.send(body)
    await road.until(lambda: not unacknowledged_bytes(caller.socket.fileno()))
    downstream.resume_reading()  # and it is read in one piece
    await road.until(lambda: road.live().request.is_whole)
    assert upstream.is_writing_paused
    return caller, connection


async def test_request_that_is_read_whole_is_committed_only_when_it_is_sent(road: Road) -> None:
    caller, connection = await stuck_with_a_whole_request(road)
    assert not is_committed(road)
    connection.read_on()
    await connection.read(200_000)
    await road.until(lambda: is_committed(road))
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_early_answer_on_a_connection_that_still_holds_the_request__it_is_not_used_again(road: Road) -> None:
    caller, connection = await stuck_with_a_whole_request(road)
    await connection.send(EARLY)
    assert (await caller.reply()).status == 413
    await road.settled()
    assert not road.context.pool._idle
    await caller.send(request())  # the caller's own connection lives on
    again, _ = await road.provider.call()
    await again.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_early_answer__the_caller_may_still_send_after_it_was_handed_over(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", "Content-Length: 100") + b"half")
    connection = await road.provider.connection()
    await connection.head()
    await connection.send(EARLY)
    await road.settled()
    for _ in range(3):
        await caller.send(b"more")
    assert (await caller.reply()).status == 413
    assert await caller.rest() == b""

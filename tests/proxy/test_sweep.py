"""What takes too long is found by one look at everything, and ended with an error that names the setting."""

import asyncio
import json

import pytest

from tests.proxy.messages import (
    CHUNKED,
    LAST,
    SSE,
    STREAM,
    UNARY,
    UNARY_REPLY,
    answer,
    chunk,
    event,
    get,
    head,
    request,
)
from tests.proxy.road import SMALL_BUFFER, ZERO, Road, a_road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller, Reply

pytestmark = pytest.mark.anyio

SOON = 0.05
LARGE = f"Content-Length: {40_000_000}"


def refused_for(got: Reply, limit: str, road: Road) -> None:
    """The reply names the limit, in the dialect's shape, and the limit was counted."""
    error = json.loads(got.body)["error"]
    assert f"({limit})" in error["message"]
    assert got.header("connection") == b"close"
    assert road.counted("limits_reached_total", limit=limit) == 1


async def test_connection_without_a_call_for_too_long__closed_and_counted() -> None:
    async with a_road(limits={"downstream_idle_seconds": 0.0}) as road:
        caller = await road.caller()
        await road.until(lambda: road.context.downstreams)
        road.context.sweep.look()
        assert await caller.rest() == b""
        assert road.counted("limits_reached_total", limit="limits.downstream_idle_seconds") == 1


async def test_head_that_trickles_in__408_from_its_first_byte_on() -> None:
    async with a_road(limits={"request_head_seconds": 0.2}) as road:
        caller = await road.caller()
        trickling = asyncio.ensure_future(trickle(caller, request()[:-60]))
        got = await caller.reply()
        trickling.cancel()
        assert (got.status, got.header("x-should-retry")) == (408, b"true")
        refused_for(got, "limits.request_head_seconds", road)
        assert await caller.rest() == b""
        assert road.provider.accepted == []


async def trickle(caller: Caller, head: bytes) -> None:
    for at in range(len(head)):
        await caller.send(head[at : at + 1])
        await asyncio.sleep(0.01)


async def test_head_that_follows_a_reply_has_a_time_of_its_own() -> None:
    async with a_road(limits={"request_head_seconds": SOON}) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await asyncio.sleep(2 * SOON)  # the provider may take its time
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200
        await asyncio.sleep(2 * SOON)  # and so may the caller, between two requests
        await caller.send(request()[:20])
        assert (await caller.reply()).status == 408


async def test_pipelined_head_that_has_no_end__counted_from_when_its_turn_came() -> None:
    async with a_road(limits={"request_head_seconds": SOON}) as road:
        caller = await road.caller(request() + get()[:30])
        connection, _ = await road.provider.call()
        await asyncio.sleep(2 * SOON)
        await connection.send(UNARY_REPLY)
        assert [(await caller.reply()).status for _ in range(2)] == [200, 408]


@pytest.mark.parametrize("start", [request(UNARY, b"", CHUNKED) + chunk(b"a part") + b"10\r\n", request()[:-5]])
async def test_body_of_which_nothing_more_comes__408_and_the_provider_never_had_the_whole(start: bytes) -> None:
    async with a_road(limits={"request_progress_seconds": SOON}) as road:
        caller = await road.caller(start)
        connection = await road.provider.connection()
        got = await caller.reply()
        assert (got.status, got.header("x-should-retry")) == (408, b"true")
        refused_for(got, "limits.request_progress_seconds", road)
        assert not (await connection.was_closed()).endswith(b"0\r\n\r\n")
        row = await road.settled()
        assert (row.outcome, row.committed_at, row.spend_usd) == ("cut_short", None, ZERO)


async def test_chunk_extensions_are_no_progress() -> None:
    async with a_road(limits={"request_progress_seconds": 0.2}) as road:
        caller = await road.caller(request(UNARY, b"", CHUNKED) + b"5;")
        trickling = asyncio.ensure_future(trickle(caller, b"x" * 1000))
        assert (await caller.reply()).status == 408
        trickling.cancel()


async def test_body_that_comes_slowly_but_comes__no_stall() -> None:
    async with a_road(limits={"request_progress_seconds": 0.6}) as road:
        body = b"x" * 30
        caller = await road.caller(request(UNARY, b"", "Content-Length: 30"))
        for at in range(30):
            await asyncio.sleep(0.03)
            await caller.send(body[at : at + 1])
        _, got = await road.provider.call()
        assert got.body == body


async def test_body_that_waits_behind_an_early_reply__the_reply_goes_on() -> None:
    async with a_road(limits={"request_progress_seconds": SOON}) as road:
        caller = await road.caller(request(UNARY, b"", CHUNKED) + chunk(b"one"))
        connection = await road.provider.connection()
        await connection.head()
        await connection.send(head(CHUNKED) + chunk(b"early"))
        await caller.read(b"early\r\n")
        await asyncio.sleep(3 * SOON)
        await connection.send(chunk(b"late"))
        await caller.read(b"late\r\n")


async def upload_that_is_not_taken(road: Road) -> tuple[Caller, Connection]:
    """A caller that has sent as much as anybody takes, and a provider that takes nothing of it."""
    caller = await road.caller(request(UNARY, b"", LARGE))
    connection = await road.provider.connection()
    await connection.head()
    connection.stop_reading()
    body = bytes(1_000_000)
    while road.is_reading() or caller.offer(body):
        caller.offer(body)
        await asyncio.sleep(0.001)
    return caller, connection


async def test_provider_takes_nothing_of_a_request__504_and_not_blamed_on_the_caller() -> None:
    async with a_road(limits={"upstream_stall_seconds": 0.2, "request_progress_seconds": 0.1}) as road:
        caller, _ = await upload_that_is_not_taken(road)
        got = await caller.reply()
        assert (got.status, got.header("x-should-retry")) == (504, b"true")
        refused_for(got, "limits.upstream_stall_seconds", road)
        assert road.counted("limits_reached_total", limit="limits.request_progress_seconds") == 0
        row = await road.settled()
        assert (row.outcome, row.committed_at, row.spend_usd) == ("cut_short", None, ZERO)


async def test_provider_takes_the_request_and_thinks_for_long__no_stall() -> None:
    async with a_road(limits={"upstream_stall_seconds": SOON, "request_progress_seconds": SOON}) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await asyncio.sleep(3 * SOON)
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()


async def test_caller_leaves_while_its_upload_is_held_back__seen_though_its_fin_is_stuck() -> None:
    async with a_road() as road:
        caller, connection = await upload_that_is_not_taken(road)
        caller.leave()
        while road.context.live:
            road.context.sweep.look()
            await asyncio.sleep(0.001)
        row = await road.settled()
        assert (row.outcome, row.left_reason, row.spend_usd) == ("left_early", "fin", ZERO)
        assert road.counted("detection_seconds_count") == 0  # it never arrived
        connection.read_on()
        await connection.was_closed()


async def test_caller_that_is_there_while_its_upload_is_held_back__left_alone(road: Road) -> None:
    caller, connection = await upload_that_is_not_taken(road)
    for _ in range(3):
        road.context.sweep.look()
    assert road.live().call.left_at is None
    caller.reset()
    await road.settled()
    connection.read_on()


async def test_caller_takes_nothing_of_a_stream__write_stalled_and_counted() -> None:
    async with a_road(limits={"write_stall_seconds": SOON}) as road:
        await road.caller(request(STREAM), receive_buffer=SMALL_BUFFER)
        connection, _ = await road.provider.call()
        road.feel_slow_readers()
        await connection.send(SSE + event(10, text="x" * 1_000_000))
        await road.until(lambda: road.context.followed == 1)
        assert road.counted("limits_reached_total", limit="calls.write_stall_seconds") == 1
        await connection.close()
        assert (await road.settled()).left_reason == "write_stalled"


async def test_caller_takes_nothing_of_a_stream_that_trickles_on__write_stalled_although_we_feel_nothing() -> None:
    async with a_road(limits={"write_stall_seconds": 0.2}) as road:
        await road.caller(request(STREAM), receive_buffer=4096)
        connection, _ = await road.provider.call()
        await connection.send(SSE + event(10, text="x" * 20_000))
        await road.until(road.only_downstream().unacknowledged)
        trickling = asyncio.ensure_future(trickle_on(connection))
        await road.until(lambda: road.context.followed == 1)
        trickling.cancel()
        await connection.close()
        assert (await road.settled()).left_reason == "write_stalled"


async def trickle_on(connection: Connection) -> None:
    while True:
        await connection.send(event(10))
        await asyncio.sleep(0.005)


async def test_caller_takes_a_little_again_and_again__no_stall() -> None:
    async with a_road(limits={"write_stall_seconds": 0.3}) as road:
        caller = await road.caller(request(STREAM), receive_buffer=4096)
        connection, _ = await road.provider.call()
        sent = SSE + event(50, text="x" * 60_000, finish="STOP") + LAST
        await connection.send(sent)
        got = b""
        while len(got) < len(sent):
            got += await road.loop.sock_recv(caller.socket, len(sent) // 20)
            await asyncio.sleep(0.05)
        assert got == sent
        assert (await road.settled()).outcome == "delivered"


async def test_nothing_is_late__nobody_is_disturbed(road: Road) -> None:
    idle, midway = await road.caller(), await road.caller(request()[:30])
    busy = await road.caller(request())
    connection, _ = await road.provider.call()
    await road.until(lambda: len(road.context.downstreams) == 3)
    road.context.sweep.look()
    await connection.send(UNARY_REPLY)
    assert (await busy.reply()).status == 200
    assert road.counted("limits_reached_total") == 0
    assert (idle.offer(b"G"), midway.offer(b"x")) == (1, 1)

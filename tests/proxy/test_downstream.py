"""One caller's connection: how many there may be, how they end, and what a slow or silent one does to it."""

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
    reply,
    request,
)
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


async def test_connection_carries_calls_one_after_another(road: Road) -> None:
    caller = await road.caller()
    for number in range(3):
        await caller.send(request())
        connection = road.provider.accepted[0] if number else await road.provider.connection()
        await connection.request()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
    await road.settled(3)


async def test_caller_that_says_close__its_connection_ends_behind_the_reply(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"{}", "Connection: close"))
    connection, got = await road.provider.call()
    assert b"onnection" not in got.head
    await connection.send(UNARY_REPLY)
    assert (await caller.rest()).endswith(answer())
    await road.until(lambda: not road.context.downstreams)


async def test_one_connection_too_many__503_and_the_others_go_on() -> None:
    async with a_road(limits={"max_connections": 1}) as road:
        first = await road.caller(request())
        connection, _ = await road.provider.call()
        second = await road.caller()
        got = await second.reply()
        assert (got.status, got.header("x-should-retry"), got.header("retry-after")) == (503, b"true", b"1")
        assert "(limits.max_connections)" in json.loads(got.body)["error"]["message"]
        assert road.counted("limits_reached_total", limit="limits.max_connections") == 1
        assert await second.rest() == b""
        second.leave()
        await connection.send(UNARY_REPLY)
        assert (await first.reply()).body == answer()


async def test_connection_without_an_exchange_for_too_long_is_closed(road: Road) -> None:
    idle = await road.caller()
    midway = await road.caller(request()[:30])  # a head that has begun has a time of its own
    busy = await road.caller(request())
    connection, _ = await road.provider.call()
    await road.until(lambda: len(road.context.downstreams) == 3)
    closed = [each.close_if_idle(road.context.clock.monotonic_ns()) for each in list(road.context.downstreams)]
    assert sum(closed) == 1
    assert await idle.rest() == b""
    await connection.send(UNARY_REPLY)
    assert (await busy.reply()).status == 200
    await midway.send(request()[30:])
    await connection.request()


async def test_connections_are_on_the_metrics_page_by_what_they_do(road: Road) -> None:
    await road.caller()
    await road.caller(request())
    await road.provider.call()
    assert road.counted("downstream_connections", state="active") == 1
    assert road.counted("downstream_connections", state="idle") == 1


async def test_caller_reads_slowly__the_provider_has_to_wait_and_nothing_is_lost(road: Road) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    body = bytes(range(256)) * 120_000
    sending = road.loop.create_task(connection.send(reply(body)))
    await road.until(lambda: road.only_downstream().is_writing_paused)
    waiting = connection.writer.transport
    size = waiting.get_write_buffer_size()
    assert size > 0
    assert road.only_downstream().transport.get_write_buffer_size() <= 256 * 1024  # one read of the loop's
    assert not sending.done()
    road.feel_slow_readers(soon=False)
    got = await caller.reply("GET")
    await sending
    assert got.body == body


async def test_reply_behind_one_that_is_read_slowly_waits_as_well(road: Road) -> None:
    caller = await road.caller(get() * 2)
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    first, second = bytes(250_000), bytes(20_000_000)
    await connection.send(reply(first))
    await connection.request()
    assert road.only_downstream().is_writing_paused
    sending = road.loop.create_task(connection.send(reply(second)))
    await road.until(lambda: connection.writer.transport.get_write_buffer_size())
    assert road.only_downstream().transport.get_write_buffer_size() <= 512 * 1024
    road.feel_slow_readers(soon=False)
    assert [len((await caller.reply("GET")).body) for _ in range(2)] == [len(first), len(second)]
    await sending


async def test_caller_takes_nothing_for_too_long__write_stalled_and_the_rest_is_read_for_the_record() -> None:
    async with a_road(limits={"write_stall_seconds": 0.1}) as road:
        caller = await road.caller(request(STREAM))
        connection, _ = await road.provider.call()
        road.feel_slow_readers()
        await connection.send(SSE + event(10, text="x" * 1_000_000))
        await road.until(lambda: road.context.followed == 1)
        await connection.send(event(50, finish="STOP") + LAST)
        row = await road.settled()
        assert (row.outcome, row.left_reason, row.usage["output"]) == ("orphan_finished", "write_stalled", 50)
        await caller.until_broken()  # should it wake up, it must not take a part for the whole


async def test_caller_that_reads_slowly_but_reads_is_no_stall() -> None:
    async with a_road(limits={"write_stall_seconds": 1.0}) as road:
        caller = await road.caller(get())
        connection, _ = await road.provider.call()
        road.feel_slow_readers()
        sending = road.loop.create_task(connection.send(reply(bytes(1_000_000))))
        await road.until(lambda: road.only_downstream().is_writing_paused)
        got = await caller.reply("GET")
        await sending
        assert len(got.body) == 1_000_000


async def test_stream_is_not_held_back(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE)
    assert await caller.read(b"\r\n\r\n") == SSE
    for number in range(3):
        await connection.send(event(number))
        assert await caller.read(b"\r\n\r\n\r\n") == event(number)
    await connection.send(LAST)
    assert await caller.read(LAST) == LAST


async def test_part_of_a_reply_without_a_length_never_ends_in_order(road: Road) -> None:
    caller = await road.caller(request(version="1.0"))
    connection, _ = await road.provider.call()
    await connection.send(b"HTTP/1.1 200 OK\r\n" + CHUNKED.encode() + b"\r\n\r\n" + chunk(b"a part"))
    await caller.read(b"a part")
    await connection.close()
    assert await caller.until_broken() == b""

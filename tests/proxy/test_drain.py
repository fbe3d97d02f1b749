"""The end of a proxy: who is there may finish, who is late is cut, and everything has settled."""

import asyncio
import json

import pytest

from sidecar.proxy.drain import drain
from tests.proxy.messages import SSE, STREAM, UNARY_REPLY, answer, event, reply, request
from tests.proxy.road import ZERO, Road, a_road

pytestmark = pytest.mark.anyio


async def test_nothing_is_live__at_once_and_idle_callers_are_closed(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    await road.settled()
    assert await drain(road.context, 5.0) == 0
    assert await caller.rest() == b""


async def test_providers_connections_outlast_a_drain__to_cancel_what_must_be(road: Road) -> None:
    await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await road.settled()
    await drain(road.context, 5.0)
    assert road.context.pool.connections()["gemini", "idle"] == 1
    road.context.pool.close()
    assert await connection.was_closed() == b""


async def test_call_ends_within_the_deadline__delivered_and_its_connection_closed(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    draining = asyncio.ensure_future(drain(road.context, 5.0))
    await road.until(lambda: road.context.is_draining)
    await connection.send(UNARY_REPLY)
    got = await caller.reply()
    assert (got.body, got.header("connection")) == (answer(), b"close")
    assert await draining == 0
    assert (await road.settled()).outcome == "delivered"
    assert await caller.rest() == b""


async def test_orphan_ends_within_the_deadline__read_to_its_end(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    caller.leave()
    await road.until(lambda: road.context.followed)
    draining = asyncio.ensure_future(drain(road.context, 5.0))
    await connection.send(UNARY_REPLY)
    assert await draining == 0
    assert (await road.settled()).outcome == "orphan_finished"


async def test_deadline_passes__who_waits_is_told_who_receives_is_broken_off_and_orphans_are_cut(road: Road) -> None:
    waiting = await road.caller(request())
    first, _ = await road.provider.call()
    receiving = await road.caller(request(STREAM))
    second, _ = await road.provider.call()
    await second.send(SSE + event(10))
    await receiving.read(b"\r\n\r\n\r\n")
    gone = await road.caller(request())
    third, _ = await road.provider.call()
    gone.leave()
    await road.until(lambda: road.context.followed)
    assert await drain(road.context, 0.02) == 3
    got = await waiting.reply()
    assert got.status == 503
    assert "drain" in json.loads(got.body)["error"]["message"]
    await receiving.until_broken()
    for connection in (first, second, third):
        await connection.was_closed()
    assert sorted(str(row.outcome) for row in road.log.records) == ["cut_short", "cut_short", "orphan_cut"]
    assert not road.context.live


async def test_caller_that_does_not_even_take_the_error__settled_all_the_same(road: Road) -> None:
    caller = await road.caller(request(), receive_buffer=4096)
    connection, _ = await road.provider.call()
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + bytes(400_000))
    await road.until(lambda: road.live().awaits_handover)
    assert await drain(road.context, 0.02) == 1
    row = await road.settled()
    assert (row.outcome, row.left_reason) == ("undelivered", "write_stalled")
    caller.leave()


async def test_new_request_while_draining__503_and_nothing_upstream(road: Road) -> None:
    caller = await road.caller()
    await road.until(lambda: road.context.downstreams)
    road.context.is_draining = True
    await caller.send(request())
    got = await caller.reply()
    assert (got.status, json.loads(got.body)["error"]["status"]) == (503, "UNAVAILABLE")
    assert (got.header("x-should-retry"), got.header("retry-after")) == (b"true", b"1")
    assert await caller.rest() == b""
    assert road.provider.accepted == []


async def test_head_that_has_begun_when_draining_begins__told_why_it_is_not_served(road: Road) -> None:
    caller = await road.caller(request()[:30])
    busy = await road.caller(request())
    connection, _ = await road.provider.call()
    draining = asyncio.ensure_future(drain(road.context, 5.0))
    await road.until(lambda: road.context.is_draining)
    await caller.send(request()[30:])
    assert (await caller.reply()).status == 503
    await connection.send(UNARY_REPLY)
    assert (await busy.reply()).status == 200
    assert await draining == 0


async def test_caller_stops_reading_while_draining__still_found() -> None:
    async with a_road(limits={"write_stall_seconds": 0.05}) as road:
        await road.caller(request(), receive_buffer=4096)
        connection, _ = await road.provider.call()
        draining = asyncio.ensure_future(drain(road.context, 5.0))
        road.listener.stop()
        await connection.send(reply(bytes(400_000)))
        assert await draining == 0
        assert (await road.settled()).left_reason == "write_stalled"


async def test_connection_that_is_being_made_is_given_up(stuck_port: int) -> None:
    async with a_road(port=stuck_port) as other:
        caller = await other.caller(request())
        await other.until(lambda: other.context.pool._connecting)
        assert await drain(other.context, 0.01) == 1
        assert (await caller.reply()).status == 503
        row = await other.settled()
        assert (row.outcome, row.spend_usd) == ("cut_short", ZERO)

"""Connections are kept for the next exchange, within bounds, and never handed on with somebody else's bytes in them."""

from itertools import pairwise
from typing import cast

import pytest

from sidecar.proxy.destination import Endpoint
from sidecar.proxy.pooled import PooledUpstream
from tests.proxy.messages import UNARY_REPLY, answer, reply, request
from tests.proxy.road import ZERO, Road, a_road
from tests.proxy.secure import another_call, asked, one_call, sentence, states

pytestmark = pytest.mark.anyio


async def test_connection_is_used_again_by_the_next_caller(road: Road) -> None:
    connection = await one_call(road)
    await another_call(road, connection)
    assert len(road.provider.accepted) == 1


async def test_calls_at_the_same_time_have_connections_of_their_own(road: Road) -> None:
    callers = [await road.caller(request()) for _ in range(3)]
    connections = [(await road.provider.call())[0] for _ in callers]
    for connection in connections:
        await connection.send(UNARY_REPLY)
    assert [(await caller.reply()).status for caller in callers] == [200] * 3


async def test_bytes_that_come_on_an_idle_connection_close_it(road: Road) -> None:
    connection = await one_call(road)
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    await connection.was_closed()
    assert not any(road.context.pool._idle.values())
    assert (await one_call(road)) is not connection


@pytest.mark.parametrize("what", ["bytes", "end", "reset"])
async def test_what_the_kernel_has_and_the_loop_has_not_seen_is_never_handed_to_the_next_caller(
    road: Road, what: str
) -> None:
    connection = await one_call(road)
    ((idle,),) = road.context.pool._idle.values()
    assert idle.is_reusable()
    idle.transport.pause_reading()  # the loop learns nothing
    if what == "bytes":
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    else:
        await (connection.close() if what == "end" else connection.reset())
    await road.until(lambda: not idle.is_reusable())
    assert (await one_call(road)) is not connection
    assert idle.transport.is_closing()


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_idle_connection_that_the_provider_closed_is_forgotten(road: Road, how: str) -> None:
    connection = await one_call(road)
    await (connection.close() if how == "close" else connection.reset())
    await road.until(lambda: not any(road.context.pool._idle.values()))
    assert (await one_call(road)) is not connection


async def test_connection_of_a_slow_reader_is_read_on_for_the_next_caller(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    await connection.send(reply(answer(text="x" * 250_000)))  # read in one piece, its end with it
    await road.until(lambda: road.context.pool._idle)
    assert road.only_downstream().is_writing_paused
    again = await road.caller(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await again.reply()).status == 200
    assert (await caller.reply()).status == 200


async def test_connection_that_is_idle_for_too_long_is_closed() -> None:
    async with a_road(limits={"upstream_idle_seconds": 1e-9}) as road:
        connection = await one_call(road)
        road.context.pool._sweep()
        assert await connection.was_closed() == b""
        assert road.context.pool._sweeper is None
        assert road.counted("limits_reached_total", limit="limits.upstream_idle_seconds") == 1


async def test_no_idle_time_at_all__closed_with_the_reply() -> None:
    async with a_road(limits={"upstream_idle_seconds": 0.0}) as road:
        connection = await one_call(road)
        assert await connection.was_closed() == b""


async def test_connection_that_is_old_is_not_used_again() -> None:
    async with a_road(limits={"upstream_max_age_seconds": 1e-9}) as road:
        connection = await one_call(road)
        assert await connection.was_closed() == b""
        assert road.counted("limits_reached_total", limit="limits.upstream_max_age_seconds") == 1
        assert (await one_call(road)) is not connection


async def test_connections_of_one_burst_grow_old_one_after_another(road: Road) -> None:
    callers = [await road.caller(request()) for _ in range(4)]
    connections = [(await road.provider.call())[0] for _ in callers]
    for connection in connections:
        await connection.send(UNARY_REPLY)
    for caller in callers:
        await caller.reply()
    (idle,) = road.context.pool._idle.values()
    ends = sorted(cast(PooledUpstream, upstream).expires_at_ns for upstream in idle)
    assert min(later - earlier for earlier, later in pairwise(ends)) > 1e9


async def test_more_idle_connections_than_are_kept__closed() -> None:
    async with a_road(limits={"max_idle_upstream_connections": 1}) as road:
        callers = [await road.caller(request()) for _ in range(2)]
        first, second = [(await road.provider.call())[0] for _ in callers]
        await first.send(UNARY_REPLY)
        await road.settled()
        await second.send(UNARY_REPLY)
        assert await second.was_closed() == b""
        assert road.counted("limits_reached_total", limit="limits.max_idle_upstream_connections") == 1
        assert states(road) == {"idle": 1}


async def test_newest_is_taken_first(road: Road) -> None:
    callers = [await road.caller(request()) for _ in range(2)]
    first, second = [(await road.provider.call())[0] for _ in callers]
    for count, connection in enumerate((second, first), 1):
        await connection.send(UNARY_REPLY)
        await road.settled(count)
    await another_call(road, first)


async def test_connection_that_is_not_idle_for_long_is_kept(road: Road) -> None:
    await one_call(road)
    before = road.context.pool._sweeper
    assert before is not None
    before.cancel()
    road.context.pool._sweep()
    assert road.context.pool._sweeper is not None
    (idle,) = road.context.pool._idle.values()
    assert len(idle) == 1


async def test_nobody_listens__502_that_names_the_upstream_and_the_address(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        message = sentence(await asked(road))
        assert f"upstream gemini: 127.0.0.1:{closed_port} could not be reached: Connection refused" in message
        assert road.counted("upstream_connects_total", upstream="gemini", result="failed") == 1
        row = await road.settled()
        assert (row.outcome, row.spend_usd, row.basis) == ("upstream_failed", ZERO, "exact")
        assert road.counted("upstream_errors_total", error="connect") == 1


async def test_nobody_accepts__502_after_the_connect_timeout(stuck_port: int) -> None:
    async with a_road(limits={"connect_seconds": 0.05}, port=stuck_port) as road:
        message = sentence(await asked(road))
        assert f"no connection to 127.0.0.1:{stuck_port} within 0.05 s (limits.connect_seconds)" in message
        assert "did not accept it" in message
        assert road.counted("upstream_errors_total", error="connect_timeout") == 1


async def test_host_that_has_no_address__502(road: Road) -> None:
    async with a_road(endpoint=Endpoint("no-such-host.invalid", 80, False, upstream="gemini")) as other:
        assert "no-such-host.invalid:80 could not be resolved" in sentence(await asked(other))
        assert other.counted("upstream_errors_total", error="resolve") == 1


async def test_caller_may_ask_again_on_the_same_connection_however_long_its_request_was(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        body = bytes(66_000)  # more than is held, and read in one piece
        caller = await road.caller(request(body=body))
        assert (await caller.reply()).status == 502
        await caller.send(request())
        assert (await caller.reply()).status == 502


async def test_connection_that_dies_after_the_first_byte_was_written_is_not_tried_again(road: Road) -> None:
    connection = await one_call(road)
    caller = await road.caller(request())
    await connection.read(1)
    await connection.reset()
    assert await caller.until_broken() == b""
    assert len(road.provider.accepted) == 1


async def test_two_upstreams_share_no_connection() -> None:
    one, other = (Endpoint("a.example", 443, True, upstream=name) for name in ("one", "other"))
    assert one != other

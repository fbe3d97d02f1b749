"""At `limits.max_upstream_connections` exchanges wait for a connection: in order, and not for ever."""

from typing import Any

import msgspec
import pytest

from sidecar.proxy.destination import Endpoint
from tests.proxy.messages import UNARY_REPLY, request
from tests.proxy.road import a_road
from tests.proxy.secure import another_call, asked, one_call, sentence, states

pytestmark = pytest.mark.anyio

LIMIT = "limits.max_upstream_connections"


def bounded(**limits: Any) -> Any:
    """A road with one connection to its provider."""
    return a_road(limits={"max_upstream_connections": 1, **limits})


async def test_those_that_wait_get_the_connection_one_after_another_in_order() -> None:
    async with bounded() as road:
        callers = [await road.caller(request())]
        connection, _ = await road.provider.call()
        for number in range(1, 4):
            callers.append(await road.caller(request(body=b'{"n":%d}' % number)))
            await road.until(lambda number=number: states(road) == {"busy": 1, "waiting": number})
        for number, caller in enumerate(callers):
            if number:
                assert (await connection.request()).body == b'{"n":%d}' % number
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).status == 200
        assert len(road.provider.accepted) == 1
        assert states(road) == {"idle": 1}
        assert road.counted("upstream_connects_total", upstream="gemini", result="made") == 1


async def test_late_comer_does_not_overtake() -> None:
    async with bounded() as road:
        first = await road.caller(request())
        connection, _ = await road.provider.call()
        await road.caller(request(body=b'{"n":1}'))
        await road.until(lambda: states(road) == {"busy": 1, "waiting": 1})
        await connection.send(UNARY_REPLY)
        await first.reply()
        await road.caller(request(body=b'{"n":2}'))
        assert (await connection.request()).body == b'{"n":1}'
        await connection.send(UNARY_REPLY)
        assert (await connection.request()).body == b'{"n":2}'
        await connection.send(UNARY_REPLY)
        await road.settled(3)


async def test_nothing_comes_free_in_time__503_that_names_the_limit() -> None:
    async with bounded(connect_seconds=0.05) as road:
        busy = await road.caller(request())
        connection, _ = await road.provider.call()
        answered = await asked(road)
        message = sentence(answered, 503)
        assert "upstream gemini: all 1 connections were busy for 0.05 s (limits.max_upstream_connections)" in message
        assert answered.header("x-should-retry") == b"true"
        assert road.counted("limits_reached_total", limit=LIMIT) == 1
        assert (await road.settled()).spend_usd == 0
        assert states(road) == {"busy": 1}
        await connection.send(UNARY_REPLY)
        assert (await busy.reply()).status == 200
        assert road.context.pool._usher is None


async def test_caller_that_leaves_the_line_leaves_no_trace() -> None:
    async with bounded() as road:
        busy = await road.caller(request())
        connection, _ = await road.provider.call()
        gone = await road.caller(request(body=b'{"n":1}'))
        await road.until(lambda: states(road) == {"busy": 1, "waiting": 1})
        gone.leave()
        assert (await road.settled()).outcome == "left_early"
        assert states(road) == {"busy": 1}
        await connection.send(UNARY_REPLY)
        await busy.reply()
        await another_call(road, connection)


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_connection_that_breaks_makes_room_for_another(how: str) -> None:
    async with bounded() as road:
        await road.caller(request())
        connection, _ = await road.provider.call()
        waiting = await road.caller(request())
        await road.until(lambda: states(road) == {"busy": 1, "waiting": 1})
        await (connection.close() if how == "close" else connection.reset())
        connection, _ = await road.provider.call()
        await connection.send(UNARY_REPLY)
        assert (await waiting.reply()).status == 200


async def test_attempt_that_fails_makes_room_for_another(closed_port: int) -> None:
    async with bounded(connect_seconds=2.0) as road:
        destination = road.context.destinations[b"gemini"]
        endpoint = Endpoint("127.0.0.1", closed_port, False, upstream="gemini")
        road.context.destinations[b"gemini"] = msgspec.structs.replace(destination, endpoint=endpoint)
        callers = [await road.caller(request()) for _ in range(3)]
        assert ["could not be reached" in sentence(await caller.reply()) for caller in callers] == [True] * 3
        assert states(road) == {}


async def test_idle_connection_that_is_dead_is_replaced_all_the_same() -> None:
    async with bounded() as road:
        connection = await one_call(road)
        ((idle,),) = road.context.pool._idle.values()
        idle.transport.pause_reading()  # the loop learns nothing
        await connection.close()
        await road.until(lambda: not idle.is_reusable())
        assert (await one_call(road)) is not connection

"""Every bound counts and names the setting that draws it."""

import json
from typing import Any

import pytest

from sidecar.telemetry.recorder import LIMITS
from tests.proxy.messages import CHUNKED, PLAIN, UNARY, UNARY_REPLY, answer, chunk, get, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


def head_of(size: int, target: str = PLAIN) -> bytes:
    """A request's head of exactly so many bytes."""
    return get(target, "A: " + "x" * (size - len(get(target, "A: "))))


def line_of(size: int) -> bytes:
    """A request whose first line has exactly so many bytes."""
    return get("/gemini/" + "x" * (size - len("GET /gemini/ HTTP/1.1")))


AT_THE_BOUND: dict[str, tuple[dict[str, Any], bytes, bytes]] = {
    "limits.request_line_bytes": ({"request_line_bytes": 300}, line_of(300), line_of(301)),
    "limits.head_bytes": ({"head_bytes": 500}, head_of(500), head_of(501)),
    "limits.head_fields": ({"head_fields": 3}, get(PLAIN, "A: b", "A: c"), get(PLAIN, "A: b", "A: c", "A: d")),
    "limits.body_bytes": ({"body_bytes": 5}, request(UNARY, b"12345"), request(UNARY, b"123456")),
    "limits.body_bytes, chunked": (
        {"body_bytes": 5},
        request(UNARY, b"", CHUNKED) + chunk(b"123") + chunk(b"45") + b"0\r\n\r\n",
        request(UNARY, b"", CHUNKED) + chunk(b"123") + chunk(b"456") + b"0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("limit", "case"), AT_THE_BOUND.items(), ids=AT_THE_BOUND)
async def test_as_much_as_is_allowed_goes_on__and_one_more_does_not(
    limit: str, case: tuple[dict[str, Any], bytes, bytes]
) -> None:
    limits, just_right, too_much = case
    limit = limit.partition(",")[0]
    async with a_road(limits=limits) as road:
        caller = await road.caller(just_right)
        connection, _ = await road.provider.call()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200
        assert road.counted("limits_reached_total") == 0
        await caller.send(too_much)
        got = await caller.reply()
        assert got.status in (413, 414, 431)
        assert f"({limit})" in json.loads(got.body)["error"]["message"]
        assert road.counted("limits_reached_total", limit=limit) == road.counted("limits_reached_total") == 1


@pytest.mark.parametrize("size", [100, 2_000_000])
async def test_body_without_a_bound_goes_on_whatever_its_size(road: Road, size: int) -> None:
    await road.caller(request(UNARY, bytes(size)))
    _, got = await road.provider.call()
    assert len(got.body) == size


async def test_one_call_too_many__503_and_the_others_go_on() -> None:
    async with a_road(limits={"max_calls": 1}) as road:
        first = await road.caller(request())
        connection, _ = await road.provider.call()
        second = await road.caller(request())
        got = await second.reply()
        assert (got.status, got.header("x-should-retry"), got.header("retry-after")) == (503, b"true", b"1")
        assert json.loads(got.body)["error"]["status"] == "UNAVAILABLE"
        assert b"(limits.max_calls)" in got.body
        assert road.counted("limits_reached_total", limit="limits.max_calls") == 1
        await connection.send(UNARY_REPLY)
        assert (await first.reply()).body == answer()


async def test_next_call_of_a_connection_takes_the_place_of_the_one_before() -> None:
    async with a_road(limits={"max_calls": 1}) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        for _ in range(3):
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()
            await caller.send(request())
            await connection.request()
        await connection.send(UNARY_REPLY)


async def test_every_bound_is_on_the_page_before_it_is_reached(road: Road) -> None:
    assert {limit: road.counted("limits_reached_total", limit=limit) for limit in LIMITS} == dict.fromkeys(LIMITS, 0)

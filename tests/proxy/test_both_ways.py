"""What goes through in both directions: names, announcements, and heads that are too much."""

import pytest

from tests.proxy.messages import CHUNKED, PLAIN, UNARY, UNARY_REPLY, chunk, get, head, reply, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


async def test_via_names_us_in_both_directions_when_we_have_a_name() -> None:
    async with a_road() as road:
        road.context.via = "edge-1"
        caller = await road.caller(get(PLAIN, "Via: 1.1 first", version="1.0"))
        connection, got = await road.provider.call()
        assert got.lines[-2:] == [b"Via: 1.1 first", b"Via: 1.0 edge-1"]
        await connection.send(reply(b"x", "Via: 1.1 last"))
        lines = (await caller.read(b"\r\n\r\n")).split(b"\r\n")
        assert [line for line in lines if line.startswith(b"Via")] == [b"Via: 1.1 last", b"Via: 1.1 edge-1"]


async def test_caller_of_http_1_0_that_keeps_its_connection_is_told_that_it_may(road: Road) -> None:
    caller = await road.caller(get(PLAIN, "Connection: keep-alive", version="1.0"))
    connection, _ = await road.provider.call()
    await connection.send(reply(b"hello"))
    assert await caller.read(b"hello") == reply(b"hello").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")
    await caller.send(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


async def test_announcement_of_trailers_goes_with_them_both_ways(road: Road) -> None:
    end = b"0\r\nX-Sum: 1\r\n\r\n"
    caller = await road.caller(request(UNARY, b"", "Trailer: X-Sum", CHUNKED) + chunk(b"hello") + end)
    connection, got = await road.provider.call()
    assert b"\r\nTrailer: X-Sum\r\n" in got.head
    await connection.send(head("Trailer: X-Sum", CHUNKED) + chunk(b"world") + end)
    assert await caller.read(b"\r\n\r\n") == head("Trailer: X-Sum", CHUNKED)


async def test_reply_with_too_many_fields_or_too_large_a_head__broken_and_counted(road: Road) -> None:
    for limit, sent in {
        "limits.head_fields": head(*["A: b"] * 60),
        "limits.head_bytes": head("A: " + "x" * 20_000),
    }.items():
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await connection.send(sent)
        assert await caller.until_broken() == b""
        assert limit in road.log.problems[-1]
        assert road.counted("limits_reached_total", limit=limit) == 1

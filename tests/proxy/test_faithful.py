"""What belongs to one hop ends there, in both directions; everything else is passed on in order, case and number."""

import pytest

from tests.proxy.messages import CHUNKED, LAST, PLAIN, UNARY, UNARY_REPLY, chunk, get, head, reply, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio

OF_THIS_HOP = (
    "Connection: X-Mine, close",
    "connection: x-other",
    "X-Mine: 1",
    "X-OTHER: 2",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
)
END_TO_END = (
    "set-COOKIE: a=1",
    "X-Request-Id: 7",
    "Set-Cookie: b=2",
    "Cache-Control: no-store",
    "x-request-id: 8",
    "Empty: ",
    "Date: Sat, 21 Nov 2026 12:00:00 GMT",
)


async def test_reply_loses_what_is_for_this_hop_and_nothing_else(road: Road) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"ok", *OF_THIS_HOP[:3], *END_TO_END, *OF_THIS_HOP[3:]))
    assert await caller.read(b"\r\n\r\nok") == reply(b"ok", *END_TO_END)


async def test_request_loses_what_is_for_this_hop_and_nothing_else(road: Road) -> None:
    await road.caller(get(PLAIN, *OF_THIS_HOP[:3], *END_TO_END, *OF_THIS_HOP[3:], "TE: trailers"))
    _, got = await road.provider.call()
    assert [line.decode() for line in got.lines[2:]] == list(END_TO_END)


@pytest.mark.parametrize("named", ["Content-Length", "Host", "Transfer-Encoding", "Content-Length, Transfer-Encoding"])
async def test_connection_names_what_frames_or_routes_a_message__it_stays(road: Road, named: str) -> None:
    caller = await road.caller(request(UNARY, b"abc", f"Connection: {named}"))
    connection, got = await road.provider.call()
    assert got.body == b"abc"
    assert got.head.lower().count(b"host: ") == 1
    await connection.send(reply(b"abc", f"Connection: {named}"))
    assert (await caller.reply()).body == b"abc"


async def test_length_of_a_request_is_passed_on_and_never_turned_into_chunks(road: Road) -> None:
    await road.caller(request(UNARY, b"abc"))
    _, got = await road.provider.call()
    assert b"\r\nContent-Length: 3\r\n" in got.head
    assert b"ransfer-" not in got.head


async def test_trailers_go_both_ways_behind_their_bodies(road: Road) -> None:
    end = b"0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n"
    caller = await road.caller(request(UNARY, b"", CHUNKED) + chunk(b"hello") + end)
    connection, got = await road.provider.call()
    assert got.body == chunk(b"hello") + end
    await connection.send(head(CHUNKED) + chunk(b"world") + end)
    assert (await caller.reply()).trailers == [(b"x-sum", b"1"), (b"x-sum", b"2")]


async def test_method_that_nobody_knows_goes_on(road: Road) -> None:
    await road.caller(request(PLAIN, b"", method="PROPFIND"))
    _, got = await road.provider.call()
    assert got.lines[0].startswith(b"PROPFIND /v1beta/models ")


async def test_caller_of_http_1_0__its_request_goes_on_in_1_1(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"abc", version="1.0"))
    connection, got = await road.provider.call()
    assert got.lines[0].endswith(b" HTTP/1.1")
    await connection.send(UNARY_REPLY)
    assert (await caller.rest()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_chunks_that_come_in_many_pieces_are_never_an_empty_chunk(road: Road) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    await connection.send(head(CHUNKED), b"5", b"\r\n", b"h", b"ello\r", b"\n", LAST)
    assert (await caller.reply("GET")).body == b"hello"

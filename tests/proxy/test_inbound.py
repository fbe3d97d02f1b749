"""Requests are read strictly, go on as they came, and come one after another."""

import json

import pytest

from tests.proxy.messages import CHUNKED, LAST, PLAIN, PROMPT, UNARY, UNARY_REPLY, answer, chunk, get, reply, request
from tests.proxy.road import ZERO, Road, a_road

pytestmark = pytest.mark.anyio


async def test_head_goes_on_in_order_and_case_without_what_is_for_this_hop(road: Road) -> None:
    sent = request(
        UNARY + "?x=%2f&&y",
        PROMPT,
        "b-HEADER: 1",
        "A: 2",
        "b-HEADER: 3",
        "Authorization: Bearer key",
        "Connection: keep-alive, X-Mine",
        "X-Mine: 4",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "X-Sidecar-Caller: me",
        "x-sidecar-on-departure: cut",
    )
    await road.caller(sent)
    _, got = await road.provider.call()
    assert got.lines == [
        UNARY.removeprefix("/gemini").join(["POST ", "?x=%2f&&y HTTP/1.1"]).encode(),
        f"Host: 127.0.0.1:{road.provider.port}".encode(),
        b"b-HEADER: 1",
        b"A: 2",
        b"b-HEADER: 3",
        b"Authorization: Bearer key",
        f"Content-Length: {len(PROMPT)}".encode(),
    ]
    assert got.body == PROMPT


async def test_body_in_chunks__reframed_without_extensions_and_with_trailers(road: Road) -> None:
    await road.caller(request(UNARY, b"", CHUNKED), b"5;x=y\r\nhel", b"lo\r\n00;z\r\nX-Sum: 1\r\n\r\n")
    connection, got = await road.provider.call()
    assert got.body in (
        chunk(b"hello") + b"0\r\nX-Sum: 1\r\n\r\n",
        chunk(b"hel") + chunk(b"lo") + b"0\r\nX-Sum: 1\r\n\r\n",
    )
    await connection.send(UNARY_REPLY)


async def test_request_in_single_bytes__the_same_request(road: Road) -> None:
    sent = b"\r\n" + request(UNARY, b"", CHUNKED) + chunk(b"hello") + LAST
    caller = await road.caller(*(sent[at : at + 1] for at in range(len(sent))))
    connection, got = await road.provider.call()
    assert b"".join(line for line in got.body.split(b"\r\n") if line.isalpha()) == b"hello"
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_pipelined_requests_are_answered_in_order(road: Road) -> None:
    caller = await road.caller(
        request(UNARY, b"one") + get() + b"\r\n" + request(UNARY, b"", CHUNKED) + chunk(b"three") + LAST
    )
    connection = await road.provider.connection()
    for number, body in enumerate((b"one", b"", chunk(b"three") + LAST)):
        assert (await connection.request()).body == body
        await connection.send(reply(b"%d" % number))
    assert [(await caller.reply()).body for _ in range(3)] == [b"0", b"1", b"2"]
    await road.settled(2)


async def test_more_is_pipelined_than_is_read_ahead__the_caller_waits_and_nothing_is_lost(road: Road) -> None:
    body = bytes(50_000)
    caller = await road.caller(*[request(UNARY, body)] * 6)
    connection = await road.provider.connection()
    for _ in range(6):
        assert (await connection.request()).body == body
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


async def test_caller_that_waits_for_a_continue_is_told_to(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", "Expect: 100-continue", "Content-Length: 3"))
    assert await caller.read(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await caller.send(b"abc")
    connection, got = await road.provider.call()
    assert got.body == b"abc"
    assert b"xpect" not in got.head
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


REFUSED = {
    "unknown route": (404, get("/nobody/v1")),
    "path-less POST": (400, request("/gemini")),
    "WebSocket": (501, get("/gemini/v1/live", "Upgrade: websocket", "Connection: Upgrade")),
    "CONNECT": (501, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no host": (400, b"GET /gemini/v1 HTTP/1.1\r\n\r\n"),
    "two hosts": (400, get(PLAIN, "Host: b")),
    "two lengths": (400, request(UNARY, b"abc", "Content-Length: 4")),
    "length and chunks": (400, request(UNARY, b"abc", CHUNKED)),
    "coding": (501, request(UNARY, b"", "Transfer-Encoding: gzip, chunked")),
    "bare line feed": (400, b"GET /gemini/v1 HTTP/1.1\nHost: a\n\r\n\r\n"),
    "folded line": (400, get(PLAIN, "A: b\r\n c")),
    "space before the colon": (400, get(PLAIN, "A : b")),
    "NUL": (400, get(PLAIN, "A: \x00")),
    "HTTP/2 preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "oversize head": (431, get(PLAIN, "A: " + "x" * 20_000)),
    "endless head": (431, b"GET /gemini/" + b"x" * 20_000),
    "wish that nobody knows": (400, get(PLAIN, "X-Sidecar-On-Departure: perhaps")),
}


@pytest.mark.parametrize(("status", "raw"), REFUSED.values(), ids=REFUSED)
async def test_request_is_refused__json_error_a_closed_connection_and_nothing_upstream(
    road: Road, status: int, raw: bytes
) -> None:
    caller = await road.caller(raw)
    got = await caller.reply()
    assert got.status == status
    assert got.header("content-type") == b"application/json"
    error = json.loads(got.body)["error"]
    assert error["code"] == status
    assert error["message"].startswith("inference-sidecar: ")
    assert await caller.rest() == b""
    assert road.provider.accepted == []
    assert road.log.records == []
    assert road.counted("exchanges_total", code=str(status)) == 1


async def test_refused_behind_an_answered_one__both_replies_arrive(road: Road) -> None:
    caller = await road.caller(request() + get("/nobody"))
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert [(await caller.reply()).status for _ in range(2)] == [200, 404]
    assert (await road.settled()).outcome == "delivered"


async def test_refused_in_the_middle_of_an_upload__the_caller_can_send_on_and_reads_why(road: Road) -> None:
    caller = await road.caller(request("/nobody", b"", "Content-Length: 3000000"), bytes(3_000_000))
    assert (await caller.reply()).status == 404


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("bad", [b"zz\r\n", b"5\r\nhello!\r\n", b"0\r\nContent-Length: 1\r\n\r\n"])
async def test_broken_chunk_of_a_request__400_and_the_provider_never_takes_it_for_whole(
    road: Road, bad: bytes, together: bool
) -> None:
    start = request(UNARY, b"", CHUNKED)
    caller = await road.caller(start + bad if together else start)
    if not together:
        connection = await road.provider.connection()
        await connection.head()
        await caller.send(bad)
        assert not (await connection.was_closed()).endswith(LAST)
    got = await caller.reply()
    assert (got.status, got.header("connection")) == (400, b"close")
    row = await road.settled()
    assert (row.outcome, row.spend_usd, row.committed_at) == ("cut_short", ZERO, None)


async def test_broken_chunk_with_the_head_where_no_provider_listens__400_and_no_fault(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        caller = await road.caller(request(UNARY, b"", CHUNKED) + b"zz\r\n")
        assert (await caller.reply()).status == 400

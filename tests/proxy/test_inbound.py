"""Requests are read strictly, go on as they came, and come one after another."""

import pytest

from tests.proxy.messages import CHUNKED, LAST, PROMPT, UNARY, UNARY_REPLY, answer, chunk, get, reply, request
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


@pytest.mark.parametrize("split", [1, 2, 3])
async def test_empty_lines_before_a_request_are_ignored(road: Road, split: int) -> None:
    lines = b"\r\n" * 3
    caller = await road.caller(lines[:split], lines[split:] + request())
    connection, got = await road.provider.call()
    assert got.head.startswith(b"POST /")
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


@pytest.mark.parametrize("junk", [b"\n", b"\r", b"\r\n\n", b" "])
async def test_other_bytes_before_a_request__400(road: Road, junk: bytes) -> None:
    caller = await road.caller(junk + request())
    assert (await caller.reply()).status == 400
    assert road.provider.accepted == []


async def test_client_that_begins_with_tls__told_at_once_that_this_is_plain(road: Road) -> None:
    caller = await road.caller(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
    got = await caller.reply()
    assert (got.status, b"must begin with http://" in got.body) == (400, True)
    assert road.provider.accepted == []


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


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (404, request("/nobody", b"", "Expect: 100-continue", "Content-Length: 3")),
        (413, request(UNARY, b"", "Expect: 100-continue", "Content-Length: 1001")),
        (501, request(UNARY, b"", "Expect: 100-continue", "Transfer-Encoding: gzip, chunked")),
    ],
)
async def test_caller_that_waits_for_a_continue_is_refused_instead(status: int, raw: bytes) -> None:
    async with a_road(limits={"body_bytes": 1000}) as road:
        caller = await road.caller(raw)
        got = await caller.reply()
        assert (got.status, got.interim) == (status, [])
        assert await caller.rest() == b""
        assert road.provider.accepted == []


@pytest.mark.parametrize("raw", [request(UNARY, b"abc", "Expect: 100-continue", version="1.0"), request(UNARY, b"abc")])
async def test_caller_that_does_not_wait_is_told_nothing(road: Road, raw: bytes) -> None:
    caller = await road.caller(raw)
    connection, got = await road.provider.call()
    assert got.body == b"abc"
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).interim == []


async def test_caller_that_waits_for_a_continue_is_told_to(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", "Expect: 100-continue", "Content-Length: 3"))
    assert await caller.read(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await caller.send(b"abc")
    connection, got = await road.provider.call()
    assert got.body == b"abc"
    assert b"xpect" not in got.head
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


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

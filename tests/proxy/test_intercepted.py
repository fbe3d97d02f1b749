"""Inside of an intercepted tunnel the road's own rules hold: calls are metered as any others, and their bytes unchanged."""

import json

import pytest

from tests.proxy.certificates import Authority
from tests.proxy.messages import LAST, SSE, STREAM_PATH, UNARY_PATH, UNARY_REPLY, answer, event, get, head, request
from tests.proxy.secure import sentence
from tests.proxy.tunneling import an_intercepting_road, connect_request

pytestmark = pytest.mark.anyio


async def test_call_is_metered_and_its_bytes_are_the_same(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH, b'{"a":1}', "X-Sidecar-Caller: me", "aUTH: k"))
        connection, got = await way.road.provider.call()
        assert got.lines == [
            f"POST {UNARY_PATH} HTTP/1.1".encode(),
            f"Host: 127.0.0.1:{way.port}".encode(),
            b"aUTH: k",
            b"Content-Length: 7",
        ]
        assert got.body == b'{"a":1}'
        await connection.send(UNARY_REPLY)
        assert await caller.read(answer()) == UNARY_REPLY
        record = await way.road.settled()
        assert (record.outcome, record.caller, record.model) == ("delivered", "me", "gemini-2.5-flash")
        assert record.usage is not None
        assert (way.asked(), way.shaken()) == ({"intercepted": 1}, {"made": 1})


async def test_stream_and_what_comes_behind_it(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(STREAM_PATH) + request(UNARY_PATH))
        connection, _ = await way.road.provider.call()
        for piece in (SSE, event(1), event(2, "STOP"), LAST):
            await connection.send(piece)
            assert await caller.read(piece) == piece
        await connection.request()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
        await way.road.settled(2)


async def test_another_path_of_the_host__passed_on_unread_and_counted(authority: Authority) -> None:
    async with an_intercepting_road(authority, base_path=b"/v1beta") as way:
        caller = await way.inside(request("/v9/models/m:generateContent"))
        connection, got = await way.road.provider.call()
        assert got.lines[0] == b"POST /v9/models/m:generateContent HTTP/1.1"
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
        await way.road.at_rest()
        assert way.road.log.records == []
        assert way.road.counted("unmetered_total", reason="unknown_path") == 1


@pytest.mark.parametrize(
    ("raw", "status", "of_dialect"),
    [
        (b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "UNIMPLEMENTED"),
        (get("https://b.example/v1"), 400, "INVALID_ARGUMENT"),
        (b"GET /v1 HTTP/1.1\r\n\r\n", 400, "INVALID_ARGUMENT"),
        (get("/v1", "X-Sidecar-On-Departure: perhaps"), 400, "INVALID_ARGUMENT"),
        (b"\x16\3\1\0\5hello", 400, "INVALID_ARGUMENT"),
        (get("/v1", "A: " + "x" * 20_000), 431, "INVALID_ARGUMENT"),
    ],
    ids=[
        "CONNECT inside of CONNECT",
        "another host",
        "no Host",
        "wish that nobody knows",
        "TLS inside of TLS",
        "long",
    ],
)
async def test_refused__in_the_dialect_of_the_host(
    authority: Authority, raw: bytes, status: int, of_dialect: str
) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(raw)
        got = await caller.reply("GET")
        error = json.loads(got.body)["error"]
        assert (got.status, error["status"]) == (status, of_dialect)
        assert error["message"].startswith("inference-sidecar: ")
        assert way.road.provider.accepted == []


@pytest.mark.parametrize(
    ("host", "has_expired", "is_known", "why"),
    [
        ("127.0.0.1", False, False, "of an authority that is not trusted here"),
        ("127.0.0.2", False, True, "for another name"),
        ("127.0.0.1", True, True, "that has expired"),
    ],
    ids=["unknown authority", "another host", "expired"],
)
async def test_certificate_of_the_provider_that_cannot_be_verified__502_that_says_so(
    authority: Authority, host: str, has_expired: bool, is_known: bool, why: str
) -> None:
    server = authority.server(host, has_expired=has_expired)
    async with an_intercepting_road(authority, server, trusts=is_known) as way:
        caller = await way.inside(request(UNARY_PATH))
        assert f"127.0.0.1:{way.port} showed a certificate {why}" in sentence(await caller.reply())
        assert way.road.provider.accepted == []
        assert way.road.counted("upstream_errors_total", error="certificate") == 1


async def test_plain_http_inside__as_well(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        await caller.send(request(UNARY_PATH))
        connection, _ = await way.road.provider.call()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
        assert (way.asked(), way.shaken()) == ({"intercepted": 1}, {})


async def test_draining__no_new_call_and_no_new_tunnel(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        inside = await way.inside()
        way.road.context.is_draining = True
        await inside.send(request(UNARY_PATH))
        assert (await inside.reply()).status == 503
        outside = await way.caller()
        await outside.send(connect_request("127.0.0.1", way.port))
        assert (await outside.reply("GET")).status == 503


async def test_websocket_inside__both_ways(authority: Authority) -> None:
    fields = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(get("/v1/unknown", *fields, "Sec-WebSocket-Version: 13"))
        connection, got = await way.road.provider.call()
        assert got.lines[0] == b"GET /v1/unknown HTTP/1.1"
        await connection.send(head("Connection: Upgrade", "Upgrade: websocket", status="101 Switching Protocols"))
        assert (await caller.read(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        text = b"\x82\x7e" + (60_000).to_bytes(2) + bytes(60_000)
        await connection.send(text)
        assert await caller.read(text) == text
        ping = b"\x89\x80\0\0\0\0"
        await caller.send(ping)
        assert await connection.read(6) == ping
        await connection.close()
        await caller.rest()
        await way.road.until(lambda: not way.road.context.sockets)

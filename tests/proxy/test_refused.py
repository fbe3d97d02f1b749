"""What an intermediary must refuse: a status, an error in the dialect of the route, and not one byte upstream."""

import json

import pytest

from tests.proxy.messages import CHUNKED, PLAIN, UNARY, UNARY_REPLY, chunk, get, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

REFUSED = {
    "path-less POST": (400, request("/gemini")),
    "no host": (400, b"GET /gemini/v1 HTTP/1.1\r\n\r\n"),
    "two hosts": (400, get(PLAIN, "Host: b")),
    "host that is none": (400, b"GET /gemini/v1 HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "two lengths": (400, request(UNARY, b"abc", "Content-Length: 4")),
    "the same length twice": (400, request(UNARY, b"abc", "Content-Length: 3")),
    "list of lengths": (400, request(UNARY, b"", "Content-Length: 3, 3")),
    "length that is none": (400, request(UNARY, b"", "Content-Length: +3")),
    "length and chunks": (400, request(UNARY, b"abc", CHUNKED)),
    "chunks in HTTP/1.0": (400, request(UNARY, b"", CHUNKED, version="1.0")),
    "bare line feed": (400, b"GET /gemini/v1 HTTP/1.1\nHost: a\n\r\n\r\n"),
    "bare carriage return": (400, get(PLAIN, "A: b\rC: d")),
    "folded line": (400, get(PLAIN, "A: b\r\n c")),
    "space before the colon": (400, get(PLAIN, "A : b")),
    "line without a colon": (400, get(PLAIN, "A")),
    "NUL": (400, get(PLAIN, "A: \x00")),
    "control byte": (400, get(PLAIN, "A: \x01")),
    "wish that nobody knows": (400, get(PLAIN, "X-Sidecar-On-Departure: perhaps")),
    "coding": (501, request(UNARY, b"", "Transfer-Encoding: gzip, chunked")),
    "chunked twice": (501, request(UNARY, b"", "Transfer-Encoding: chunked, chunked")),
    "WebSocket by POST": (501, request("/gemini/v1/live", b"", "Upgrade: websocket", "Connection: Upgrade")),
    "other protocol": (501, get("/gemini/v1/live", "Upgrade: spdy/3", "Connection: Upgrade")),
    "too large a head": (431, get(PLAIN, "A: " + "x" * 20_000)),
    "head without an end": (431, get(PLAIN, *["A: " + "x" * 2_000] * 10)[:-2]),
    "too many fields": (431, get(PLAIN, *["A: b"] * 60)),
    "too long a target": (414, get("/gemini/" + "x" * 5_000)),
    "target without an end": (414, b"GET /gemini/" + b"x" * 5_000),
    "too large a body": (413, request(UNARY, b"", "Content-Length: 1000001")),
}
"""On the route of an upstream, so that its dialect is known even where the head can't be read."""

NOWHERE = {
    "unknown route": (404, get("/nobody/v1")),
    "CONNECT": (501, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "target of another host": (400, get("http://other.example/gemini/v1")),
    "target of no host": (400, get("*")),
    "authority as a target": (400, get("other.example:443")),
    "HTTP/2 preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
}


async def is_refused(raw: bytes, status: int, status_names: set[str | None]) -> None:
    async with a_road(limits={"body_bytes": 1_000_000}) as road:
        caller = await road.caller(raw)
        got = await caller.reply()
        assert got.status == status
        assert (got.header("content-type"), got.header("x-should-retry")) == (b"application/json", b"false")
        error = json.loads(got.body)["error"]
        assert error["code"] == status
        assert error["message"].startswith("inference-sidecar: ")
        assert error.get("status") in status_names
        assert await caller.rest() == b""
        assert road.provider.accepted == []
        assert road.log.records == []
        assert road.counted("exchanges_total", code=str(status)) == 1


@pytest.mark.parametrize(("status", "raw"), REFUSED.values(), ids=REFUSED)
async def test_request_on_a_route_is_refused__error_in_its_dialect_and_nothing_upstream(
    status: int, raw: bytes
) -> None:
    await is_refused(raw, status, {"INVALID_ARGUMENT", "UNIMPLEMENTED", "INTERNAL"})


@pytest.mark.parametrize(("status", "raw"), NOWHERE.values(), ids=NOWHERE)
async def test_request_to_nowhere_is_refused__plain_error_and_nothing_upstream(status: int, raw: bytes) -> None:
    await is_refused(raw, status, {None})


async def test_refused_head__the_length_of_the_error_and_no_body(road: Road) -> None:
    caller = await road.caller(request("/nobody", b"", method="HEAD"))
    assert (await caller.reply("HEAD")).status == 404
    assert await caller.rest() == b""


async def test_refused_behind_an_answered_one__both_replies_arrive(road: Road) -> None:
    caller = await road.caller(request() + get("/nobody"))
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert [(await caller.reply()).status for _ in range(2)] == [200, 404]
    assert (await road.settled()).outcome == "delivered"


async def test_request_hidden_in_the_body_of_a_refused_one_is_never_read(road: Road) -> None:
    hidden = request()
    caller = await road.caller(request(UNARY, hidden, CHUNKED) + hidden)
    assert (await caller.reply()).status == 400
    await caller.send(hidden)
    assert await caller.rest() == b""
    assert road.provider.accepted == []


async def test_refused_in_the_middle_of_an_upload__the_caller_can_send_on_and_reads_why(road: Road) -> None:
    caller = await road.caller(request("/nobody", b"", "Content-Length: 3000000"), bytes(3_000_000))
    assert (await caller.reply()).status == 404


@pytest.mark.parametrize("field", ["Host: other.example", "X-Forwarded-Host: other.example", "Forwarded: host=other"])
async def test_no_field_chooses_another_upstream(road: Road, field: str) -> None:
    name = field.partition(":")[0].encode()
    raw = get().replace(b"Host: 127.0.0.1", field.encode()) if name == b"Host" else get(PLAIN, field)
    await road.caller(raw)
    _, got = await road.provider.call()
    assert got.lines[1] == f"Host: 127.0.0.1:{road.provider.port}".encode()


@pytest.mark.parametrize("target", ["/gemini/..//../v1/%2e%2e/x:y?a=%2F&b=http://c/", "/gemini/v1//models/%zz"])
async def test_target_that_climbs_stays_on_its_route_byte_for_byte(road: Road, target: str) -> None:
    await road.caller(get(target))
    _, got = await road.provider.call()
    assert got.lines[0] == f"GET {target.removeprefix('/gemini')} HTTP/1.1".encode()


async def test_target_that_names_us__the_rest_of_it_byte_for_byte(road: Road) -> None:
    host, port = road.address
    await road.caller(get(f"http://{host}:{port}/gemini/v1/a%2Fb?x"))
    _, got = await road.provider.call()
    assert got.lines[0] == b"GET /v1/a%2Fb?x HTTP/1.1"


async def test_offer_of_another_protocol__answered_in_this_one_and_not_passed_on(road: Road) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ")
    caller = await road.caller(get(PLAIN, *offer))
    connection, got = await road.provider.call()
    assert b"pgrade" not in got.head
    assert b"HTTP2" not in got.head
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


async def test_chunked_body_grows_too_large__413_and_the_provider_never_takes_it_for_whole() -> None:
    async with a_road(limits={"body_bytes": 1000}) as road:
        caller = await road.caller(request(UNARY, b"", CHUNKED) + chunk(bytes(600)))
        connection = await road.provider.connection()
        await connection.head()
        await caller.send(chunk(bytes(600)) + b"0\r\n\r\n")
        got = await caller.reply()
        assert (got.status, got.header("connection"), got.header("x-should-retry")) == (413, b"close", b"false")
        assert b"(limits.body_bytes)" in got.body
        assert not (await connection.was_closed()).endswith(b"0\r\n\r\n")
        assert (await road.settled()).outcome == "cut_short"
        assert road.counted("limits_reached_total", limit="limits.body_bytes") == 1

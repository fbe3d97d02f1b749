"""Replies in every framing arrive whole or visibly broken, and a connection is used again only when it can be trusted."""

import pytest

from tests.proxy.messages import CHUNKED, LAST, PLAIN, UNARY_REPLY, answer, chunk, get, head, reply, request
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio


async def asked(road: Road, raw: bytes = b"") -> tuple[Caller, Connection]:
    """A caller, and the provider that has its request."""
    caller = await road.caller(raw or get())
    connection, _ = await road.provider.call()
    return caller, connection


async def is_used_again(road: Road, caller: Caller, connection: Connection) -> None:
    """A further call of the caller comes over the same connection to the provider."""
    await caller.send(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    assert len(road.provider.accepted) == 1


async def test_fixed_length__byte_for_byte_and_both_connections_live_on(road: Road) -> None:
    caller, connection = await asked(road)
    sent = reply(bytes(range(256)) * 3, "X-B: 1", "x-a:  2 ", "X-B: 3")
    await connection.send(sent[:40], sent[40:100], sent[100:])
    assert await caller.read(sent[-768:]) == sent
    await is_used_again(road, caller, connection)


async def test_chunks__reframed_without_extensions_and_with_trailers(road: Road) -> None:
    caller, connection = await asked(road)
    await connection.send(head(CHUNKED, "Trailer: X-Sum") + b"5;ext=1\r\nhello\r\n1")
    assert await caller.read(b"hello\r\n") == head("Trailer: X-Sum", CHUNKED) + chunk(b"hello")
    await connection.send(b'0;a="b"\r\n0123456789abcdef\r\n000;last\r\nX-Sum: 7\r\nx-other:8\r\n\r\n')
    assert await caller.read(b"x-other:8\r\n\r\n") == (
        chunk(b"0123456789abcdef") + b"0\r\nX-Sum: 7\r\nx-other:8\r\n\r\n"
    )
    await is_used_again(road, caller, connection)


async def test_reply_in_single_bytes__the_same_reply(road: Road) -> None:
    caller, connection = await asked(road)
    whole = head(CHUNKED, "X-A: b") + chunk(b"hello") + chunk(b"world") + LAST
    await connection.send(*(whole[at : at + 1] for at in range(len(whole))))
    assert (await caller.reply("GET")).body == b"helloworld"
    await is_used_again(road, caller, connection)


async def test_reply_until_close__the_callers_connection_closes_too(road: Road) -> None:
    caller, connection = await asked(road)
    await connection.send(head("X-A: b"), b"some", b"thing")
    await connection.close()
    got = await caller.rest()
    assert got == head("X-A: b", "Connection: close") + b"something"


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("HEAD", head("Content-Length: 1000", "ETag: x")),
        ("HEAD", head(CHUNKED)),
        ("GET", head("ETag: x", status="204 No Content")),
        ("GET", head("Content-Length: 1000", status="304 Not Modified")),
        ("GET", reply(b"")),
    ],
)
async def test_reply_without_a_body_ends_with_its_head(road: Road, method: str, sent: bytes) -> None:
    caller, connection = await asked(road, request(PLAIN, b"", method=method))
    await connection.send(sent)
    assert await caller.read(b"\r\n\r\n") == sent.replace(CHUNKED.encode() + b"\r\n", b"")
    await is_used_again(road, caller, connection)


async def test_interim_replies_are_passed_on_before_the_final_one(road: Road) -> None:
    caller, connection = await asked(road)
    await connection.send(head("Link: </x>", status="103 Early Hints"))
    assert await caller.read(b"\r\n\r\n") == head("Link: </x>", status="103 Early Hints")
    await connection.send(head(status="100 Continue") + head(status="102 Processing") + reply(b"x"))
    got = await caller.reply("GET")
    assert (got.status, got.body, got.interim) == (200, b"x", [100, 102])
    await is_used_again(road, caller, connection)


@pytest.mark.parametrize("framing", ["chunks", "length", "close"])
@pytest.mark.parametrize("keeps_alive", [True, False])
async def test_caller_of_http_1_0_gets_no_chunks_and_no_interim_reply(
    road: Road, framing: str, keeps_alive: bool
) -> None:
    caller, connection = await asked(
        road, get(PLAIN, *(["Connection: keep-alive"] if keeps_alive else []), version="1.0")
    )
    await connection.send(head(status="100 Continue"))
    if framing == "chunks":
        await connection.send(head(CHUNKED), chunk(b"hello"), chunk(b"!"), b"0\r\nX-Sum: 1\r\n\r\n")
    elif framing == "length":
        await connection.send(reply(b"hello!"))
    else:
        await connection.send(head() + b"hello!")
        await connection.close()
    if framing == "length" and keeps_alive:
        kept = reply(b"hello!").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")
        assert await caller.read(b"hello!") == kept
        await is_used_again(road, caller, connection)
        return
    headers = ["Content-Length: 6"] if framing == "length" else []
    assert await caller.rest() == head(*headers, "Connection: close") + b"hello!"


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n" + b"\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        head("Content-Length: 1", CHUNKED),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Transfer-Encoding: gzip, chunked"),
        head("X: a\r\n b", "Content-Length: 0"),
        head(status="101 Switching Protocols"),
        head(f"X: {'x' * 17000}"),
        b"x" * 20_000,
    ],
)
async def test_head_that_cannot_be_trusted__the_caller_sees_a_broken_connection_and_the_log_says_why(
    road: Road, garbage: bytes
) -> None:
    caller, connection = await asked(road, request())
    await connection.send(garbage)
    assert await caller.until_broken() == b""
    assert (await road.settled()).outcome == "upstream_failed"
    (problem,) = road.log.problems
    assert problem.startswith("the provider's reply is broken: ")
    assert road.counted("upstream_errors_total", error="protocol") == 1
    await connection.was_closed()


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", head(status="100 Continue"), head("A: b")[:-2]])
async def test_connection_ends_before_the_head_is_whole__so_does_the_callers(road: Road, sent: bytes, how: str) -> None:
    caller, connection = await asked(road, request())
    if sent:
        await connection.send(sent)
    await (connection.close() if how == "close" else connection.reset())
    interim = sent if sent.startswith(head(status="100 Continue")) else b""
    assert await caller.until_broken() == interim
    assert (await road.settled()).outcome == "upstream_failed"


PARTS = {
    "length": head("Content-Length: 100") + b"a part",
    "nothing of the length": head("Content-Length: 100"),
    "chunks": head(CHUNKED) + chunk(b"a part"),
    "half a chunk": head(CHUNKED) + b"64\r\na part",
    "no last chunk": head(CHUNKED) + chunk(b"a part") + b"0\r\n",
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
async def test_reply_ends_too_soon__the_caller_sees_a_broken_connection(road: Road, part: bytes, how: str) -> None:
    caller, connection = await asked(road, request())
    await connection.send(part)
    await caller.read(b"\r\n\r\n")
    await (connection.close() if how == "close" else connection.reset())
    await caller.until_broken()
    row = await road.settled()
    assert (row.outcome, row.finished_at) == ("upstream_failed", None)


async def test_reply_until_close_is_reset__broken_not_ended(road: Road) -> None:
    caller, connection = await asked(road, request())
    await connection.send(head() + b"a part")
    await caller.read(b"a part")
    await connection.reset()
    await caller.until_broken()


@pytest.mark.parametrize(
    "bad", [b"xyz\r\n", b"5\r\nhello!\r\n", b"5\nhello\r\n", b"-5\r\n", b"0\r\nno field\r\n\r\n", b";\r\n"]
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_chunk_that_is_none__the_caller_sees_a_broken_connection(road: Road, bad: bytes, version: str) -> None:
    caller, connection = await asked(road, request(version=version))
    await connection.send(head(CHUNKED) + chunk(b"a part"))
    await caller.read(b"a part")
    await connection.send(bad)
    raw = await caller.until_broken()
    assert not raw.endswith(LAST)
    await connection.was_closed()
    assert (await road.settled()).outcome == "upstream_failed"


@pytest.mark.parametrize("sent", [reply(b"x") + b"surplus", reply(b"") + b"s", head(CHUNKED) + LAST + b"HTTP/1.1 200"])
async def test_surplus_behind_a_reply__the_connection_is_not_used_again(road: Road, sent: bytes) -> None:
    caller, connection = await asked(road)
    await connection.send(sent)
    assert (await caller.reply("GET")).status == 200
    assert await connection.was_closed() == b""
    await caller.send(request())
    again, _ = await road.provider.call()
    await again.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


@pytest.mark.parametrize("version", ["HTTP/1.1 200 OK\r\nConnection: close", "HTTP/1.0 200 OK"])
async def test_provider_that_will_close__not_used_again_and_the_callers_connection_lives_on(
    road: Road, version: str
) -> None:
    caller, connection = await asked(road)
    await connection.send(f"{version}\r\nContent-Length: 1\r\n\r\nx".encode())
    got = await caller.reply("GET")
    assert (got.body, got.header("connection")) == (b"x", None)
    assert await connection.was_closed() == b""
    await caller.send(request())
    again, _ = await road.provider.call()
    await again.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200

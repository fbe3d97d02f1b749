"""The reply half: the head waits for the body's first bytes, and the framing is the caller's own."""

import pytest

from sidecar.proxy.replying import LAST_CHUNK
from tests.proxy.messages import CHUNKED, chunk, head, reply, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio


async def test_head_and_first_bytes_go_out_together(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}"))
    assert (await caller.receive()).endswith(b"\r\n\r\n{}")


async def test_head_that_waits_in_vain_goes_out_alone(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(head("Content-Length: 2"))
    assert (await caller.receive()).endswith(b"Content-Length: 2\r\n\r\n")
    await connection.send(b"{}")
    assert await caller.receive() == b"{}"


async def test_caller_of_http_1_0_is_told_no_interim_reply_and_gets_no_chunks(road: Road) -> None:
    caller = await road.caller(request(version="1.0"))
    connection, _ = await road.provider.call()
    await connection.send(
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + head(CHUNKED) + chunk(b"one ") + chunk(b"two") + LAST_CHUNK
    )
    raw = await caller.rest()
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert raw.endswith(b"\r\n\r\none two")


async def test_body_counts_and_the_head_does_not(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(head("Content-Length: 4") + b"ab")
    await caller.read(b"ab")
    assert road.live().reply.body_bytes == 2
    await connection.send(b"cd")
    await caller.read(b"cd")

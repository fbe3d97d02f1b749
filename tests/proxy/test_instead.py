"""What a caller gets where the provider's reply does not come: our error, or a broken connection, and never an end."""

import json

import pytest

from sidecar.lifecycle.policy import CutUpstream
from tests.proxy.messages import CHUNKED, PLAIN, UNARY, UNARY_REPLY, answer, chunk, get, head, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

LIMIT = CutUpstream("a_limit")


async def test_caller_waits__our_error_in_the_shape_of_the_dialect_and_its_connection_lives_on(road: Road) -> None:
    caller = await road.caller(request())
    await road.provider.call()
    road.live().cut(LIMIT)
    got = await caller.reply()
    assert (got.status, got.header("x-sidecar-error"), got.header("connection")) == (503, b"503", None)
    error = json.loads(got.body)["error"]
    assert error == {"code": 503, "message": "inference-sidecar: cut by the sidecar: a_limit", "status": "UNAVAILABLE"}
    await caller.send(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_provider_had_the_request_and_we_cut__nothing_is_said_about_a_retry(road: Road) -> None:
    caller = await road.caller(request())
    await road.provider.call()
    road.live().cut(LIMIT)
    got = await caller.reply()
    assert (got.status, got.header("x-should-retry")) == (503, None)


async def test_provider_had_the_request_and_broke_off__so_do_we_and_the_log_says_why(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.close()
    assert await caller.until_broken() == b""
    assert road.log.problems == ["the provider closed the connection before its reply had ended"]


async def test_provider_could_not_be_reached__a_retry_is_right(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        got = await (await road.caller(request())).reply()
        assert (got.status, got.header("x-should-retry"), got.header("retry-after")) == (502, b"true", None)


async def test_caller_of_http_1_0_that_keeps_its_connection_is_told_that_it_may(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        caller = await road.caller(request(UNARY, b"{}", "Connection: keep-alive", version="1.0"))
        got = await caller.reply()
        assert (got.status, got.header("connection")) == (502, b"keep-alive")
        await caller.send(request())
        assert (await caller.reply()).status == 502


async def test_caller_has_heard_only_of_an_interim_reply__our_error(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(head(status="103 Early Hints"))
    await caller.read(b"\r\n\r\n")
    road.live().cut(LIMIT)
    assert (await caller.reply()).status == 503


async def test_caller_still_sends__our_error_and_its_connection_ends(road: Road) -> None:
    caller = await road.caller(request(UNARY, b"", "Content-Length: 100"))
    connection = await road.provider.connection()
    await connection.head()
    await connection.close()
    got = await caller.reply()
    assert (got.status, got.header("connection")) == (502, b"close")
    assert await caller.rest() == b""


async def test_caller_asked_with_head__the_length_of_our_error_and_no_body(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        caller = await road.caller(request(PLAIN, b"", method="HEAD"))
        assert (await caller.reply("HEAD")).status == 502
        await caller.send(get())
        assert (await caller.reply("GET")).status == 502


async def test_caller_has_a_part__its_connection_is_broken(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(head(CHUNKED) + chunk(b"a part"))
    await caller.read(b"a part\r\n")
    road.live().cut(LIMIT)
    assert await caller.until_broken() == b""
    assert (await road.settled()).outcome == "cut_short"


async def test_caller_is_gone__nobody_is_told(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    caller.leave()
    await road.until(lambda: road.context.followed)
    await connection.close()
    assert (await road.settled()).outcome == "orphan_failed"
    assert road.counted("exchanges_total", code="none") == 1

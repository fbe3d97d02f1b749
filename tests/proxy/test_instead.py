"""What a caller gets when the provider's reply does not come, or not whole."""

import json

import pytest

from tests.proxy.messages import STREAM, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio


async def test_caller_that_waits__an_error_that_names_the_upstream_in_the_dialects_shape(road: Road) -> None:
    caller = await road.caller(request())
    connection = await road.provider.connection()
    await connection.request()
    await connection.close()
    reply = await caller.reply()
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (502, 502)
    assert error["message"].startswith("inference-sidecar: upstream gemini: ")
    assert (await road.settled()).outcome == "upstream_failed"


async def test_caller_that_has_a_part__a_broken_connection_and_never_an_end(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection = await road.provider.connection()
    await connection.request()
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await caller.read(b"half")
    await connection.close()
    assert await caller.until_broken() == b""
    assert (await road.settled()).outcome == "upstream_failed"

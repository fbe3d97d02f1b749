"""Which requests are calls, and which are counted because they may cost money all the same."""

import pytest

from tests.proxy.messages import get, reply, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (request("/openai/v1/something/new", b"{}"), "unknown_path"),
        (request("/openai/v1/batches", b"{}"), "operation"),
    ],
)
async def test_what_may_cost_money_and_is_no_call_is_counted(openai: Road, raw: bytes, reason: str) -> None:
    caller = await openai.caller(raw)
    connection, _ = await openai.provider.call()
    await connection.send(reply(b"{}"))
    await caller.reply()
    assert openai.counted("unmetered_total", reason=reason) == 1
    assert openai.counted("calls_started_total") == 0


@pytest.mark.parametrize("raw", [get("/openai/v1/unheard-of"), request("/openai/v1/moderations", b"{}")])
async def test_what_is_free_is_not_counted_so(openai: Road, raw: bytes) -> None:
    caller = await openai.caller(raw)
    connection, _ = await openai.provider.call()
    await connection.send(reply(b"{}"))
    await caller.reply()
    assert openai.counted("unmetered_total") == 0

"""An exchange that has settled is counted once, whatever it was."""

import pytest

from tests.proxy.messages import get, reply, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("sent", [request(), get()], ids=["a call", "no call"])
async def test_every_exchange_is_counted_once_by_its_status(road: Road, sent: bytes) -> None:
    caller = await road.caller(sent)
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}", status="404 Not Found"))
    await caller.reply()
    await road.at_rest()
    assert road.counted("exchanges_total", code="404") == road.counted("exchanges_total") == 1


async def test_only_a_call_settles_in_the_ledger(road: Road) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}"))
    await caller.reply("GET")
    await road.at_rest()
    assert road.ledger.rows == {}

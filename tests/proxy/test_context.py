"""What all connections share."""

import pytest

from tests.proxy.messages import UNARY_REPLY, request
from tests.proxy.road import Road

pytestmark = pytest.mark.anyio


async def test_exchange_is_live_from_its_head_to_its_settlement(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    assert len(road.context.live) == 1
    await connection.send(UNARY_REPLY)
    await caller.reply()
    assert len(road.context.live) == 1  # not handed over yet
    await road.settled()
    assert not road.context.live


async def test_idle_is_told_only_during_a_drain(road: Road) -> None:
    for is_draining in (False, True):
        caller = await road.caller(request())
        connection = road.provider.accepted[0] if is_draining else await road.provider.connection()
        await connection.request()
        road.context.is_draining = is_draining
        await connection.send(UNARY_REPLY)
        await caller.reply()
        await road.settled(1 + is_draining)
        assert road.context.is_idle.is_set() is is_draining

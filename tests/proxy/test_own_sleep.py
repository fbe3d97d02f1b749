"""We were stopped for a while (SIGSTOP, a frozen container): what waited for us in the kernel is nobody's lateness."""

import asyncio
import time

import pytest

from tests.proxy.messages import UNARY_REPLY, request
from tests.proxy.road import Road, a_road
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio

SOON = 0.05
SLEEP_SECONDS = 1.2
"""Longer than any time allowed here, and than what a look may come too late by."""


def sleep(road: Road) -> None:
    """As a stopped process: nothing runs, the kernel takes what comes, and then timers run before anything is read."""
    time.sleep(SLEEP_SECONDS)
    road.context.sweep.stop()
    road.context.sweep.start()


async def served(road: Road, caller: Caller) -> None:
    """The call is made, and nobody was too late."""
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200
    assert road.counted("limits_reached_total") == 0


async def test_rest_of_a_head_came_meanwhile__read_before_it_is_late() -> None:
    async with a_road(limits={"request_head_seconds": 0.4}) as road:
        caller = await road.caller(request()[:30])
        await road.until(lambda: any(each.inbound.unread for each in road.context.downstreams))
        await asyncio.sleep(SOON)
        assert caller.offer(request()[30:]) == len(request()) - 30
        sleep(road)
        await served(road, caller)


async def test_request_came_meanwhile_on_an_idle_connection__served() -> None:
    async with a_road(limits={"downstream_idle_seconds": 0.5, "write_stall_seconds": 0.4}) as road:
        caller = await road.caller()
        await road.until(lambda: road.context.downstreams)
        await asyncio.sleep(SOON)
        assert caller.offer(request()) == len(request())
        sleep(road)
        await served(road, caller)


async def test_nothing_came_meanwhile__late_with_the_look_behind() -> None:
    async with a_road(limits={"request_head_seconds": 0.4}) as road:
        caller = await road.caller(request()[:30])
        await road.until(lambda: any(each.inbound.unread for each in road.context.downstreams))
        sleep(road)
        assert (await caller.reply()).status == 408

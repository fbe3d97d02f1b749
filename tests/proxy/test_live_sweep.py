"""Sockets in which nothing passes, and ends that take nothing."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.proxy.limits import LiveLimits
from tests.proxy.talking import a_live_road, a_talk

pytestmark = pytest.mark.anyio

LARGE = "y" * 300_000


async def test_caller_takes_nothing__it_has_left() -> None:
    async with a_live_road(limits={"write_stall_seconds": 0.1}) as road:
        talk = await a_talk(road)
        await talk.begun()
        while not talk.live.caller.is_writing_paused:
            talk.connection.writer.write(talk.provider.framed(LARGE))
            await asyncio.sleep(0.001)
        record = await road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_CUT, "write_stalled")
        assert road.counted("limits_reached_total", limit="calls.write_stall_seconds") == 1


async def test_provider_takes_nothing__both_are_told() -> None:
    async with a_live_road(limits={"upstream_stall_seconds": 0.1}) as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.connection.stop_reading()
        while road.context.sockets and not talk.live.provider.is_writing_paused:
            talk.wire.offer(talk.caller.framed(LARGE))
            await asyncio.sleep(0.001)
        assert await talk.caller.until_closed() == 1011
        assert (await road.settled()).outcome == Outcome.CUT_SHORT
        assert road.counted("limits_reached_total", limit="limits.upstream_stall_seconds") == 1
        talk.connection.read_on()


async def test_nothing_passes__closed() -> None:
    async with a_live_road(limits={"live": LiveLimits(idle_seconds=0.1)}) as road:
        talk = await a_talk(road)
        assert await talk.caller.until_ended() == 1001
        assert await talk.provider.until_ended() == 1001
        assert road.counted("limits_reached_total", limit="calls.live.idle_seconds") == 1
        await talk.is_over()


async def test_pings_pass__not_idle() -> None:
    async with a_live_road(limits={"live": LiveLimits(idle_seconds=0.1)}) as road:
        talk = await a_talk(road)
        for _ in range(10):
            await talk.wire.send(b"\x89\x80\x00\x00\x00\x00")
            await asyncio.sleep(0.02)
        assert talk.caller.closed is None
        assert road.counted("limits_reached_total", limit="calls.live.idle_seconds") == 0

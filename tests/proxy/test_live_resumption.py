"""A caller that goes on with its session in another socket, in time or not, and nobody else."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.proxy.drain import drain
from sidecar.proxy.limits import LiveLimits
from tests.proxy.road import ZERO, Road
from tests.proxy.talking import KEY, Talk, a_live_road, a_talk, quiet

pytestmark = pytest.mark.anyio

SOON = {"live": LiveLimits(resume_seconds=0.05)}


async def left_with_a_handle(road: Road) -> Talk:
    """A socket that was left amid an answer, by a caller that has a handle."""
    talk = await a_talk(road)
    await talk.told("handle h1")
    await talk.told("no handle")
    await talk.begun()
    await talk.told("used 1 100 20")
    talk.wire.leave()
    await talk.provider.until_ended()
    return talk


async def test_back_in_time__had_not_left() -> None:
    async with a_live_road() as road:
        await left_with_a_handle(road)
        await quiet()
        assert not road.log.records
        assert road.counted("calls_in_flight", kind="live", attachment="orphaned") == 1
        again = await a_talk(road)
        await again.caller.say("resume h1")
        record = await road.settled()
        assert (record.outcome, record.left_at, record.left_reason) == (Outcome.CUT_SHORT, None, None)
        assert record.spend_usd
        assert record.orphaned_usd == 0
        assert road.counted("returns_total", via="resumption") == 1
        assert road.counted("calls_in_flight") == 0


async def test_not_back_in_time__left_when_it_did() -> None:
    async with a_live_road(limits=SOON) as road:
        await left_with_a_handle(road)
        record = await road.settled()
        assert (record.outcome, record.left_reason, record.decision) == (Outcome.ORPHAN_CUT, "fin", "cut")
        assert record.left_at is not None
        assert record.settled_at is not None
        assert record.settled_at - record.left_at >= 40_000
        assert road.counted("departures_total") == 1


async def test_with_the_handle_of_somebody_else__not_back() -> None:
    async with a_live_road(limits=SOON) as road:
        await left_with_a_handle(road)
        for fields in ((KEY + "-but-another",), ("X-Other: 1",)):
            again = await a_talk(road, *fields)
            await again.caller.say("resume h1")
        assert (await road.settled()).outcome == Outcome.ORPHAN_CUT


async def test_with_a_handle_that_nobody_gave__not_back() -> None:
    async with a_live_road(limits=SOON) as road:
        await left_with_a_handle(road)
        again = await a_talk(road)
        await again.caller.say("resume h2")
        assert (await road.settled()).outcome == Outcome.ORPHAN_CUT


async def test_no_grace_is_set__left_at_once() -> None:
    async with a_live_road(limits={"live": LiveLimits(resume_seconds=0)}) as road:
        await left_with_a_handle(road)
        assert (await road.settled()).outcome == Outcome.ORPHAN_CUT


async def test_left_again_in_the_socket_that_went_on__by_the_same_handle() -> None:
    async with a_live_road() as road:
        await left_with_a_handle(road)
        again = await a_talk(road)
        await again.caller.say("resume h1")
        await road.settled()
        await again.begun(2)
        again.wire.reset()
        await again.provider.until_ended()
        third = await a_talk(road)
        await third.caller.say("resume h1")
        assert (await road.settled(2)).outcome == Outcome.CUT_SHORT


async def test_drain__nobody_comes_back() -> None:
    async with a_live_road() as road:
        await left_with_a_handle(road)
        assert await drain(road.context, 1.0) == 0
        assert (await road.settled()).outcome == Outcome.ORPHAN_CUT


async def test_pod_is_ending__nobody_comes_back() -> None:
    async with a_live_road() as road:
        road.context.pod_is_ending = True
        await left_with_a_handle(road)
        assert (await road.settled()).left_reason == "pod_ending"


async def test_read_on_to_its_end_meanwhile__delivered_if_back() -> None:
    async with a_live_road(on_close_as_set={CallKind.LIVE: OnClose.RUNS_ON}) as road:
        talk = await a_talk(road)
        await talk.told("handle h1")
        await talk.begun()
        talk.wire.leave()
        await road.until(lambda: road.context.followed)
        await talk.provider.say("used 1 1 1", "end 1")
        await talk.provider.until_ended()
        again = await a_talk(road)
        await again.caller.say("resume h1")
        record = await road.settled()
        assert (record.outcome, record.orphaned_usd) == (Outcome.DELIVERED, ZERO)


async def test_read_on_while_the_caller_is_back__the_rest_is_cut_short() -> None:
    async with a_live_road(on_close_as_set={CallKind.LIVE: OnClose.RUNS_ON}) as road:
        talk = await a_talk(road)
        await talk.told("handle h1")
        await talk.begun()
        talk.wire.leave()
        await road.until(lambda: road.context.followed)
        again = await a_talk(road)
        await again.caller.say("resume h1")
        assert (await road.settled()).outcome == Outcome.CUT_SHORT
        await talk.provider.until_ended()
        await asyncio.sleep(0)
        assert road.context.followed == 0

"""Bounds of reading on for nobody."""

import msgspec
import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.policy import FollowBounds, OnClose
from sidecar.lifecycle.record import CallKind
from tests.proxy.talking import a_live_road, a_talk

pytestmark = pytest.mark.anyio

RUNS_ON = {CallKind.LIVE: OnClose.RUNS_ON}
USUAL = FollowBounds(max_calls=100, max_seconds=60.0, max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("bound", "reason", "limit"),
    [
        ({"max_calls": 0}, "follow_max_calls", "calls.follow.max_calls"),
        ({"max_seconds": 0.02}, "follow_max_seconds", "calls.follow.max_seconds"),
        ({"max_bytes": 1_000}, "follow_max_bytes", "calls.follow.max_bytes"),
    ],
)
async def test_bound_is_reached__cut(bound: dict[str, float], reason: str, limit: str) -> None:
    follow = msgspec.structs.replace(USUAL, **bound)
    async with a_live_road(limits={"follow": follow}, on_close_as_set=RUNS_ON) as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.wire.leave()
        if bound.get("max_bytes"):
            await road.until(lambda: road.context.followed)
            await talk.provider.say("z" * 2_000)
        record = await road.settled()
        assert (record.outcome, record.decision, record.decision_reason) == (Outcome.ORPHAN_CUT, "cut", reason)
        assert road.counted("limits_reached_total", limit=limit) == 1
        assert road.context.followed == 0
        await talk.provider.until_ended()


async def test_answer_that_begins_for_nobody__followed_and_left_too() -> None:
    async with a_live_road(on_close_as_set=RUNS_ON) as road:
        talk = await a_talk(road)
        await talk.begun(1)
        talk.wire.leave()
        await road.until(lambda: road.context.followed)
        await talk.provider.say("begin 2", "end 1")
        await road.settled()
        await talk.provider.say("end 2")
        record = await road.settled(2)
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_FINISHED, "fin")
        assert (record.decision, record.decision_reason) == ("follow", "provider_runs_on")


async def test_one_of_two_answers_would_be_dearer__both_are_cut() -> None:
    follow = msgspec.structs.replace(USUAL, max_calls=1)
    async with a_live_road(limits={"follow": follow}, on_close_as_set=RUNS_ON) as road:
        talk = await a_talk(road)
        await talk.begun(1)
        await talk.begun(2)
        talk.wire.leave()
        await road.settled(2)
        assert {record.outcome for record in road.log.records} == {Outcome.ORPHAN_CUT}


async def test_message_too_large_or_provider_gone__the_followed_end_too() -> None:
    async with a_live_road(on_close_as_set=RUNS_ON) as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.wire.leave()
        await road.until(lambda: road.context.followed)
        await talk.connection.close()
        assert (await road.settled()).outcome == Outcome.ORPHAN_FAILED
        assert road.context.followed == 0

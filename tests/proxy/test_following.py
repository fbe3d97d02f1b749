"""Is an orphaned reply read on? As setting, wish and facts say, and within bounds: so many calls, seconds and bytes."""

from typing import Any

import pytest

from sidecar.lifecycle.policy import FollowBounds, OnClose, OnDeparture, Wish
from sidecar.lifecycle.record import CallKind
from tests.proxy.messages import PROMPT, SSE, STREAM, UNARY, UNARY_REPLY, answer, event, head, request
from tests.proxy.rescuing import STOPS, call, rescue
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection

pytestmark = pytest.mark.anyio


def bounds(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"max_calls": 10, "max_seconds": 60.0, "max_bytes": 1_000_000}
    return {"follow": FollowBounds(**(usual | changes))}


async def orphaned(road: Road) -> Connection:
    """The provider's end of a stream whose caller has left after the first event."""
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(10))
    await caller.read(b"\r\n\r\n\r\n")
    followed = road.context.followed
    caller.leave()
    await road.until(lambda: road.context.followed > followed or connection.reader.at_eof())
    return connection


async def test_within_the_bounds__read_to_the_end_and_counted_down() -> None:
    async with a_road(limits=bounds()) as road:
        connection = await orphaned(road)
        await connection.send(event(50, finish="STOP") + b"0\r\n\r\n")
        assert (await road.settled()).outcome == "orphan_finished"
        assert road.context.followed == 0


async def test_one_call_too_many__it_is_cut_and_the_others_are_not() -> None:
    async with a_road(limits=bounds(max_calls=1)) as road:
        first = await orphaned(road)
        second = await orphaned(road)
        await second.was_closed()
        assert (await road.settled()).outcome == "orphan_cut"
        assert road.counted("limits_reached_total", limit="calls.follow.max_calls") == 1
        await first.send(event(50, finish="STOP") + b"0\r\n\r\n")
        assert (await road.settled(2)).outcome == "orphan_finished"


async def test_too_long__cut() -> None:
    async with a_road(limits=bounds(max_seconds=0.02)) as road:
        connection = await orphaned(road)
        await connection.was_closed()
        row = await road.settled()
        assert (row.outcome, row.basis, row.basis_reason) == ("orphan_cut", "at_least", "unfinished")
        assert road.counted("limits_reached_total", limit="calls.follow.max_seconds") == 1
        assert row.usage["output"] == 10
        assert row.finished_at is None


@pytest.mark.parametrize("size", [999, 1001])
async def test_too_many_bytes__cut_past_the_bound(size: int) -> None:
    async with a_road(limits=bounds(max_bytes=1000)) as road:
        connection = await orphaned(road)
        await connection.send(b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
        assert (await road.settled()).outcome == ("orphan_cut" if size > 1000 else "orphan_finished")
        assert road.counted("limits_reached_total", limit="calls.follow.max_bytes") == (size > 1000)


async def test_whole_reply_past_the_bound_in_one_piece__cut_without_a_fault() -> None:
    async with a_road(limits=bounds(max_bytes=10)) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        caller.leave()
        await road.until(lambda: road.context.followed)
        await connection.send(UNARY_REPLY)
        row = await road.settled()
        assert row.outcome == "orphan_cut"
        await connection.was_closed()
        assert not any(road.context.pool._idle.values())


class TestWhatIsDoneUpstream:
    """The setting, the request's own wish, and the facts, in this order."""

    @pytest.mark.parametrize(
        ("setting", "wish", "facts", "followed"),
        [
            ("auto", None, "runs_on", True),
            ("auto", None, "stops", False),
            ("auto", None, "unknown", False),
            ("follow", None, "stops", True),
            ("cut", None, "runs_on", False),
            ("cut", "follow", "stops", True),
            ("follow", "cut", "runs_on", False),
            ("cut", "auto", "runs_on", True),
            ("follow", "auto", "unknown", False),
        ],
    )
    @pytest.mark.parametrize("kind", [CallKind.STREAM, CallKind.UNARY])
    async def test_provider_is_followed_or_cut(
        self, setting: str, wish: str | None, facts: str, followed: bool, kind: CallKind
    ) -> None:
        other = CallKind.STREAM if kind is CallKind.UNARY else CallKind.UNARY
        opposite = OnClose.STOPS if facts == "runs_on" else OnClose.RUNS_ON
        headers = [f"X-Sidecar-On-Departure: {wish}"] if wish else []
        async with a_road(
            wish=Wish(OnDeparture(setting)), on_close_as_set={kind: OnClose(facts), other: opposite}
        ) as road:
            caller = await road.caller(request(STREAM if kind is CallKind.STREAM else UNARY, PROMPT, *headers))
            connection, _ = await road.provider.call()
            caller.leave()
            if followed:
                await road.until(lambda: road.context.followed == 1)
                await connection.send(head("Content-Length: 2") + b"[]")
            else:
                await connection.was_closed()
            row = await road.settled()
            assert row.outcome == ("orphan_finished" if followed else "orphan_cut")
            assert (row.finished_at is None) is not followed

    async def test_answer_that_came_whole_before_is_not_lost_by_a_cut(self) -> None:
        async with a_road(wish=Wish(OnDeparture.CUT)) as road:
            caller = await road.caller(request())
            connection, _ = await road.provider.call()
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()
            caller.reset()
            row = await road.settled()
            assert (row.outcome, row.basis) == ("undelivered", "exact")
            assert row.finished_at is not None


async def test_who_wishes_a_cut__gets_it_at_once() -> None:
    async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
        caller = await road.caller(call("X-Stainless-Retry-Count: 0", "X-Sidecar-On-Departure: cut"))
        connection, _ = await road.provider.call()
        caller.leave()
        await connection.was_closed()
        row = await road.settled()
        assert (row.outcome, row.decision, row.decision_reason) == ("orphan_cut", "cut", "request")

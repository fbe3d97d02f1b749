"""Where a rescue meets another end: a drain, a half-closed caller, room, a second retry. Random orders seldom get there."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.proxy.drain import drain
from tests.proxy.messages import LAST, SSE, UNARY_REPLY, answer, chunk, event, reply
from tests.proxy.rescuing import SOON, abandoned, call, joined, rescue, stream
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller, within

pytestmark = pytest.mark.anyio

RESCUED = [Outcome.RESCUED, Outcome.JOINED]


def outcomes(road: Road) -> list[str | None]:
    return [row.outcome for row in sorted(road.log.records, key=lambda row: row.id)]


async def half_closed(road: Road) -> tuple[Caller, Connection]:
    """A caller that has finished speaking, where it can't be told whether it has left; it is followed, and written to."""
    road.cannot_ask_the_kernel()
    caller = await road.caller(call())
    connection, _ = await road.provider.call()
    caller.half_close()
    await road.until(lambda: road.context.followed)
    return caller, connection


# === half-closed callers ===


async def test_who_had_only_half_closed_took_its_answer__and_nobody_else_is_given_it() -> None:
    async with a_road(limits=rescue()) as road:
        caller, connection = await half_closed(road)
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200
        assert (await road.settled()).outcome == Outcome.DELIVERED
        other = await road.caller(call())
        await connection.request()
        await connection.send(UNARY_REPLY)
        assert (await other.reply()).header("x-sidecar-rescued") is None


async def test_an_equal_request_takes_the_answer_of_who_seems_to_have_left__and_that_one_is_broken_off() -> None:
    async with a_road(limits=rescue()) as road:
        caller, connection = await half_closed(road)
        retry = await joined(road, call())
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).header("x-sidecar-rescued") is not None
        assert await caller.until_broken() == b""
        await road.settled(2)
        assert outcomes(road) == RESCUED


async def test_a_retry_that_may_only_have_half_closed_is_broken_off__and_the_answer_is_on_offer_again() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        road.cannot_ask_the_kernel()
        retry = await joined(road, call())
        retry.half_close()
        assert await retry.until_broken() == b""
        again = await joined(road, call())
        await connection.send(UNARY_REPLY)
        assert (await again.reply()).body == answer()
        await road.settled(3)
        assert outcomes(road) == [Outcome.RESCUED, Outcome.LEFT_EARLY, Outcome.JOINED]


# === a drain ===


async def test_a_drain_does_not_break_off_a_whole_answer_on_its_way_to_a_retry() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(UNARY_REPLY)
        await retry.reply()
        await drain(road.context, 0.0)
        assert outcomes(road) == RESCUED


async def test_a_drain_cuts_a_retry_together_with_the_answer_that_it_is_given() -> None:
    async with a_road(limits=rescue()) as road:
        await abandoned(road, stream(), SSE + event())
        retry = await joined(road, stream())
        await retry.read(b"hello")
        await drain(road.context, 0.0)
        await retry.until_broken()
        assert outcomes(road) == [Outcome.ORPHAN_CUT, Outcome.CUT_SHORT]


async def test_nobody_can_come_during_a_drain__when_a_retry_leaves_there_is_nothing_to_wait_for() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream(), SSE + event())
        retry = await joined(road, stream())
        await retry.read(b"hello")
        draining = asyncio.ensure_future(drain(road.context, 2.0))
        await road.until(lambda: road.context.is_draining)
        retry.reset()
        await road.until(lambda: len(road.log.records) == 1)
        await connection.send(event(finish="STOP"), LAST)
        await within(draining)
        assert outcomes(road) == [Outcome.ORPHAN_FINISHED, Outcome.LEFT_EARLY]


# === room ===


async def test_what_comes_behind_a_handed_over_answer_may_be_of_any_size() -> None:
    async with a_road(limits=rescue(max_answer_bytes=800)) as road:
        connection = await abandoned(road, stream(), SSE + event())
        retry = await joined(road, stream())
        await connection.send(event(finish="STOP"))
        await retry.read(b"STOP")
        retry.leave()
        await road.settled()
        await connection.send(chunk(b":" + b"x" * 1_000 + b"\n\n"), LAST)
        await road.settled(2)
        assert outcomes(road) == RESCUED


async def test_no_room_is_made_by_an_answer_that_a_retry_is_being_given() -> None:
    large, other = answer(text="x" * 400_000), answer(text="y" * 300_000)
    async with a_road(limits=rescue(max_bytes=500_000, max_answer_bytes=450_000)) as road:
        connection = await abandoned(road, call())
        await connection.send(reply(large))
        await road.until(lambda: road.counted("calls_in_flight", attachment="shelved"))
        slow = await road.caller(receive_buffer=2_048)
        road.feel_slow_readers()
        await slow.send(call())
        await road.until(lambda: len(road.context.live) == 2)
        another = await road.caller(call(body=b"{}"))
        await connection.request()
        await connection.send(reply(other))
        assert (await another.reply()).body == other
        assert (await slow.reply()).body == large
        await road.settled(3)
        assert outcomes(road) == [*RESCUED, Outcome.DELIVERED]


async def test_an_answer_that_outgrew_while_it_was_given_is_given_to_its_end__and_to_nobody_else() -> None:
    text = event(text="x" * 1_000)
    async with a_road(limits=rescue(max_answer_bytes=800)) as road:
        connection = await abandoned(road, stream(), SSE + event())
        retry = await joined(road, stream())
        await connection.send(text, text, event(finish="STOP"), LAST)
        assert (await retry.reply()).body.count(b"data: ") == 4
        await road.settled(2)
        assert outcomes(road) == RESCUED


# === a second retry ===


async def test_a_second_retry_is_given_the_answer_whole__also_of_a_first_that_left_a_moment_ago() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream(), SSE + event(1))
        first = await joined(road, stream())
        await first.read(b"hello")
        first.leave()  # its end may not have been told yet
        second = await road.caller(stream())
        await connection.send(event(2, finish="STOP"), LAST)
        assert (await second.reply()).body.count(b"data: ") == 2
        await road.settled(3)
        assert sorted(map(str, outcomes(road))) == ["joined", "left_early", "rescued"]


async def test_while_a_retry_waits_a_third_equal_request_is_a_call_of_its_own() -> None:
    async with a_road(limits=rescue()) as road:
        first = await abandoned(road, call())
        retry = await joined(road, call())
        third = await road.caller(call())
        second = await road.provider.connection()
        await second.request()
        await first.send(UNARY_REPLY)
        await second.send(reply(answer(7)))
        assert (await retry.reply()).body == answer()
        assert (await third.reply()).body == answer(7)


# === the window ===


async def test_a_second_window_begins_when_the_retry_leaves() -> None:
    async with a_road(limits=rescue(window_seconds=SOON)) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await asyncio.sleep(2 * SOON)
        retry.reset()
        await connection.send(UNARY_REPLY)
        assert (await road.settled(2)).outcome == Outcome.ORPHAN_FINISHED

"""Which abandoned answers are kept, for how long, and what there is no room for."""

import pytest

from tests.proxy.messages import UNARY_REPLY, answer, reply
from tests.proxy.rescuing import SOON, abandoned, call, rescue
from tests.proxy.road import a_road

pytestmark = pytest.mark.anyio
OTHER = reply(answer(text="another"), "Content-Type: application/json")


async def test_delivered__nothing_is_kept() -> None:
    async with a_road(limits=rescue()) as road:
        caller = await road.caller(call())
        connection, _ = await road.provider.call()
        await connection.send(UNARY_REPLY)
        await caller.reply()
        await road.settled()
        assert road.context.shelf.kept() == (0, 0)


async def test_nobody_comes_within_the_window__settled_as_what_it_was() -> None:
    async with a_road(limits=rescue(window_seconds=SOON)) as road:
        connection = await abandoned(road, call())
        await connection.send(UNARY_REPLY)
        row = await road.settled()
        assert row.outcome == "orphan_finished"
        assert row.finished_at is not None
        assert row.settled_at is not None
        assert row.settled_at - row.finished_at >= 0.9 * SOON * 1e6
        assert road.context.shelf.kept() == (0, 0)


async def test_too_large_to_be_kept__only_priced() -> None:
    async with a_road(limits=rescue(max_answer_bytes=1000)) as road:
        connection = await abandoned(road, call())
        await connection.send(reply(b"x" * 1001))
        assert (await road.settled()).outcome == "orphan_finished"
        assert road.counted("limits_reached_total", limit="rescue.max_answer_bytes") == 1


async def test_no_room_among_all__the_oldest_that_nobody_asked_for_goes() -> None:
    async with a_road(limits=rescue(max_bytes=1000, max_answer_bytes=800)) as road:
        first = await abandoned(road, call(body=b"1"))
        await first.send(reply(b"1" * 600))
        await road.until(lambda: road.context.shelf.kept()[0] == 600)
        await abandoned(road, call(body=b"2"), on=first)
        await first.send(reply(b"2" * 600))
        assert (await road.settled()).id == min(row.id for row, _ in road.ledger.rows.values())
        assert road.context.shelf.kept() == (600, 1)
        retry = await road.caller(call(body=b"2"))
        assert (await retry.reply()).body == b"2" * 600


async def test_error__not_kept_and_settled_at_once() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        await connection.send(reply(b"{}", status="429 Too Many Requests"))
        assert (await road.settled()).outcome == "orphan_failed"


async def test_calls_at_their_limit__who_only_waits_for_a_retry_makes_room() -> None:
    limits = rescue() | {"max_calls": 1}
    async with a_road(limits=limits) as road:
        connection = await abandoned(road, call(body=b"1"))
        await connection.send(UNARY_REPLY)
        await road.until(lambda: road.context.shelf.kept()[1] == 1)
        caller = await road.caller(call(body=b"2"))
        await connection.request()
        await connection.send(OTHER)
        assert (await caller.reply()).status == 200


async def test_drain__nobody_waits_for_a_retry() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        await connection.send(UNARY_REPLY)
        await road.until(lambda: road.context.shelf.kept()[1] == 1)
        road.context.shelf.close()
        assert (await road.settled()).outcome == "orphan_finished"

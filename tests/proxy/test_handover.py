"""A reply is handed over when the caller's kernel has it and no reset followed at once, or when the caller asks again."""

import pytest

from tests.proxy.messages import UNARY_REPLY, answer, get, reply, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


async def test_reply_is_taken__handed_over_after_a_short_wait(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    assert road.log.records == []
    assert (await road.settled()).outcome == "delivered"


async def test_next_request_on_the_connection__the_one_before_was_read(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    await caller.send(get())
    await connection.request()
    caller.leave()  # which concerns the second alone
    assert (await road.settled()).outcome == "delivered"
    await connection.send(reply(b""))


async def test_many_at_once__each_settles_once(road: Road) -> None:
    callers = [await road.caller(request()) for _ in range(20)]
    connections = [(await road.provider.call())[0] for _ in callers]
    for connection in connections:
        await connection.send(UNARY_REPLY)
    for caller in callers:
        assert (await caller.reply()).body == answer()
    await road.settled(20)
    assert [row.outcome for row in road.log.records] == ["delivered"] * 20
    assert len({row.id for row in road.log.records}) == 20


async def test_reply_waits_in_our_kernel_and_nothing_moves__write_stalled() -> None:
    async with a_road(limits={"write_stall_seconds": 0.1}) as road:
        caller = await road.caller(request(), receive_buffer=4096)
        connection, _ = await road.provider.call()
        await connection.send(reply(answer(text="x" * 300_000)))
        row = await road.settled()
        assert (row.outcome, row.left_reason) == ("undelivered", "write_stalled")
        await caller.until_broken()


async def test_reply_waits_in_our_kernel_and_is_taken_in_the_end__delivered(road: Road) -> None:
    caller = await road.caller(request(), receive_buffer=4096)
    connection, _ = await road.provider.call()
    await connection.send(reply(answer(text="x" * 300_000)))
    await road.until(lambda: road.context.handover._ripe)
    assert (await caller.reply()).status == 200
    assert (await road.settled()).outcome == "delivered"

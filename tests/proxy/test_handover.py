"""A reply is handed over when the caller's kernel has it and no reset followed at once, or when the caller asks again."""

import asyncio
from typing import Any, cast

import pytest

from sidecar.proxy.exchange import Exchange
from sidecar.proxy.handover import Handover
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


class Replied:
    """What is asked of an exchange that is watched, or is known to be read."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.awaits_handover, self.reply, self.kept = True, self, None
        self._fault = fault
        self.settled = asyncio.Event()

    def forget_caller(self) -> None:
        pass

    def unacknowledged(self) -> int:
        return 0

    def handed_over(self) -> None:
        self.awaits_handover = False
        if self._fault is not None:
            raise self._fault
        self.settled.set()


@pytest.mark.parametrize("is_read", [False, True], ids=["waits", "was read"])
async def test_one_of_many_can_not_be_settled__it_is_told_and_takes_no_other_along(is_read: bool) -> None:
    loop = asyncio.get_running_loop()
    told: list[BaseException] = []
    loop.set_exception_handler(lambda _, facts: told.append(facts["exception"]))
    handover, fault = Handover(loop), ValueError("a fault of ours")
    many: list[Any] = [Replied(), Replied(fault), Replied(), Replied(fault), Replied()]
    for each in many:
        handover.add(cast("Exchange", each))
        if is_read:
            handover.was_read(cast("Exchange", each))
    handover.add(cast("Exchange", late := Replied()))
    async with asyncio.timeout(5):
        for each in (*many[::2], late):
            await each.settled.wait()
    assert told == [fault, fault]
    assert handover._timer is None

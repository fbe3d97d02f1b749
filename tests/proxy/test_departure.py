"""Has the caller left? A reset, a FIN of a socket that is gone, one that is still held, one of which nothing is known."""

import asyncio

import pytest

from sidecar.lifecycle.call import Downstream
from sidecar.lifecycle.policy import OnDeparture, Wish
from tests.proxy.messages import SSE, STREAM, UNARY_REPLY, answer, event, reply, request
from tests.proxy.road import ZERO, Road, a_road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio


async def asked(road: Road) -> tuple[Caller, Connection]:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    return caller, connection


def is_gone(road: Road) -> bool:
    return any(exchange.call.downstream is Downstream.GONE for exchange in road.context.live)


async def test_caller_only_half_closes__it_gets_its_reply(road: Road) -> None:
    caller, connection = await asked(road)
    caller.half_close()
    await asyncio.sleep(0.08)  # both rechecks
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    departure = road.live().departure
    assert await caller.rest() == b""
    row = await road.settled()
    assert (row.outcome, row.left_at) == ("delivered", None)
    assert departure._timer is None


async def test_caller_half_closes_right_behind_its_request__it_gets_its_reply(road: Road) -> None:
    caller = await road.caller(request())
    caller.half_close()
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


async def test_caller_half_closes_and_leaves_later__seen_without_a_packet(road: Road) -> None:
    caller, connection = await asked(road)
    caller.half_close()
    await road.until(lambda: road.live()._departure is not None)
    half_closed_at = road.context.clock.now()
    await asyncio.sleep(0.08)
    assert not is_gone(road)
    left_at = road.context.clock.now()
    caller.leave()
    await road.until(lambda: is_gone(road))
    await connection.send(UNARY_REPLY)
    row = await road.settled()
    assert (row.outcome, row.left_reason) == ("orphan_finished", "fin")
    assert row.left_at is not None
    assert half_closed_at < left_at <= row.left_at


async def test_caller_leaves__the_moment_is_that_of_its_fin(road: Road) -> None:
    caller, connection = await asked(road)
    before = road.context.clock.now()
    caller.leave()
    await road.until(lambda: is_gone(road))
    after = road.context.clock.now()
    await connection.send(UNARY_REPLY)
    row = await road.settled()
    assert row.left_at is not None
    assert before <= row.left_at <= after
    assert road.counted("detection_seconds_count") == 1


async def test_caller_resets__the_reason_says_so(road: Road) -> None:
    caller, connection = await asked(road)
    caller.reset()
    await road.until(lambda: is_gone(road))
    await connection.send(UNARY_REPLY)
    row = await road.settled()
    assert (row.outcome, row.left_reason) == ("orphan_finished", "rst")


async def test_pipelined_requests_of_a_caller_that_half_closed__both_are_answered(road: Road) -> None:
    caller = await road.caller(request() * 2)
    caller.half_close()
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert [(await caller.reply()).status for _ in range(2)] == [200, 200]
    assert await caller.rest() == b""
    assert (await road.settled(2)).outcome == "delivered"


async def test_caller_leaves_during_its_second_pipelined_request__seen_although_its_fin_came_before(road: Road) -> None:
    caller = await road.caller(request() * 2)
    caller.half_close()
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    await connection.request()
    caller.leave()
    await road.until(lambda: is_gone(road))
    await connection.send(UNARY_REPLY)
    await road.settled(2)
    assert sorted(str(row.outcome) for row in road.log.records) == ["delivered", "orphan_finished"]


class TestWhereTheKernelCannotBeAsked:
    """The caller is in another network namespace."""

    async def test_fin_is_leaving__and_who_takes_the_whole_reply_was_there(self, road: Road) -> None:
        road.cannot_ask_the_kernel()
        caller, connection = await asked(road)
        caller.half_close()
        await road.until(lambda: is_gone(road))
        assert road.counted("departures_total") == 1
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
        row = await road.settled()
        assert (row.outcome, row.left_at, row.left_reason, row.orphaned_usd) == ("delivered", None, None, ZERO)
        assert road.counted("returns_total", via="half_close") == 1

    async def test_fin_before_all_was_taken__who_takes_the_rest_was_there(self, road: Road) -> None:
        road.cannot_ask_the_kernel()
        caller, connection = await asked(road)
        road.feel_slow_readers()
        sent = reply(answer(text="x" * 250_000))
        await connection.send(sent)
        await road.until(lambda: road.live().awaits_handover)
        caller.half_close()
        await road.until(lambda: is_gone(road))
        road.feel_slow_readers(soon=False)
        assert await caller.rest() == sent
        assert (await road.settled()).outcome == "delivered"
        assert road.counted("returns_total", via="half_close") == 1

    async def test_fin_is_leaving__and_who_is_gone_is_found_out_by_writing(self, road: Road) -> None:
        road.cannot_ask_the_kernel()
        caller, connection = await asked(road)
        caller.leave()
        await road.until(lambda: is_gone(road))
        await connection.send(UNARY_REPLY)
        row = await road.settled()
        assert (row.outcome, row.left_reason) == ("orphan_finished", "fin")

    async def test_fin_of_a_streams_caller_that_is_gone__read_on_to_the_end(self, road: Road) -> None:
        road.cannot_ask_the_kernel()
        caller = await road.caller(request(STREAM))
        connection, _ = await road.provider.call()
        await connection.send(SSE + event(10))
        await caller.read(b"\r\n\r\n\r\n")
        caller.leave()
        await road.until(lambda: is_gone(road))
        await connection.send(event(20))
        await road.until(lambda: road.live().downstream is None)
        await connection.send(event(50, finish="STOP") + b"0\r\n\r\n")
        row = await road.settled()
        assert (row.outcome, row.usage["output"]) == ("orphan_finished", 50)

    async def test_where_leaving_is_cut_the_connection_is_closed_at_once(self) -> None:
        async with a_road(wish=Wish(OnDeparture.CUT)) as road:
            road.cannot_ask_the_kernel()
            caller, connection = await asked(road)
            caller.half_close()
            await connection.was_closed()
            assert (await road.settled()).outcome == "orphan_cut"
            assert await caller.until_broken() == b""

    async def test_setting_wait__a_fin_alone_is_not_leaving(self) -> None:
        async with a_road(limits={"takes_fin_as_leaving": False}) as road:
            road.cannot_ask_the_kernel()
            caller, connection = await asked(road)
            caller.half_close()
            await road.until(lambda: road.live()._departure is not None)
            assert not is_gone(road)
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()
            assert (await road.settled()).outcome == "delivered"

    async def test_setting_wait__a_reset_is_leaving(self) -> None:
        async with a_road(limits={"takes_fin_as_leaving": False}) as road:
            road.cannot_ask_the_kernel()
            caller, connection = await asked(road)
            caller.reset()
            await road.until(lambda: is_gone(road))
            await connection.send(UNARY_REPLY)
            assert (await road.settled()).outcome == "orphan_finished"

    async def test_half_closer_reads_slowly_and_then_resets__the_rest_is_read_for_the_record(self, road: Road) -> None:
        road.cannot_ask_the_kernel()
        caller, connection = await asked(road)
        road.feel_slow_readers()
        caller.half_close()
        await road.until(lambda: is_gone(road))
        big = b"".join([SSE, event(50, text="x" * 3_000_000), b"0\r\n\r\n"])
        sending = asyncio.ensure_future(connection.send(big))
        await road.until(lambda: road.only_downstream().is_writing_paused)
        caller.reset()
        await sending
        row = await road.settled()
        assert (row.outcome, row.left_reason) == ("orphan_finished", "fin")

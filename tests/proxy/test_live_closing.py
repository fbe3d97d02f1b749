"""How sockets end between answers, by limits and in a drain: who is told what, on real connections."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.proxy import live_closing, live_end
from sidecar.proxy.drain import drain
from sidecar.proxy.limits import LiveLimits
from tests.proxy.road import Road
from tests.proxy.talking import a_live_road, a_talk, ended

pytestmark = pytest.mark.anyio


# === between answers ===


async def test_caller_closes__answered_by_the_provider() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.answered()
        await road.settled()
        await talk.caller.close(4001)
        assert await talk.provider.until_closed() == 4001
        await talk.provider.close(4001)
        await talk.connection.close()
        assert await talk.caller.until_ended() == 4001
        await talk.is_over()
        assert ended(road) == {"caller": 1}


async def test_provider_closes__answered_by_the_caller() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.provider.close(1001)
        assert await talk.caller.until_closed() == 1001
        await talk.caller.close(1001)
        assert await talk.provider.until_closed() == 1001
        await talk.connection.close()
        await talk.caller.until_ended()
        await talk.is_over()
        assert ended(road) == {"provider": 1}


async def test_close_frame_is_never_answered__closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_closing, "CLOSING_SECONDS", 0.02)
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.caller.close()
        assert await talk.provider.until_ended() == 1000
        await talk.caller.until_ended()
        await talk.is_over()


async def test_caller_s_program_ends__the_provider_is_told() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        talk.wire.leave()
        assert await talk.provider.until_ended() == 1001
        await talk.is_over()
        assert ended(road) == {"caller": 1}


async def test_caller_resets__the_provider_is_told() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        talk.wire.reset()
        assert await talk.provider.until_ended() == 1001
        await talk.is_over()


async def test_provider_s_connection_ends__so_does_the_caller_s_in_order() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.answered()
        await talk.connection.close()
        assert await talk.caller.until_ended() is None
        assert (await road.settled()).outcome == Outcome.DELIVERED
        await talk.is_over()
        assert ended(road) == {"provider": 1}


async def test_provider_resets__caller_s_connection_ends_behind_all_that_was_said() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.provider.say("the last word")
        await asyncio.sleep(0.01)
        await talk.connection.reset()
        await talk.caller.until_ended()
        assert talk.caller.heard == ["the last word"]
        await talk.is_over()
        assert ended(road) == {"broken": 1}


# === limits ===


async def test_message_too_large__both_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_live_road(limits={"live": LiveLimits(max_message_bytes=1000)}) as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.caller.say("x" * 1001)
        assert await talk.provider.until_ended() == 1009
        assert await talk.caller.until_ended() == 1009
        assert (await road.settled()).outcome == Outcome.CUT_SHORT
        assert road.counted("limits_reached_total", limit="calls.live.max_message_bytes") == 1
        await talk.is_over()
        assert ended(road) == {"cut": 1}


async def test_provider_s_message_too_large__both_are_told() -> None:
    async with a_live_road(limits={"live": LiveLimits(max_message_bytes=1000)}) as road:
        talk = await a_talk(road)
        await talk.provider.say("x" * 1001)
        assert await talk.caller.until_ended() == 1009
        assert await talk.provider.until_ended() == 1009
        assert talk.caller.heard == []


async def test_message_too_large_amid_a_frame__no_close_frame_where_none_fits() -> None:
    async with a_live_road(limits={"live": LiveLimits(max_message_bytes=1000)}) as road:
        talk = await a_talk(road)
        whole = talk.provider.framed("y" * 900)
        await talk.connection.send(whole[:500])
        await talk.wire.receive()
        await talk.caller.say("x" * 1001)
        assert await talk.caller.until_ended() is None
        assert await talk.provider.until_ended() == 1009


# === drain ===


async def test_drain__sockets_without_an_answer_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_end, "LINGER_SECONDS", 0.02)
    async with a_live_road() as road:
        talk = await a_talk(road)
        assert await drain(road.context, 5.0) == 0
        assert await talk.caller.until_closed() == 1001
        assert await talk.provider.until_closed() == 1001
        await talk.is_over()


async def test_drain__an_answer_may_end_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_end, "LINGER_SECONDS", 0.2)
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        draining = asyncio.ensure_future(drain(road.context, 5.0))
        await asyncio.sleep(0.02)
        assert talk.caller.closed is None
        await talk.told("end 1")
        assert await talk.caller.until_closed() == 1001
        assert await draining == 0
        assert (await road.settled()).outcome == Outcome.DELIVERED


async def test_drain_is_over__an_answer_that_was_not_taken_settles_too() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road, receive_buffer=4096)
        await talk.begun()
        await talk.provider.say("y" * 300_000, "end 1")
        await road.until(lambda: not any(call.is_running for call in talk.live.calls))
        await drain(road.context, 0.02, 0.02)
        assert [record.outcome for record in road.log.records] == [Outcome.UNDELIVERED]


async def test_drain_is_over__an_answer_is_cut_short() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        assert await drain(road.context, 0.02, 0.02) == 1
        assert (await road.settled()).outcome == Outcome.CUT_SHORT
        assert await talk.caller.until_closed() == 1001


async def test_drain__sockets_that_are_not_read_go_last(road: Road) -> None:
    talk = await a_talk(road, target="/gemini/elsewhere")
    assert await drain(road.context, 5.0) == 0
    assert await talk.connection.was_closed() == b""
    await talk.is_over()

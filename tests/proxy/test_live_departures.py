"""How sockets end amid an answer, on real connections: what becomes of it, and who is told what."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.websocket.closing import close_frame
from tests.proxy.talking import KEY, a_live_road, a_talk, ended

pytestmark = pytest.mark.anyio

FOLLOWED = {CallKind.LIVE: OnClose.RUNS_ON}


@pytest.mark.parametrize("has_begun", [False, True])
@pytest.mark.parametrize(("way", "reason"), [("close", "closed"), ("leave", "fin"), ("reset", "rst")])
async def test_caller_leaves__provider_is_closed_at_once(way: str, reason: str, has_begun: bool) -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await (talk.begun() if has_begun else talk.asked())
        if way == "close":
            await talk.caller.close()
        elif way == "leave":
            talk.wire.leave()
        else:
            talk.wire.reset()
        assert await talk.provider.until_ended() == (1000 if way == "close" else 1001)
        record = await road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_CUT, reason)
        assert (record.decision, record.decision_reason) == ("cut", "provider_unknown")
        assert record.handed_over == ("part" if has_begun else "nothing")
        if way == "close":
            assert await talk.caller.until_ended() == 1000
        await talk.is_over()
        assert ended(road) == {"left": 1}
        assert road.counted("departures_total", reason=reason) == 1


async def test_caller_leaves_and_its_work_is_followed__read_to_its_end() -> None:
    async with a_live_road(on_close_as_set=FOLLOWED) as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.caller.close()
        assert await talk.caller.until_ended() == 1000
        assert road.context.followed == 1
        await talk.provider.say("used 1 100 20", "end 1")
        assert await talk.provider.until_ended() == 1001
        record = await road.settled()
        assert (record.outcome, record.decision) == (Outcome.ORPHAN_FINISHED, "follow")
        assert record.usage == {"input": 100, "output": 20}
        assert record.orphaned_usd
        await talk.is_over()
        assert ended(road) == {"left": 1}


@pytest.mark.parametrize(("code", "answered"), [(4001, 4001), (1001, 1001), (2999, 1000)])
async def test_caller_s_close_frame__answered_by_its_code_where_that_may_be_sent(code: int, answered: int) -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.wire.send(close_frame(code, is_masked=True))
        assert await talk.caller.until_ended() == answered
        await road.settled()


async def test_followed__nothing_of_the_caller_s_goodbye_reaches_the_provider() -> None:
    async with a_live_road(on_close_as_set=FOLLOWED) as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.wire.send(talk.caller.framed("and one more thing") + talk.caller.goodbye())
        await talk.provider.hear("and one more thing")
        await talk.caller.until_ended()
        assert talk.provider.closed is None
        await talk.provider.say("end 1")
        assert await talk.provider.until_ended() == 1001


async def test_request_asks_to_follow__so_it_is() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road, KEY, "X-Sidecar-On-Departure: follow")
        await talk.begun()
        talk.wire.leave()
        await road.until(lambda: road.context.followed == 1)
        await talk.provider.say("end 1")
        record = await road.settled()
        assert (record.outcome, record.decision_reason) == (Outcome.ORPHAN_FINISHED, "request")


async def test_answer_is_whole_but_for_its_provider_s_word__no_departure() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("used 1 5 6")
        await talk.told("whole 1")
        await asyncio.sleep(0.01)
        await talk.caller.close()
        assert await talk.provider.until_closed() == 1000
        await talk.connection.close()
        assert (await road.settled()).outcome == Outcome.DELIVERED
        assert road.counted("departures_total") == 0


async def test_answer_that_goes_on_until_the_socket_ends__ends_with_its_goodbye() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun(90)
        await talk.caller.close()
        assert await talk.provider.until_closed() == 1000
        await talk.provider.close()
        await talk.connection.close()
        await talk.caller.until_ended()
        assert (await road.settled()).outcome == Outcome.DELIVERED


@pytest.mark.parametrize("way", ["close", "end", "reset"])
async def test_provider_ends_amid_an_answer__failed(way: str) -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        if way == "close":
            await talk.provider.close(1011)
        await (talk.connection.reset() if way == "reset" else talk.connection.close())
        assert await talk.caller.until_ended() == (1011 if way == "close" else None)
        record = await road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.UPSTREAM_FAILED, None)
        assert road.log.problems == ["the provider closed the socket before its answer had ended"]
        assert road.counted("upstream_errors_total", error="reset" if way == "reset" else "closed") == 1
        await talk.is_over()
        assert ended(road) == {"broken": 1}


async def test_pod_is_ending__that_is_why_its_callers_leave() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        road.context.pod_is_ending = True
        talk.wire.leave()
        assert (await road.settled()).left_reason == "pod_ending"


async def test_caller_leaves_with_the_answer_unread__undelivered() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.provider.say("end 1")
        await asyncio.sleep(0.005)
        talk.wire.reset()
        assert (await road.settled()).outcome == Outcome.UNDELIVERED


async def test_provider_begins_an_answer_behind_the_caller_s_goodbye__for_nobody() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.caller.close()
        await talk.provider.until_closed()
        await talk.connection.send(b"\x81\x07begin 7")
        record = await road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_CUT, "closed")
        await talk.connection.close()
        await talk.caller.until_ended()
        await talk.is_over()

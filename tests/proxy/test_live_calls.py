"""What a dialect says of its messages becomes calls, in whatever order it says it."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.proxy import live_calls
from sidecar.websocket.message import Message
from tests.proxy.plain_live import MODEL
from tests.proxy.road import ZERO
from tests.proxy.talking import a_live_road, a_talk, quiet

pytestmark = pytest.mark.anyio


async def test_asked_and_not_begun__committed_and_in_flight() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.asked(1)
        (live,) = talk.live.calls
        assert live.call.committed_at
        assert live.call.answered_at is None
        assert live.account.record.model == MODEL
        assert (live.abandoned, live.joining) == (None, None)
        assert road.counted("calls_in_flight", kind="live", attachment="attached") == 1


async def test_begun_although_nobody_asked__a_call() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.told("begin 1")
        await talk.told("end 1")
        assert (await road.settled()).outcome == Outcome.DELIVERED


async def test_ended_although_nobody_saw_it_begin__delivered() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.asked()
        await talk.told("end 1")
        assert (await road.settled()).outcome == Outcome.DELIVERED


async def test_all_of_an_answer_in_one_piece__one_call() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.provider.say("begin 1", "used 1 3 4", "end 1")
        record = await road.settled()
        assert (record.outcome, record.usage) == (Outcome.DELIVERED, {"input": 3, "output": 4})


async def test_declined__rejected_and_nothing_spent() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.asked()
        await talk.told("decline 1 429")
        record = await road.settled()
        assert (record.outcome, record.http_status, record.spend_usd) == (Outcome.REJECTED, 429, ZERO)


async def test_declined_when_it_had_begun__failed() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("decline 1 500")
        assert (await road.settled()).outcome == Outcome.UPSTREAM_FAILED


async def test_words_about_turns_that_nobody_knows__passed_over() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        for text in ("end 5", "decline 6 400", "whole 7", "used 7 1 1"):
            await talk.told(text)
        await talk.answered(1)
        for text in ("end 1", "begin 1"):
            await talk.told(text)
        await road.settled()
        assert len(road.log.records) == 1


async def test_asked_twice__one_call() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.asked()
        await talk.caller.say("ask 1")
        await quiet()
        assert len(talk.live.calls) == 1


async def test_usage_comes_late__settles_with_it() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("end 1 late")
        await quiet()
        assert not road.log.records
        await talk.told("used 1 7 8")
        record = await road.settled()
        assert (record.outcome, record.usage) == (Outcome.DELIVERED, {"input": 7, "output": 8})


async def test_usage_never_comes__settles_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_calls, "USAGE_SECONDS", 0.02)
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("end 1 late")
        record = await road.settled()
        assert (record.outcome, record.usage, record.unpriced_reason) == (Outcome.DELIVERED, {}, "no_usage")


async def test_socket_ends_while_usage_is_waited_for__settles_without_it() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("end 1 late")
        await quiet()
        await talk.caller.close()
        await talk.provider.until_closed()
        await talk.connection.close()
        await talk.caller.until_ended()
        assert (await road.settled()).outcome == Outcome.DELIVERED


async def test_several_answers_are_left__each_is() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun(1)
        await talk.asked(2)
        talk.wire.leave()
        await road.settled(2)
        assert {record.outcome for record in road.log.records} == {Outcome.ORPHAN_CUT}


async def test_caller_leaves_before_its_words_were_sent_on__left_early() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        talk.connection.stop_reading()
        live = talk.live
        chunk = talk.caller.framed("x" * 200_000)
        while not live.provider.is_writing_paused:
            talk.wire.offer(chunk)  # of no whole frame any more, which nobody minds here
            await asyncio.sleep(0)
        assert live.answers is not None
        live.answers.take(live.answers.reader.from_caller(Message(b"ask 1")))
        talk.wire.reset()
        record = await road.settled()
        assert (record.outcome, record.committed_at, record.decision) == (Outcome.LEFT_EARLY, None, None)
        talk.connection.read_on()


async def test_model_is_named_by_the_answer_alone__kept() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.told("begin 1 gemini-2.5-pro")
        await talk.told("end 1")
        assert (await road.settled()).model == "gemini-2.5-pro"


async def test_whole_by_its_socket_s_end_and_then_ended__settles_with_what_was_told() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("whole 1")
        await talk.caller.close()
        await talk.provider.until_closed()
        await talk.connection.send(b"\x81\x0cused 1 11 12")
        assert (await road.settled()).usage == {"input": 11, "output": 12}
        await talk.connection.close()
        await talk.caller.until_ended()


async def test_whole_by_its_socket_s_end_and_then_ended_without_use__settles_at_once() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.told("whole 1")
        await talk.caller.close()
        await talk.provider.until_closed()
        await talk.connection.send(b"\x81\x05end 1")
        assert (await road.settled()).outcome == Outcome.DELIVERED
        await talk.connection.close()
        await talk.caller.until_ended()

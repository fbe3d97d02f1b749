"""A socket: bytes pass as they came, calls are made of its messages, and both connections end."""

import pytest
import wsproto.events as ws

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind
from sidecar.providers.gemini import GEMINI
from sidecar.providers.openai import OPENAI
from tests.proxy.messages import get
from tests.proxy.plain_live import MODEL, TARGET
from tests.proxy.road import ZERO, Road
from tests.proxy.talking import AGREED, ASKS, KEY, Talk, a_live_road, a_talk

pytestmark = pytest.mark.anyio

UNKNOWN = "/gemini/elsewhere"


async def closed_by_both(talk: Talk) -> None:
    await talk.caller.close()
    await talk.provider.until_closed()
    await talk.provider.close()
    await talk.connection.close()
    await talk.caller.until_ended()
    await talk.is_over()


async def test_an_answer__one_call_delivered_with_its_bill() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.answered()
        record = await road.settled()
        assert (record.outcome, record.kind, record.model) == (Outcome.DELIVERED, CallKind.LIVE, MODEL)
        assert record.usage == {"input": 100, "output": 20}
        assert record.spend_usd
        assert (record.orphaned_usd, record.http_status) == (ZERO, 101)
        assert None not in (record.committed_at, record.answered_at, record.finished_at)


async def test_many_answers_in_one_socket__a_call_each() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road, KEY, "X-Sidecar-Caller: a-nightly-job")
        for turn in (1, 2, 3):
            await talk.answered(turn, made=turn)
        await road.settled(3)
        assert [record.usage["output"] for record in road.log.records] == [1, 2, 3]
        assert {record.caller for record in road.log.records} == {"a-nightly-job"}
        assert road.counted("calls_started_total", kind="live") == 3
        assert road.counted("live_sockets") == 1
        await closed_by_both(talk)


async def test_answers_at_once__each_with_its_own_end() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun(1)
        await talk.begun(2)
        assert len(talk.live.calls) == road.context.turns == 2
        await talk.told("used 2 1 2")
        await talk.told("end 2")
        assert (await road.settled()).usage == {"input": 1, "output": 2}
        assert road.context.turns == 1
        await talk.told("end 1")
        await road.settled(2)


async def test_labels_of_the_handshake__on_every_call() -> None:
    async with a_live_road(label_names=frozenset({"team"})) as road:
        talk = await a_talk(road, KEY, "X-Sidecar-Label-Team: search")
        await talk.answered()
        assert (await road.settled()).labels == {"team": "search"}


async def test_all_kinds_of_frames__pass_as_they_came() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        frames = talk.caller.frames
        sent = b"".join(
            [
                frames.send(ws.TextMessage(data="in two ", message_finished=False)),
                frames.send(ws.Ping(payload=b"are you there")),
                frames.send(ws.TextMessage(data="frames")),
                frames.send(ws.BytesMessage(data=bytes(range(256)) * 400)),
            ]
        )
        for at in range(0, len(sent), 30_011):
            await talk.wire.send(sent[at : at + 30_011])
        assert await talk.connection.read(len(sent)) == sent
        assert road.counted("live_messages_total", direction="to_provider") == 2
        assert road.counted("live_bytes_total", direction="to_provider") == len(sent)
        assert road.counted("live_bytes_total", direction="to_caller") == 0


async def test_messages_behind_the_heads__read_like_all_others() -> None:
    async with a_live_road() as road:
        caller = await road.caller(get(TARGET, *ASKS, KEY))
        connection = await road.provider.connection()
        await connection.head()
        talk = Talk(road, caller, connection)
        await connection.send(AGREED + talk.provider.framed("begin 1"))
        await caller.read(b"begin 1")
        assert [call.turn for call in talk.live.calls] == [1]
        await talk.told("end 1")
        await road.settled()


async def test_target_that_nobody_knows__bytes_pass_and_are_counted_unmetered_once(road: Road) -> None:
    talk = await a_talk(road, target=UNKNOWN)
    await talk.wire.send(b"no frame at all")
    assert await talk.connection.read(15) == b"no frame at all"
    await talk.connection.send(b"nor this")
    assert await talk.wire.read(b"this") == b"nor this"
    assert road.counted("unmetered_total", reason="websocket") == 1
    assert not talk.live.calls
    talk.wire.leave()
    assert await talk.connection.was_closed() == b""
    await talk.connection.close()
    await talk.is_over()


async def test_bytes_that_are_no_frames__pass_and_are_counted_unmetered_once() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.connection.send(b"\xff" * 16)
        await talk.wire.read(b"\xff" * 16)
        await talk.wire.send(b"\xff" * 16, b"\xff" * 16)
        assert await talk.connection.read(32) == b"\xff" * 32
        assert road.counted("unmetered_total", reason="websocket") == 1


async def test_sockets_count_among_the_connections() -> None:
    async with a_live_road(limits={"max_connections": 1}) as road:
        await a_talk(road)
        caller = await road.caller(get(TARGET))
        assert (await caller.reply("GET")).status == 503


async def test_answers_count_among_the_calls() -> None:
    async with a_live_road(limits={"max_calls": 1}) as road:
        talk = await a_talk(road)
        await talk.begun()
        caller = await road.caller(get())
        assert (await caller.reply("GET")).status == 503
        await talk.told("end 1")
        await road.settled()
        caller = await road.caller(get())
        connection, _ = await road.provider.call()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert (await caller.reply("GET")).status == 200


async def test_place_of_the_provider_s_connection__given_back_with_its_end() -> None:
    async with a_live_road(limits={"max_upstream_connections": 1}) as road:
        await closed_by_both(await a_talk(road))
        await closed_by_both(await a_talk(road))


async def test_real_dialect__reads_its_own_messages() -> None:
    target = "/gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert GEMINI.route("GET", target.removeprefix("/gemini"))
    async with a_live_road() as road:
        talk = await a_talk(road, target=target)
        asks = '{"client_content":{"turns":[{"parts":[{"text":"hello"}]}],"turn_complete":true}}'
        await talk.caller.say('{"setup":{"model":"models/gemini-2.5-flash"}}', asks)
        await talk.provider.hear(asks)
        await talk.told('{"serverContent":{"modelTurn":{"parts":[{"text":"hi"}]}}}')
        await talk.told(
            '{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":9,"responseTokenCount":2}}'
        )
        record = await road.settled()
        assert (record.outcome, record.model) == (Outcome.DELIVERED, "gemini-2.5-flash")
        assert record.usage == {"input": 9, "output": 2}


async def test_real_dialect_whose_answers_run_at_once__each_by_its_own_end() -> None:
    async with a_live_road(name="openai", dialect=OPENAI) as road:
        talk = await a_talk(road, "Authorization: Bearer a-key", target="/openai/v1/realtime?model=gpt-realtime")
        await talk.caller.say('{"type":"response.create"}')
        await talk.told('{"type":"response.created","response":{"id":"r1","object":"realtime.response"}}')
        await talk.told(
            '{"type":"response.done","response":{"id":"r1","status":"completed",'
            '"usage":{"total_tokens":9,"input_tokens":5,"output_tokens":4}}}'
        )
        record = await road.settled()
        assert (record.outcome, record.model) == (Outcome.DELIVERED, "gpt-realtime")
        assert record.usage == {"input": 5, "output": 4}

"""The two connections: who is slow, who stands still, who is gone without a word; over TLS too."""

import asyncio

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.proxy import live_end
from tests.proxy.messages import get
from tests.proxy.plain_live import TARGET
from tests.proxy.road import LARGE_BUFFER
from tests.proxy.talking import AGREED, ASKS, KEY, a_live_road, a_talk, flooded_caller

pytestmark = pytest.mark.anyio


async def test_caller_is_slow__at_most_one_chunk_waits_and_nothing_is_lost() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        sent = await flooded_caller(talk)
        await asyncio.sleep(0.02)
        assert talk.live.caller.transport.get_write_buffer_size() <= 256 * 1024
        assert not talk.live.provider.transport.is_reading()
        taken = 0
        while taken < sent:
            taken += len(await talk.wire.receive())
        assert taken == sent
        await road.until(lambda: talk.live.provider.transport.is_reading())


async def test_provider_is_slow__the_caller_waits_and_nothing_is_lost() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        talk.connection.stop_reading()
        data, sent = talk.caller.framed("x" * LARGE_BUFFER), 0
        while not talk.live.provider.is_writing_paused or sent < 1_000_000:
            sent += talk.wire.offer(data[sent : sent + 65_536])
            await asyncio.sleep(0.001)
            if sent == len(data):
                break
        assert talk.live.provider.transport.get_write_buffer_size() <= 256 * 1024
        talk.connection.read_on()
        await talk.wire.send(data[sent:])
        assert await talk.connection.read(len(data)) == data


async def test_caller_leaves_unread_behind_a_slow_provider__seen_all_the_same() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.connection.stop_reading()
        data = talk.caller.framed("x" * 4 * LARGE_BUFFER)
        sent = 0
        while not talk.live.provider.is_writing_paused:
            sent += talk.wire.offer(data[sent : sent + 65_536])
            await asyncio.sleep(0.001)
        talk.wire.offer(data[sent : sent + 65_536])
        talk.wire.leave()
        record = await road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_CUT, "fin")
        talk.connection.read_on()


async def test_caller_finishes_speaking_and_holds_its_socket__left() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.wire.half_close()
        assert (await road.settled()).left_reason == "fin"
        assert await talk.caller.until_ended() is None


async def test_provider_goes_on_behind_its_end__dropped_and_closed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_end, "LINGER_SECONDS", 0.02)
    async with a_live_road() as road:
        talk = await a_talk(road)
        talk.wire.leave()
        await talk.provider.until_closed()
        await talk.connection.send(b"and more")
        await talk.is_over()


async def test_caller_that_hears_nothing_more__its_last_words_don_t_reset_ours() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.provider.say("the last word")
        await talk.connection.close()
        await asyncio.sleep(0.01)
        await talk.wire.send(talk.caller.framed("still speaking"))
        await asyncio.sleep(0.01)
        await talk.wire.send(talk.caller.framed("still speaking"))
        await talk.caller.until_ended()
        assert talk.caller.heard == ["the last word"]


async def test_caller_had_finished_speaking_when_its_socket_began__left() -> None:
    async with a_live_road() as road:
        caller = await road.caller(get(TARGET, *ASKS, KEY))
        connection = await road.provider.connection()
        await connection.head()
        road.context.peers.close()  # or it would be seen that it holds its socket, or not
        caller.half_close()
        await asyncio.sleep(0.02)
        await connection.send(AGREED)
        await connection.was_closed()
        await road.until(lambda: not road.context.sockets)

"""Sockets whose ends speak TLS: the provider's, the caller's, both."""

import pytest

from sidecar.lifecycle.call import Outcome
from tests.proxy.certificates import Authority
from tests.proxy.plain_live import PLAIN
from tests.proxy.secure import a_tls_road
from tests.proxy.talking import a_talk, flooded_caller, talk_of
from tests.proxy.tunneling import an_intercepting_road

pytestmark = pytest.mark.anyio


async def test_provider_over_tls__an_answer_and_an_end_in_order(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file, dialect=PLAIN) as road:
        talk = await a_talk(road)
        await talk.answered()
        assert (await road.settled()).outcome == Outcome.DELIVERED
        await talk.caller.close()
        assert await talk.provider.until_closed() == 1000
        await talk.provider.close()
        await talk.connection.close()
        assert await talk.caller.until_ended() == 1000
        await talk.is_over()


async def test_provider_over_tls__caller_leaves_and_the_provider_is_closed(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file, dialect=PLAIN) as road:
        talk = await a_talk(road)
        await talk.begun()
        talk.wire.reset()
        assert await talk.provider.until_ended() == 1001
        assert (await road.settled()).outcome == Outcome.ORPHAN_CUT
        await talk.is_over()


async def test_provider_over_tls__large_messages_pass_while_the_caller_is_slow(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file, dialect=PLAIN) as road:
        talk = await a_talk(road)
        sent = await flooded_caller(talk)
        taken = 0
        while taken < sent:
            taken += len(await talk.wire.receive())
        assert taken == sent


async def test_provider_over_tls__provider_s_connection_ends_amid_an_answer(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file, dialect=PLAIN) as road:
        talk = await a_talk(road)
        await talk.begun()
        await talk.connection.close()
        assert await talk.caller.until_ended() is None
        assert (await road.settled()).outcome == Outcome.UPSTREAM_FAILED
        await talk.is_over()


async def test_both_over_tls__an_answer_and_an_end_in_order(authority: Authority) -> None:
    async with an_intercepting_road(authority, dialect=PLAIN) as way:
        talk = await talk_of(way.road, await way.inside(), target="/live")
        await talk.answered()
        assert (await way.road.settled()).outcome == Outcome.DELIVERED
        await talk.caller.close()
        assert await talk.provider.until_closed() == 1000
        await talk.provider.close()
        await talk.connection.close()
        assert await talk.caller.until_ended() == 1000
        await talk.is_over()


@pytest.mark.parametrize(("way_out", "reason"), [("close", "closed"), ("goodbye", "fin"), ("reset", "rst")])
async def test_both_over_tls__caller_leaves_amid_an_answer(authority: Authority, way_out: str, reason: str) -> None:
    async with an_intercepting_road(authority, dialect=PLAIN) as way:
        caller = await way.inside()
        talk = await talk_of(way.road, caller, target="/live")
        await talk.begun()
        if way_out == "close":
            await talk.caller.close()
        elif way_out == "goodbye":
            await caller.goodbye()
        else:
            caller.reset()
        record = await way.road.settled()
        assert (record.outcome, record.left_reason) == (Outcome.ORPHAN_CUT, reason)
        await talk.provider.until_ended()
        if way_out == "close":
            assert await talk.caller.until_ended() == 1000
        await talk.is_over()


async def test_both_over_tls__provider_resets_amid_an_answer(authority: Authority) -> None:
    async with an_intercepting_road(authority, dialect=PLAIN) as way:
        talk = await talk_of(way.road, await way.inside(), target="/live")
        await talk.begun()
        await talk.connection.reset()
        assert await talk.caller.until_ended() is None
        assert (await way.road.settled()).outcome == Outcome.UPSTREAM_FAILED
        await talk.is_over()


async def test_both_over_tls__caller_is_slow_and_nothing_is_lost(authority: Authority) -> None:
    async with an_intercepting_road(authority, dialect=PLAIN) as way:
        caller = await way.inside()
        talk = await talk_of(way.road, caller, target="/live")
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        sent = await flooded_caller(talk)
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        taken = 0
        while taken < sent:
            taken += len(await caller.receive())
        assert taken == sent

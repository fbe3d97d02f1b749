"""What a call that goes on has cost by now: as its settlement would say, else as such calls cost on average."""

from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.money_so_far import NOTHING, MoneySoFar, dollars, money_so_far
from sidecar.proxy.exchange import Exchange
from tests.proxy.messages import SSE, STREAM, answer, chunk, event, reply, request
from tests.proxy.rescuing import abandoned, call, joined, rescue, stream
from tests.proxy.road import Road, a_road
from tests.proxy.talking import a_live_road, a_talk

LAST_REPLY = reply(answer(), "Content-Type: application/json", "Connection: close")
pytestmark = pytest.mark.anyio


def now(road: Road) -> int:
    return road.context.clock.now()


def so_far(road: Road, at: int = 0) -> MoneySoFar:
    return money_so_far(road.live(), at or now(road))


def amount(text: str | None) -> Decimal:
    assert text is not None
    return Decimal(text)


async def test_request_that_the_provider_has_not_whole__nothing() -> None:
    async with a_road() as road:
        await road.caller(request(STREAM)[:-1])
        await road.until(lambda: road.context.live)
        assert so_far(road) == NOTHING


async def test_stream_costs_what_it_has_reported_and_grows_with_it() -> None:
    async with a_road() as road:
        await road.caller(request(STREAM))
        provider, _ = await road.provider.call()
        await provider.send(SSE, chunk(event(output=50)))
        await road.until(lambda: so_far(road) != NOTHING)
        first = so_far(road)
        assert (first.orphaned_usd, amount(first.spend_usd) > 0) == (None, True)
        await provider.send(chunk(event(output=5_000)))
        await road.until(lambda: amount(so_far(road).spend_usd) > 50 * amount(first.spend_usd))


async def test_caller_left__what_was_made_since_is_orphaned_and_no_more_than_the_whole() -> None:
    async with a_road() as road:
        provider = await abandoned(road, stream(), SSE, chunk(event(output=50)))
        assert so_far(road).orphaned_usd == "0"
        await provider.send(chunk(event(output=500)))
        await road.until(lambda: so_far(road).orphaned_usd != "0")
        money = so_far(road)
        assert 0 < amount(money.orphaned_usd) < amount(money.spend_usd)


async def test_answer_in_a_socket_costs_what_it_has_reported() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun()
        (answer,) = talk.live.calls
        assert money_so_far(answer, now(road)) == NOTHING
        await talk.told("used 1 100 20")
        first = money_so_far(answer, now(road))
        await talk.told("used 1 100 2000")
        assert 0 < amount(first.spend_usd) < amount(money_so_far(answer, now(road)).spend_usd)
        assert first.orphaned_usd is None


async def test_nothing_was_reported_and_no_such_call_is_known__nothing_and_not_zero() -> None:
    async with a_road() as road:
        await abandoned(road, call())
        assert so_far(road) == NOTHING


async def test_nothing_was_reported__such_calls_average_accrues_from_the_commit_on() -> None:
    async with a_road() as road:
        for count in range(1, 6):
            await road.caller(call())
            provider, _ = await road.provider.call()
            await provider.send(LAST_REPLY)
            await road.settled(count)
        usual = road.log.records[0].spend_usd
        assert usual is not None
        await abandoned(road, call())
        live = road.live().call
        assert live.committed_at is not None
        assert live.left_at is not None
        twice = live.left_at + (live.left_at - live.committed_at)
        money = so_far(road, twice)
        assert amount(money.spend_usd) == usual
        assert abs(amount(money.orphaned_usd) - usual / 2) < Decimal("1e-9")


async def test_retry_that_is_given_anothers_answer_costs_nothing_of_its_own() -> None:
    async with a_road(limits=rescue()) as road:
        await abandoned(road, stream(), SSE, chunk(event(output=50)))
        await joined(road, stream())
        first, retry = sorted(road.context.live, key=lambda exchange: exchange.started_at)
        assert money_of(retry) == NOTHING
        assert money_of(first).orphaned_usd is None  # somebody is there for it again


def money_of(exchange: Exchange) -> MoneySoFar:
    return money_so_far(exchange, exchange.context.clock.now())


async def test_looking_changes_nothing() -> None:
    async with a_road() as road:
        provider = await abandoned(road, stream(), SSE, chunk(event(output=50)))
        started = road.counted("calls_started_total")
        for _ in range(3):
            so_far(road, now(road) + 3_600 * SECOND)
        assert road.counted("calls_started_total") == started == 1
        await provider.send(chunk(event(output=60, finish="STOP")), b"0\r\n\r\n")
        assert (await road.settled()).usage["output"] == 60


def test_average_is_told_to_a_billionth_and_zero_is_not_known():
    assert dollars(0.1234567891234) == Decimal("0.123456789")
    assert dollars(0.0) is None

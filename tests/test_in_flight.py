"""A live call as people see it, alone and beside the call that it has to do with."""

import pytest

from sidecar.control.view import CallInFlight
from sidecar.in_flight import call_in_flight
from tests.proxy.messages import UNARY_REPLY
from tests.proxy.rescuing import abandoned, call, joined, rescue
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


def seen(road: Road) -> list[CallInFlight]:
    now = road.context.clock.now()
    calls = [call_in_flight(exchange, now) for exchange in road.context.live if exchange.account is not None]
    return sorted(calls, key=lambda each: each.id)


async def test_call_whose_caller_is_there() -> None:
    async with a_road() as road:
        await road.caller(call())
        await road.provider.call()
        (only,) = seen(road)
        assert (only.attachment, only.orphaned_since, only.decision) == ("attached", None, None)
        assert (only.downstream_state, only.upstream_state) == ("waiting", "committed")


async def test_call_whose_caller_left__says_since_when_and_what_was_decided() -> None:
    async with a_road() as road:
        await abandoned(road, call())
        (only,) = seen(road)
        assert (only.attachment, only.decision) == ("orphaned", "follow")
        assert only.orphaned_since is not None


async def test_call_that_only_waits_for_a_retry__is_shelved() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        await connection.send(UNARY_REPLY)
        await road.until(lambda: seen(road)[0].attachment == "shelved")


async def test_retry_and_the_call_whose_answer_it_waits_for__name_each_other() -> None:
    async with a_road(limits=rescue()) as road:
        await abandoned(road, call())
        await joined(road, call())
        first, second = seen(road)
        assert (first.taken_by, second.waits_for) == (second.id, first.id)
        assert (first.waits_for, second.taken_by) == (None, None)

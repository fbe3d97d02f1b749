"""A live call as people see it, alone and beside the call that it has to do with."""

import pytest

from sidecar.control.shown import CallInFlight
from sidecar.in_flight import MOST_ASKED, CallsInFlight, all_calls, call_in_flight, calls_of
from tests.proxy.messages import SSE, UNARY_REPLY, chunk, event
from tests.proxy.rescuing import abandoned, call, joined, rescue, stream
from tests.proxy.road import Road, a_road
from tests.proxy.talking import a_live_road, a_talk

pytestmark = pytest.mark.anyio


def seen(road: Road) -> list[CallInFlight]:
    now = road.context.clock.now()
    return sorted((call_in_flight(exchange, now) for exchange in calls_of(road.context)), key=lambda each: each.id)


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


async def test_nothing_has_happened_to_a_call__its_row_is_the_same_object() -> None:
    async with a_road() as road:
        await abandoned(road, call())
        watch = CallsInFlight(road.context)
        (before,), (after,) = watch(), watch()
        assert before is after


async def test_something_has_happened_to_a_call__its_row_is_another() -> None:
    async with a_road() as road:
        await road.caller(call())
        provider, _ = await road.provider.call()
        watch = CallsInFlight(road.context)
        (before,) = watch()
        await provider.send(UNARY_REPLY[:-1])
        await road.until(lambda: watch()[0].upstream_state == "answering")
        (after,) = watch()
        assert (before.answered_at, after.answered_at is None) == (None, False)
        assert after.route == "generateContent"


async def test_call_that_has_settled_is_not_held_on_to() -> None:
    async with a_road() as road:
        await road.caller(call())
        provider, _ = await road.provider.call()
        watch = CallsInFlight(road.context)
        assert len(watch()) == 1
        await provider.send(UNARY_REPLY)
        await road.settled()
        assert watch() == []
        assert not watch._watched


async def test_calls_are_told_oldest_first() -> None:
    async with a_road() as road:
        for _ in range(3):
            await road.caller(call())
            await road.provider.call()
        rows = CallsInFlight(road.context)()
        assert [row.started_at for row in rows] == sorted(row.started_at for row in rows)


async def test_answers_in_a_socket__a_row_each_that_names_the_first_of_them() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.begun(1)
        await talk.asked(2)
        first, second = seen(road)
        assert (first.kind, first.upstream_state, second.upstream_state) == ("live", "answering", "committed")
        assert first.id == first.socket == second.socket != second.id
        await talk.told("end 1")
        await road.settled()
        (left,) = CallsInFlight(road.context)()
        assert (left.id, left.socket) == (second.id, first.id)


async def test_socket_in_which_nothing_was_asked__no_call() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.told("hello")
        assert (seen(road), len(road.context.sockets)) == ([], 1)


async def test_caller_that_may_come_back_to_its_session__its_call_is_an_orphan_until_it_does() -> None:
    async with a_live_road() as road:
        talk = await a_talk(road)
        await talk.told("handle h")
        await talk.begun()
        await talk.caller.close()
        await road.until(lambda: [row.attachment for row in seen(road)] == ["orphaned"])
        assert (seen(road)[0].left_at, seen(road)[0].orphaned_since) == (None, None)  # nobody knows yet


async def test_many_are_asked_what_they_cost_in_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.in_flight.MOST_ASKED", 1)
    async with a_road() as road:
        for _ in range(3):
            await road.caller(stream())
            provider, _ = await road.provider.call()
            await provider.send(SSE, chunk(event(output=50)))
        await road.until(lambda: all(row.answered_at for row in seen(road)))
        one_look = CallsInFlight(road.context)()
        assert sum(row.spend_so_far_usd is not None for row in one_look) == 1 < MOST_ASKED
        rows = await all_calls(road.context)
        assert [row.basis for row in rows] == ["estimated"] * 3


async def test_model_whose_name_has_half_a_surrogate_pair_is_shown() -> None:
    async with a_road() as road:
        await abandoned(road, call())
        road.live().account.record.model = "a\ud83d"  # type: ignore[union-attr]
        assert seen(road)[0].model == "a?"

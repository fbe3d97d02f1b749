"""Who repeats whom, and which answers are kept for it."""

import pytest

from tests.proxy.messages import LAST, SSE, UNARY_REPLY, answer, event, reply
from tests.proxy.rescuing import KEY, SOON, abandoned, call, joined, outcomes, rescue, rows, stream
from tests.proxy.road import ZERO, Road, a_road

pytestmark = pytest.mark.anyio
OTHER = reply(answer(text="another"), "Content-Type: application/json")


async def test_retry_of_a_call_that_still_runs__gets_its_answer() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(UNARY_REPLY)
        got = await retry.reply()
        first, second = await rows(road, 2)
        assert (got.body, got.header("x-sidecar-rescued")) == (answer(), first.id.encode())
        assert (first.outcome, first.rescued_by, first.orphaned_usd) == ("rescued", second.id, ZERO)
        assert (second.outcome, second.attempt_of, second.spend_usd) == ("joined", first.id, ZERO)
        assert len(road.provider.accepted) == 1


async def test_retry_of_a_call_that_has_ended__gets_its_answer_whole() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        await connection.send(UNARY_REPLY)
        await road.until(lambda: not road.context.followed or road.live().upstream is None)
        retry = await road.caller(call())
        assert (await retry.reply()).body == answer()
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_retry_of_a_stream__gets_it_from_its_first_byte_and_then_live() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream(), SSE + event(10))
        await connection.send(event(20))
        retry = await road.caller(stream())
        before = await retry.read(event(20))
        assert before.count(event(10)) == 1
        await connection.send(event(50, finish="STOP") + LAST)
        assert await retry.read(LAST) == event(50, finish="STOP") + LAST
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_answer_that_was_whole_when_its_caller_left__is_handed_on() -> None:
    async with a_road(limits=rescue()) as road:
        caller = await road.caller(call(), receive_buffer=2048)
        connection, _ = await road.provider.call()
        large = reply(b"x" * 40_000)
        road.feel_slow_readers()
        await connection.send(large)
        await road.until(lambda: road.live().awaits_handover)
        caller.reset()
        await road.until(lambda: road.context.shelf.kept()[1] == 1 and road.live().downstream is None)
        retry = await road.caller(call())
        assert (await retry.reply()).body == b"x" * 40_000
        assert await outcomes(road, 2) == ["rescued", "joined"]


class TestWhoIsNotARetry:
    @pytest.mark.parametrize(
        "other",
        [
            call().replace(KEY.encode(), b"X-Goog-Api-Key: other"),
            call("X-Tenant: b"),
            call("X-Sidecar-Caller: b"),
            call("X-Sidecar-Rescue: off"),
            call(body=b'{"contents":[{"parts":[{"text":"hallo"}]}]}'),
            call(target="/gemini/v1beta/models/gemini-2.5-pro:generateContent"),
            call(target="/gemini/v1beta/models/gemini-2.5-flash:generateContent?a=b"),
        ],
    )
    async def test_request_that_differs__is_a_call_of_its_own(self, other: bytes) -> None:
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, call())
            caller = await road.caller(other)
            own, _ = await road.provider.call()
            await own.send(OTHER)
            await connection.send(UNARY_REPLY)
            assert b"another" in (await caller.reply()).body
            road.context.shelf.close()
            assert await outcomes(road, 2) == ["orphan_finished", "delivered"]

    async def test_first_attempt_that_wants_no_rescue__is_not_handed_on(self, road: Road) -> None:
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, call("X-Sidecar-Rescue: off"))
            caller = await road.caller(call())
            own, _ = await road.provider.call()
            await own.send(OTHER)
            await connection.send(UNARY_REPLY)
            assert b"another" in (await caller.reply()).body
            assert await outcomes(road, 2) == ["orphan_finished", "delivered"]

    async def test_two_equal_calls_whose_callers_are_there__are_two(self) -> None:
        async with a_road(limits=rescue()) as road:
            one, other = await road.caller(call()), await road.caller(call())
            connections = [(await road.provider.call())[0] for _ in range(2)]
            await connections[0].send(UNARY_REPLY)
            await connections[1].send(OTHER)
            bodies = {(await caller.reply()).body for caller in (one, other)}
            assert len(bodies) == 2
            assert await outcomes(road, 2) == ["delivered", "delivered"]

    async def test_equal_call_after_one_that_was_delivered__is_a_call_of_its_own(self) -> None:
        async with a_road(limits=rescue()) as road:
            caller = await road.caller(call())
            connection, _ = await road.provider.call()
            await connection.send(UNARY_REPLY)
            await caller.reply()
            await caller.send(call())
            await connection.request()
            await connection.send(OTHER)
            assert b"another" in (await caller.reply()).body
            caller.leave()
            assert await outcomes(road, 2) == ["delivered", "delivered"]

    async def test_continuation__is_never_one(self) -> None:
        hop = call(body=b'{"contents":[],"continuationToken":"dG9rZW4="}')
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, hop)
            caller = await road.caller(hop)
            own, _ = await road.provider.call()
            await own.send(OTHER)
            await connection.send(UNARY_REPLY)
            assert b"another" in (await caller.reply()).body


async def test_each_answer_is_handed_over_once() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        other = await road.caller(call())
        own, _ = await road.provider.call()
        await own.send(OTHER)
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).body == answer()
        assert b"another" in (await other.reply()).body
        assert sorted(map(str, await outcomes(road, 3))) == ["delivered", "joined", "rescued"]


async def test_retry_comes_before_the_end_of_the_first_was_told__joins_all_the_same() -> None:
    async with a_road(limits=rescue()) as road:
        caller = await road.caller(call())
        connection, _ = await road.provider.call()
        road.loop.remove_reader(road.context.watch.fileno())
        road.only_downstream().pause_reading()  # so that neither the watch nor the loop tells of the FIN by itself
        caller.leave()
        retry = await road.caller(call())
        await road.until(lambda: len(road.context.live) == 2)
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).body == answer()
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_retry_has_left_as_well_by_the_time_it_is_read__settles_at_once() -> None:
    async with a_road(limits=rescue(window_seconds=SOON)) as road:
        connection = await abandoned(road, call())
        retry = await road.caller()
        await road.until(lambda: len(road.context.downstreams) == 1)
        road.loop.remove_reader(road.context.watch.fileno())  # so that its FIN is seen by who looks for the first one's
        retry.offer(call())
        retry.leave()
        await road.until(lambda: road.log.records)
        await connection.send(UNARY_REPLY)
        assert await outcomes(road, 2) == ["orphan_finished", "left_early"]


async def test_the_sdk_says_that_it_is_a_later_attempt__joins_although_the_end_of_the_first_is_still_on_its_way() -> (
    None
):
    attempts = [call("amz-sdk-invocation-id: one", f"amz-sdk-request: attempt={number}; max=3") for number in (1, 2)]
    async with a_road(limits=rescue()) as road:
        await road.caller(attempts[0])
        connection, _ = await road.provider.call()
        retry = await joined(road, attempts[1])
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).body == answer()
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_somebody_else_says_so__a_call_of_its_own() -> None:
    mark = ("amz-sdk-invocation-id: one", "amz-sdk-request: attempt=2; max=3")
    async with a_road(limits=rescue()) as road:
        caller = await road.caller(call(mark[0], "amz-sdk-request: attempt=1; max=3"))
        connection, _ = await road.provider.call()
        other = await road.caller(call(*mark).replace(KEY.encode(), b"X-Goog-Api-Key: other"))
        own, _ = await road.provider.call()
        await own.send(OTHER)
        await connection.send(UNARY_REPLY)
        assert ((await caller.reply()).body, b"another" in (await other.reply()).body) == (answer(), True)


async def test_large_request_that_is_sent_already__the_provider_never_has_its_end() -> None:
    large = call(body=b'{"contents":"' + b"x" * 200_000 + b'"}')
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, large)
        retry = await road.caller(large[:150_000])
        sent, _ = await road.provider.connection(), None
        await sent.read(100_000)
        await retry.send(large[150_000:])
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).body == answer()
        assert len(await sent.was_closed()) < len(large) - 100_000
        assert await outcomes(road, 2) == ["rescued", "joined"]

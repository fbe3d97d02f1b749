"""What becomes of an abandoned call: it is given, given back, outgrows its bound, breaks, or is held for a retry in vain."""

import pytest

from sidecar.lifecycle.policy import DRAIN
from tests.proxy.messages import LAST, SSE, UNARY_REPLY, answer, event, head, reply
from tests.proxy.rescuing import SOON, STAINLESS, STOPS, abandoned, call, joined, outcomes, rescue, rows, stream
from tests.proxy.road import ZERO, Road, a_road

pytestmark = pytest.mark.anyio
AGAIN = "X-Stainless-Retry-Count: 1"


def attachments(road: Road) -> list[float]:
    """Calls in flight: attached, orphaned, shelved."""
    return [road.counted("calls_in_flight", attachment=each) for each in ("attached", "orphaned", "shelved")]


async def test_retry_leaves_as_well__the_next_one_gets_the_answer() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        second = await joined(road, call())
        second.leave()
        await road.settled(1)
        third = await joined(road, call())
        await connection.send(UNARY_REPLY)
        assert (await third.reply()).body == answer()
        assert await outcomes(road, 3) == ["rescued", "left_early", "joined"]
        first, between, last = await rows(road, 3)
        assert (between.attempt_of, last.attempt_of) == (first.id, first.id)
        assert first.rescued_by == last.id


async def test_retry_leaves_in_the_middle_of_a_stream__the_next_one_gets_it_from_the_first_byte() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream(), SSE + event(10))
        second = await road.caller(stream())
        await second.read(event(10))
        second.leave()
        await road.settled(1)
        third = await road.caller(stream())
        await third.read(event(10))
        await connection.send(event(50, finish="STOP") + LAST)
        await third.read(LAST)
        assert await outcomes(road, 3) == ["rescued", "left_early", "joined"]
        assert sum(row.orphaned_usd or ZERO for row in road.log.records) == ZERO


async def test_retry_leaves_behind_a_whole_answer__it_waits_for_another() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        second = await joined(road, call())
        second.leave()
        await connection.send(UNARY_REPLY)
        await road.until(lambda: attachments(road) == [0, 0, 1])
        third = await road.caller(call())
        assert (await third.reply()).body == answer()


async def test_retry_left_and_nobody_else_comes__orphaned_after_all() -> None:
    async with a_road(limits=rescue(window_seconds=SOON)) as road:
        connection = await abandoned(road, stream(), SSE + event(10))
        second = await road.caller(stream())
        await second.read(event(10))
        await connection.send(event(30))
        await second.read(event(30))
        second.leave()
        await road.settled(1)
        await connection.send(event(50, finish="STOP") + LAST)
        assert await outcomes(road, 2) == ["orphan_finished", "left_early"]
        first, _ = await rows(road, 2)
        assert first.usage_at_left is not None
        assert first.usage_at_left["output"] == 30  # what the retry had by then is delivered


async def test_where_it_stands_is_counted() -> None:
    async with a_road(limits=rescue(window_seconds=60)) as road:
        connection = await abandoned(road, call())
        assert attachments(road) == [0, 1, 0]
        second = await joined(road, call())
        assert attachments(road) == [2, 0, 0]
        assert road.context.followed == 0
        second.leave()
        await road.settled(1)
        assert attachments(road) == [0, 1, 0]
        await connection.send(UNARY_REPLY)
        await road.until(lambda: attachments(road) == [0, 0, 1])
        assert road.counted("oldest_orphan_timestamp_seconds") == 0


class TestGrace:
    """Where closing stops the work, it is held open for as long as the caller's SDK takes to come again."""

    async def test_retry_comes_in_time__gets_the_answer(self) -> None:
        async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
            connection = await abandoned(road, call(STAINLESS))
            retry = await joined(road, call(AGAIN))
            await connection.send(UNARY_REPLY)
            assert (await retry.reply()).body == answer()
            first, _ = await rows(road, 2)
            assert (first.outcome, first.decision, first.decision_reason) == ("rescued", "hold", "retry_grace")

    async def test_none_comes__cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sidecar.proxy.account.grace_seconds", lambda _: SOON)
        async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
            connection = await abandoned(road, call(STAINLESS))
            await connection.was_closed()
            row = await road.settled()
            assert (row.outcome, row.decision, row.decision_reason) == ("orphan_cut", "cut", "no_retry_came")

    async def test_caller_of_no_known_family__cut_at_once(self) -> None:
        async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
            caller = await road.caller(call())
            connection, _ = await road.provider.call()
            caller.leave()
            await connection.was_closed()
            row = await road.settled()
            assert (row.outcome, row.decision, row.decision_reason) == ("orphan_cut", "cut", "provider_stops")

    async def test_observe__nothing_is_held(self) -> None:
        async with a_road(on_close_as_set=STOPS) as road:
            caller = await road.caller(call(STAINLESS))
            connection, _ = await road.provider.call()
            caller.leave()
            await connection.was_closed()
            assert (await road.settled()).outcome == "orphan_cut"

    async def test_answer_outgrows_what_may_be_kept__held_no_longer(self) -> None:
        async with a_road(limits=rescue(max_answer_bytes=1000), on_close_as_set=STOPS) as road:
            connection = await abandoned(road, call(STAINLESS))
            await connection.send(head("Content-Length: 4000") + b"x" * 2000)
            await connection.was_closed()
            row = await road.settled()
            assert (row.outcome, row.decision_reason) == ("orphan_cut", "provider_stops")

    async def test_drain__held_no_longer(self) -> None:
        async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
            connection = await abandoned(road, call(STAINLESS))
            road.context.shelf.close()
            await connection.was_closed()
            assert (await road.settled()).outcome == "orphan_cut"

    async def test_retry_leaves_too__held_for_the_next_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sidecar.proxy.joining.grace_seconds", lambda _: SOON)
        async with a_road(limits=rescue(), on_close_as_set=STOPS) as road:
            connection = await abandoned(road, call(STAINLESS))
            retry = await joined(road, call(AGAIN))
            retry.leave()
            await connection.was_closed()
            assert await outcomes(road, 2) == ["orphan_cut", "left_early"]


class TestBroken:
    @pytest.mark.parametrize("beginning", [(), (head("Content-Length: 40") + b"x" * 20,)])
    async def test_provider_breaks__so_it_does_for_the_retry(self, beginning: tuple[bytes, ...]) -> None:
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, call())
            retry = await joined(road, call())
            await connection.send(*beginning)
            if beginning:
                await retry.read(b"x" * 20)
            await connection.close()
            await retry.until_broken()
            assert await outcomes(road, 2) == ["orphan_failed", "upstream_failed"]

    async def test_provider_breaks_before_a_retry_comes__it_is_a_call_of_its_own(self) -> None:
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, call())
            await connection.close()
            assert (await road.settled()).outcome == "orphan_failed"
            retry = await road.caller(call())
            own, _ = await road.provider.call()
            await own.send(UNARY_REPLY)
            assert (await retry.reply()).status == 200

    async def test_provider_declines__the_retry_is_told_and_saves_nothing(self) -> None:
        async with a_road(limits=rescue()) as road:
            connection = await abandoned(road, call())
            retry = await joined(road, call())
            await connection.send(reply(b"{}", status="429 Too Many Requests"))
            assert (await retry.reply()).status == 429
            assert await outcomes(road, 2) == ["orphan_failed", "rejected"]
            assert road.counted("rescued_total") == 0

    async def test_both_are_cut_by_a_drain__both_settle(self) -> None:
        async with a_road(limits=rescue()) as road:
            await abandoned(road, call())
            retry = await joined(road, call())
            for exchange in list(road.context.live):
                exchange.cut(DRAIN)
            assert (await retry.reply()).status == 503
            assert sorted(map(str, await outcomes(road, 2))) == ["cut_short", "orphan_cut"]


async def test_answer_outgrows_what_may_be_kept_while_it_is_given__the_rest_comes_all_the_same() -> None:
    async with a_road(limits=rescue(max_answer_bytes=1000)) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(head("Content-Length: 4000"), *[b"%d" % digit * 1000 for digit in range(4)])
        assert (await retry.reply()).body == b"0" * 1000 + b"1" * 1000 + b"2" * 1000 + b"3" * 1000
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_such_a_retry_leaves__nobody_else_gets_it() -> None:
    async with a_road(limits=rescue(max_answer_bytes=1000)) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(head("Content-Length: 4000"), b"x" * 2000)
        await retry.read(b"x" * 2000)
        retry.leave()
        await road.settled(1)
        third = await road.caller(call())
        own, _ = await road.provider.call()
        await own.send(UNARY_REPLY)
        assert (await third.reply()).body == answer()
        await connection.send(b"x" * 2000)
        assert await outcomes(road, 3) == ["orphan_finished", "left_early", "delivered"]


async def test_caller_that_may_only_be_half_closed__loses_its_answer_to_its_retry_and_sees_it_broken() -> None:
    async with a_road(limits=rescue()) as road:
        road.cannot_ask_the_kernel()
        caller = await road.caller(call())
        connection, _ = await road.provider.call()
        caller.half_close()
        await road.until(lambda: road.context.followed == 1)
        retry = await joined(road, call())
        await connection.send(UNARY_REPLY)
        assert (await retry.reply()).body == answer()
        assert await caller.until_broken() == b""
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_closed_behind_the_last_event__taken_although_more_was_to_come() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream(), SSE + event(10))
        retry = await road.caller(stream())
        await connection.send(event(50, finish="STOP"))
        await retry.read(event(50, finish="STOP"))
        retry.leave()
        await road.until(lambda: len(road.log.records) == 1)
        await connection.send(LAST)
        assert await outcomes(road, 2) == ["rescued", "joined"]

"""What `enforce` would have rescued is counted in `observe`, where every repeat is paid again."""

from typing import Any

import pytest

from tests.proxy.messages import LAST, SSE, UNARY_REPLY, event, reply
from tests.proxy.rescuing import STAINLESS, STOPS, abandoned, call, outcomes, rescue, stream
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection

pytestmark = pytest.mark.anyio
AGAIN = "X-Stainless-Retry-Count: 1"


def observe(**changes: Any) -> dict[str, Any]:
    return rescue(is_on=False, **changes)


async def repeat(road: Road, sent: bytes, on: Connection | None = None) -> None:
    """The same request again: it goes to the provider, and gets an answer of its own."""
    caller = await road.caller(sent)
    connection = on or await road.provider.connection()
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).header("x-sidecar-rescued") is None
    caller.leave()


async def test_repeat_of_a_call_that_still_runs__would_have_been_rescued(road: Road) -> None:
    connection = await abandoned(road, call())
    await repeat(road, call())
    await connection.send(UNARY_REPLY)
    assert sorted(map(str, await outcomes(road, 2))) == ["delivered", "orphan_finished"]
    assert road.counted("would_rescue_total") == 1
    assert road.counted("would_rescue_spend_usd_total") == pytest.approx(float(road.log.records[0].spend_usd or 0))
    assert road.counted("rescued_total") == 0


async def test_repeat_within_the_window_behind_the_end__would_have_been(road: Road) -> None:
    connection = await abandoned(road, call())
    await connection.send(UNARY_REPLY)
    await road.settled()
    await repeat(road, call(), on=connection)
    await road.settled(2)
    assert road.counted("would_rescue_total") == 1


@pytest.mark.parametrize(
    ("limits", "replied"),
    [
        ({"window_seconds": 0}, UNARY_REPLY),
        ({"max_answer_bytes": 10}, UNARY_REPLY),
        ({}, reply(b"{}", status="429 Too Many Requests")),
    ],
    ids=["behind the window", "too large to be kept", "an error"],
)
async def test_repeat_that_no_answer_would_have_been_there_for__would_not(
    limits: dict[str, Any], replied: bytes
) -> None:
    async with a_road(limits=observe(**limits)) as road:
        connection = await abandoned(road, call())
        await connection.send(replied)
        await road.settled()
        await repeat(road, call(), on=connection)
        await road.settled(2)
        assert road.counted("would_rescue_total") == 0


@pytest.mark.parametrize("other", [call("X-Tenant: b"), call("X-Sidecar-Rescue: off"), call(body=b"{}")])
async def test_request_that_differs__would_not(road: Road, other: bytes) -> None:
    connection = await abandoned(road, call())
    await repeat(road, other)
    await connection.send(UNARY_REPLY)
    await road.settled(2)
    assert road.counted("would_rescue_total") == 0


async def test_two_repeats_of_one__one_would_have_been(road: Road) -> None:
    connection = await abandoned(road, call())
    await repeat(road, call())
    await road.settled()
    await repeat(road, call(), on=road.provider.accepted[-1])
    await connection.send(UNARY_REPLY)
    await road.settled(3)
    assert road.counted("would_rescue_total") == 1


class TestWhatWasCut:
    """It would have been held open for the grace of its caller's SDK."""

    async def cut(self, road: Road, *headers: str) -> None:
        caller = await road.caller(call(*headers))
        connection, _ = await road.provider.call()
        caller.leave()
        await connection.was_closed()
        await road.settled()

    async def test_repeat_within_the_grace__would_have_been(self) -> None:
        async with a_road(on_close_as_set=STOPS) as road:
            await self.cut(road, STAINLESS)
            await repeat(road, call(AGAIN))
            await road.settled(2)
            assert road.counted("would_rescue_total") == 1

    async def test_repeat_behind_it__would_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sidecar.proxy.foregone.grace_seconds", lambda _: 1e-6)
        async with a_road(on_close_as_set=STOPS) as road:
            await self.cut(road, STAINLESS)
            await repeat(road, call(AGAIN))
            await road.settled(2)
            assert road.counted("would_rescue_total") == 0

    @pytest.mark.parametrize("header", ["X-A: b", STAINLESS + "\r\nX-Sidecar-On-Departure: cut"])
    async def test_nobody_would_have_held_it__would_not(self, header: str) -> None:
        async with a_road(on_close_as_set=STOPS) as road:
            await self.cut(road, header)
            await repeat(road, call(header))
            await road.settled(2)
            assert road.counted("would_rescue_total") == 0


async def test_answer_that_was_whole_when_its_caller_left__would_have_been(road: Road) -> None:
    caller = await road.caller(call(), receive_buffer=2048)
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    await connection.send(reply(b"x" * 40_000))
    await road.until(lambda: road.live().awaits_handover)
    caller.reset()
    assert (await road.settled()).outcome == "undelivered"
    await repeat(road, call(), on=connection)
    await road.settled(2)
    assert road.counted("would_rescue_total") == 1


async def test_as_many_are_remembered_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.proxy.foregone.MOST", 1)
    async with a_road() as road:
        first = await abandoned(road, call(body=b"1"))
        second = await abandoned(road, stream(), SSE + event(10))
        await repeat(road, call(body=b"1"))
        await first.send(UNARY_REPLY)
        await second.send(event(50, finish="STOP") + LAST)
        await road.settled(3)
        assert road.counted("would_rescue_total") == 0

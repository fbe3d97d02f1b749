"""Polls renew, but not each of them is a write; and a caller's habit makes its lease."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.proxy import renewals
from sidecar.proxy.seen_operations import Name, name_of
from tests.proxy.messages import CHUNKED, get, head
from tests.proxy.operating import KEY, RESPONSES, Scene, operating
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with operating() as made:
        yield made


async def test_every_poll_is_heard_and_not_every_one_is_written(scene: Scene) -> None:
    scene.clock.stop()
    await scene.opened()
    for _ in range(5):
        await scene.poll()
    await scene.road.until(lambda: scene.watched.renewed_ids)
    assert (len(scene.watched.heard_ids), len(scene.watched.renewed_ids)) == (5, 1)


async def test_last_of_the_polls_in_haste_is_written_later(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0.2)
    await scene.opened()
    await scene.poll()
    await scene.poll()
    await scene.road.until(lambda: len(scene.watched.renewed_ids) == 2)


async def test_poll_that_waits_to_be_written_is_forgotten_when_nobody_stands_behind_it_any_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0.2)
    scene.clock.stop()
    opened = await scene.opened()
    await scene.poll()
    await scene.road.until(lambda: scene.watched.renewed_ids)
    await scene.poll()
    scene.renewals.gone({opened.id})
    scene.clock.passed_seconds = 1.0
    await asyncio.sleep(0.4)
    assert len(scene.watched.renewed_ids) == 1
    await scene.poll()  # somebody else, who is heard as ever
    await scene.road.until(lambda: len(scene.watched.renewed_ids) == 2)


async def test_polls_of_many_are_written_together(scene: Scene) -> None:
    opened = await scene.opened()
    names = []
    for number in range(2, 50):
        other = msgspec.structs.replace(opened, id=f"o{number}", provider_id=f"resp_{number}")
        scene.ledger.open(msgspec.structs.replace(other, provider_id=None))
        scene.renewals.remember(other)
        names.append(name_of("openai", f"resp_{number}"))
    for name in names:
        scene.renewals.renew(name)
    assert await scene.rows.written(0)
    await scene.road.until(lambda: len(scene.watched.renewed_ids) == len(names))
    moments = {row.renewed_at for id, row in scene.ledger.rows.records.items() if id != opened.id}
    assert len(moments) == 1


async def test_one_that_has_settled_says_so_to_whoever_asks_for_it(scene: Scene) -> None:
    opened = await scene.opened()
    scene.ledger.rows.records[opened.id].settled_at = scene.ledger.now()
    await scene.poll()
    await scene.road.until(lambda: scene.watched.renewed_ids)
    known = scene.renewals.known(("openai", "resp_1"))
    assert known is not None
    assert known.settled_at is not None


async def heard_until_it_leaves(scene: Scene, caller: Caller) -> None:
    await scene.road.until(lambda: len(scene.watched.heard_ids) > 5)
    caller.leave()
    await scene.road.at_rest()
    count = len(scene.watched.heard_ids)
    await asyncio.sleep(0.1)
    assert len(scene.watched.heard_ids) <= count + 1


async def test_caller_that_reads_a_stream_in_silence_is_heard_all_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0.02)
    await scene.opened()
    caller = await scene.road.caller(get(f"{RESPONSES}/resp_1?stream=true", KEY))
    connection, _ = await scene.road.provider.call()
    await connection.send(head("Content-Type: text/event-stream", CHUNKED))
    await heard_until_it_leaves(scene, caller)


async def test_caller_that_waits_long_for_the_reply_to_its_poll_is_heard_all_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0.02)
    await scene.opened()
    caller = await scene.road.caller(get(f"{RESPONSES}/resp_1", KEY))
    await scene.road.provider.call()
    await heard_until_it_leaves(scene, caller)


async def test_one_that_is_polled_in_haste_has_one_timer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fired: list[Name] = []
    name = ("openai", "resp_1")
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(scene.renewals, "_still_attached", fired.append)
    for _ in range(20):
        scene.renewals.attach(name)
        scene.renewals.detach(name)
    await asyncio.sleep(0.2)
    assert fired == [name]


async def test_slow_poller_is_given_a_longer_lease(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0)
    await scene.opened()
    for pause_seconds in (0, 30, 30):
        scene.clock.passed_seconds += pause_seconds
        await scene.poll()
    assert scene.only().lease_seconds == pytest.approx(150.0, abs=10.0)


async def test_clock_is_set_forward_between_two_polls__no_longer_lease_is_learned(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.opened()
    await scene.poll()
    moment = scene.ledger.now()
    monkeypatch.setattr(scene.ledger, "now", lambda: moment + 3_600 * SECOND)
    await scene.poll()
    assert scene.only().lease_seconds == 60.0


async def test_lease_of_a_caller_that_polls_faster_again_shrinks__and_never_below_the_usual_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0)
    await scene.opened()
    for seconds in (0, 60, *range(62, 162, 2)):
        scene.clock.passed_seconds = seconds
        scene.renewals.renew(("openai", "resp_1"))
        await scene.rows.written(10)
    assert 60.0 <= scene.only().lease_seconds <= 80.0


async def test_nothing_is_kept_of_what_has_settled(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll()
    await scene.road.until(lambda: scene.watched.renewed_ids)
    scene.renewals.forget(opened.id)
    assert scene.renewals.known(("openai", "resp_1")) is None
    assert not scene.renewals._habits
    assert not scene.renewals._written_ns


async def test_poll_that_waits_to_be_written_when_its_operation_settles_is_told_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "GATHER_SECONDS", 0.3)
    opened = await scene.opened()
    await scene.poll()
    scene.ledger.rows.records[opened.id].settled_at = scene.ledger.now()
    scene.renewals.forget(opened.id)
    await scene.road.until(lambda: scene.watched.renewed_ids)
    known = scene.renewals.known(("openai", "resp_1"))
    assert known is not None
    assert known.settled_at is not None


class Away:
    """A ledger that can't be used for a while: counts what it is asked, and refuses it."""

    def __init__(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ledger, self.is_away, self.asked = scene.ledger, True, 0
        for name in ("renew", "renew_all"):
            monkeypatch.setattr(scene.ledger, name, self._refusing(getattr(scene.ledger, name)))

    def _refusing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: object) -> object:
            if self.is_away:
                raise LedgerError("here", "is away")
            self.asked += 1
            return work(*arguments)

        return ask


@pytest.mark.parametrize(
    "pauses", [[1] * 8, [30, 60, 90, 120, 150, 180, 210]], ids=["gathered", "each teaches a lease"]
)
async def test_polls_while_the_ledger_is_away__written_once_when_it_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, pauses: list[int]
) -> None:
    """An outage of ten minutes is not followed by a hundred writes for each operation (tests/scale)."""
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(renewals, "GATHER_SECONDS", 0.001)
    await scene.opened()
    away = Away(scene, monkeypatch)
    for seconds in (0, *pauses):
        scene.clock.passed_seconds += seconds
        scene.renewals.renew(("openai", "resp_1"))
        await asyncio.sleep(0.01)
    away.is_away = False
    assert await scene.rows.written(30)
    await scene.road.until(lambda: scene.watched.renewed_ids)
    assert away.asked <= 3
    assert scene.only().lease_seconds >= 5 * max(pauses)


async def test_learned_lease_that_waits_is_not_forgotten_over_a_later_poll(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(renewals, "MOST_PAUSE_SECONDS", 0)
    await scene.opened()
    away = Away(scene, monkeypatch)
    for second in (0, 30, 60, 61, 62):
        scene.clock.passed_seconds = second
        scene.renewals.renew(("openai", "resp_1"))
    away.is_away = False
    assert await scene.rows.written(30)
    assert scene.only().lease_seconds > 100.0

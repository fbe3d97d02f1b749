"""One ticker while somebody watches, and nobody who is waited for."""

import asyncio
import json
from typing import Any

import pytest

from sidecar.control import watchers as room
from sidecar.control.watchers import MOST_WAITING, MOST_WATCHERS, Watcher, Watchers
from tests.control.conftest import FakeSidecar
from tests.control.showing import in_flight

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(room, "OPERATIONS_SECONDS", 0.04)


def watcher() -> Watcher:
    return Watcher(lambda: None)


async def heard(one: Watcher) -> Any:
    async with asyncio.timeout(5):
        message = await one.next()
    assert message is not None
    head, _, data = message.decode().partition("\ndata: ")
    return head.removeprefix("event: "), json.loads(data)


async def test_nobody_watches__nothing_is_looked_at(sidecar: FakeSidecar):
    watchers, one = Watchers(sidecar), watcher()
    await watchers.join(one)
    watchers.leave(one)
    looks = sidecar.shown.looks
    await asyncio.sleep(0.05)
    assert sidecar.shown.looks == looks
    names = {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
    assert not {name for name in names if name.startswith(("Watchers.", "Picture."))}


async def test_everybody_is_told_the_same_by_one_look(sidecar: FakeSidecar):
    watchers, some = Watchers(sidecar), [watcher() for _ in range(3)]
    for one in some:
        await watchers.join(one)
        assert (await heard(one))[0] == "snapshot"
    sidecar.shown.calls = [in_flight("c1")]
    told = [await heard(one) for one in some]
    assert [(name, set(data["calls"])) for name, data in told] == [("changes", {"c1"})] * 3
    assert sidecar.shown.looks < 1_000
    for one in some:
        watchers.leave(one)


async def test_who_joins_later_begins_with_what_is_there_and_others_have_heard_of_it(sidecar: FakeSidecar):
    watchers, first, second = Watchers(sidecar), watcher(), watcher()
    await watchers.join(first)
    await heard(first)
    sidecar.shown.calls = [in_flight("c1")]
    await watchers.join(second)
    assert set((await heard(first))[1]["calls"]) == {"c1"}
    assert [row["id"] for row in (await heard(second))[1]["calls"]] == ["c1"]
    watchers.leave(first)
    watchers.leave(second)


async def test_two_who_come_at_once_share_one_picture(sidecar: FakeSidecar):
    watchers, some = Watchers(sidecar), [watcher(), watcher()]
    await asyncio.gather(*(watchers.join(one) for one in some))
    assert [(await heard(one))[0] for one in some] == ["snapshot", "snapshot"]
    for one in some:
        watchers.leave(one)


async def test_who_falls_behind_is_let_go_of_and_others_are_not():
    dropped: list[bool] = []
    slow, quick = Watcher(lambda: dropped.append(True)), watcher()
    for number in range(MOST_WAITING + 1):
        slow.tell(b"x")
        quick.tell(b"x")
        assert await quick.next() == b"x"
        assert slow.was_dropped is (number == MOST_WAITING)
    assert dropped == [True]
    assert await slow.next() is None


async def test_end_comes_before_what_still_waits():
    one = watcher()
    for _ in range(MOST_WAITING):
        one.tell(b"x")
    one.end()
    assert await one.next() is None


async def test_no_more_than_so_many_are_told(sidecar: FakeSidecar):
    watchers, some = Watchers(sidecar), [watcher() for _ in range(MOST_WATCHERS)]
    for one in some:
        assert not watchers.is_full
        await watchers.join(one)
    assert watchers.is_full
    for one in some:
        watchers.leave(one)
    assert not watchers.is_full

"""Calls that died with their sidecar are found at the start, and later where others die while we live."""

import asyncio

import pytest

from sidecar import losses
from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.memory import MemoryLedger, Rows
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.losses import Losses
from sidecar.telemetry.page import expose
from sidecar.telemetry.recorder import Recorder
from tests.proxy.road import Told

pytestmark = pytest.mark.anyio


def a_call(id: str) -> CallRecord:
    return CallRecord(
        id=id, upstream="gemini", provider="gemini", dialect="gemini", model="m", kind=CallKind.UNARY, started_at=1
    )


class Scene:
    """A ledger in which another instance has left calls open."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.ledger = MemoryLedger("me", self.rows)
        self.recorder = Recorder("0", Told(), self.ledger.health)
        self.losses = Losses(self.ledger, self.recorder, SystemClock())

    def another_dies(self, id: str) -> None:
        MemoryLedger("another", self.rows).put(a_call(id))

    def counted(self) -> int:
        page = expose(self.recorder.page()).body.decode()
        lines = [line for line in page.splitlines() if 'outcome="lost"' in line and line.startswith("inference")]
        return sum(int(float(line.rpartition(" ")[2])) for line in lines)


async def test_what_was_left_open_is_settled_and_counted_at_the_start() -> None:
    scene = Scene()
    scene.another_dies("c1")
    scene.losses.start()
    await scene.losses.stop()
    assert (scene.rows["c1"][0].outcome, scene.counted()) == ("lost", 1)


async def test_who_dies_while_we_live_is_found_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "PAUSE_SECONDS", 0.01)
    scene = Scene()
    scene.losses.start()
    scene.another_dies("c2")
    async with asyncio.timeout(10):
        while not scene.counted():
            await asyncio.sleep(0.01)
    await scene.losses.stop()
    assert scene.rows["c2"][0].outcome == "lost"


async def test_ledger_that_can_not_be_used_for_a_while__is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "PAUSE_SECONDS", 0.01)
    scene, failures = Scene(), iter([True, True])
    scene.losses.start()
    settle_lost = scene.ledger.settle_lost

    def now_and_then(now: int, reach: int) -> list[CallRecord]:
        if next(failures, False):
            raise LedgerError("here", "is away")
        return settle_lost(now, reach)

    monkeypatch.setattr(scene.ledger, "settle_lost", now_and_then)
    scene.another_dies("c3")
    async with asyncio.timeout(10):
        while not scene.counted():
            await asyncio.sleep(0.01)
    await scene.losses.stop()


async def test_each_look_reaches_as_far_as_its_number_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "PAUSE_SECONDS", 0.001)
    scene, reaches = Scene(), list[int | None]()

    def heard(now: int, reach: int | None = None) -> list[CallRecord]:
        reaches.append(reach)
        return []

    monkeypatch.setattr(scene.ledger, "settle_lost", heard)
    scene.losses.start()
    async with asyncio.timeout(10):
        while len(reaches) < 8:
            await asyncio.sleep(0.01)
    await scene.losses.stop()
    assert reaches[:8] == [1, 2, 1, 4, 1, 2, 1, 8]

"""Steps about operations reach the ledger in order, and wait for it when it can't be written."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.pace import Pace
from sidecar.proxy import operation_rows
from sidecar.proxy.operation_rows import OperationRows

pytestmark = pytest.mark.anyio


class Disk:
    """What steps are given for a ledger: a list, which can be made to refuse."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.is_broken = False

    def write(self, word: str) -> None:
        if self.is_broken:
            raise LedgerError("here", "is full")
        self.written.append(word)


class Scene:
    """Rows over that disk, and everything that was told."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.told: list[str] = []
        self.troubles: list[str] = []
        ledger = cast(OperationLedger, self.disk)
        self.rows = OperationRows(asyncio.get_running_loop(), ledger, self.troubles.append)

    def write(self, operation: str, word: str) -> None:
        def step(disk: Any) -> OperationRecord | None:
            disk.write(word)
            return None

        self.rows.write(operation, step, self._tell(word))

    def _tell(self, word: str) -> Callable[[object], None]:
        return lambda _: self.told.append(word)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(operation_rows, "WRITING", Pace(0.01, 2, 10))
    made = Scene()
    yield made
    made.rows.close()


async def test_steps_of_one_operation_are_written_in_order(scene: Scene) -> None:
    for number in range(20):
        scene.write("one", str(number))
    assert await scene.rows.written(10)
    assert scene.disk.written == scene.told == [str(number) for number in range(20)]


async def test_a_ledger_that_can_not_be_written_is_tried_until_it_can(scene: Scene) -> None:
    scene.disk.is_broken = True
    scene.write("one", "open")
    scene.write("one", "accepted")
    assert not await scene.rows.written(0.05)
    scene.disk.is_broken = False
    assert await scene.rows.written(10)
    assert scene.told == ["open", "accepted"]


async def test_who_waits_for_all_of_it_does_not_wait_for_the_pause(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation_rows, "WRITING", Pace(7200, 1, 7200))
    scene.disk.is_broken = True
    scene.write("one", "open")
    while not scene.troubles:
        await asyncio.sleep(0)
    scene.disk.is_broken = False
    assert await scene.rows.written(10)
    assert scene.told == ["open"]


async def test_who_waits_for_all_of_it_waits_for_what_is_written_upon_the_last(scene: Scene) -> None:
    scene.rows.write("one", lambda ledger: None, lambda row: scene.write("one", "told upon it"))
    assert await scene.rows.written(10)
    assert scene.told == ["told upon it"]


async def test_every_failure_is_told(scene: Scene) -> None:
    scene.disk.is_broken = True
    scene.write("one", "open")
    await scene.rows.written(0.05)
    assert scene.troubles
    assert scene.troubles[0] == "ledger here: is full"


async def test_another_operation_does_not_wait_for_the_one_that_failed(scene: Scene) -> None:
    scene.disk.is_broken = True
    scene.write("one", "first")
    while not scene.troubles:
        await asyncio.sleep(0)
    scene.disk.is_broken = False
    scene.write("two", "second")
    assert await scene.rows.written(10)
    assert sorted(scene.told) == ["first", "second"]


async def test_closed__what_waits_is_given_up(scene: Scene) -> None:
    scene.disk.is_broken = True
    scene.write("one", "open")
    scene.rows.close()
    scene.disk.is_broken = False
    await asyncio.sleep(0.05)
    assert scene.told == []


async def test_closed__what_was_given_up_is_counted(scene: Scene) -> None:
    scene.disk.is_broken = True
    for word in ("open", "accepted"):
        scene.write("one", word)
    assert not await scene.rows.written(0.05)
    scene.rows.close()
    assert scene.rows.given_up == 2


async def test_closed__what_comes_later_is_neither_written_nor_a_fault(scene: Scene) -> None:
    scene.rows.close()
    scene.write("one", "a renewal that was gathered")
    await asyncio.sleep(0.01)
    assert (scene.disk.written, scene.told, scene.rows.given_up) == ([], [], 0)

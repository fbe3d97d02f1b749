"""How long it is followed, with a sidecar that tells what the test wants."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, cast

import pytest

from sidecar.companion.following import Following
from sidecar.companion.sidecar_of_run import SidecarOfRun
from sidecar.companion.typicals import Typicals
from sidecar.companion.waiting_for import Orphan, Typical
from sidecar.errors import LedgerError
from sidecar.lifecycle.operation_record import OperationRecord

CALL = Orphan(upstream="gemini", model="m", kind="unary", seconds=1.0)


class Told:
    """Answers as a sidecar of a run: orphans for so many looks."""

    def __init__(self, looks: int, operations: Sequence[Orphan] = ()) -> None:
        self.looks, self.of_operations = looks, list(operations)
        self.abandoned = list[str]()
        self.records: list[Any] = []
        self.is_broken = False

    def is_busy(self) -> bool:
        return False

    def orphaned_calls(self) -> list[Orphan]:
        self.looks -= 1
        return [CALL] if self.looks >= 0 else []

    def orphaned_operations(self, _records: Sequence[OperationRecord]) -> list[Orphan]:
        return self.of_operations

    async def operations_of_run(self) -> Sequence[OperationRecord]:
        if self.is_broken:
            raise LedgerError("ledger.db", "is gone")
        return self.records

    def operations_abandoned(self, ids: Collection[str]) -> None:
        self.abandoned += ids


class Shown:
    def __init__(self) -> None:
        self.times = 0

    def show(self, _head: str, _shown: object, _seconds: float) -> None:
        self.times += 1

    def clear(self) -> None:
        return


class Nothing:
    async def of(self, _orphan: Orphan) -> Typical:
        return Typical()


class Record:
    def __init__(self, id: str) -> None:
        self.id, self.settled_at, self.provider_id = id, None, id


def following(told: Told, *, is_enforcing: bool = False) -> tuple[Following, Shown]:
    shown = Shown()
    made = Following(cast(SidecarOfRun, told), cast(Any, shown), cast(Typicals, Nothing()), is_enforcing=is_enforcing)
    return made, shown


async def seconds_of(made: Following, wait_seconds: float, is_over: asyncio.Event | None = None) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await made.follow("head", wait_seconds, is_over or asyncio.Event())
    return loop.time() - began


@pytest.mark.anyio
async def test_until_nothing_goes_on() -> None:
    made, shown = following(Told(3))
    assert await seconds_of(made, 60) < 5
    assert shown.times == 3


@pytest.mark.anyio
async def test_no_longer_than_wanted() -> None:
    made, shown = following(Told(1_000))
    assert await seconds_of(made, 0) < 1
    assert shown.times == 0
    assert 0.5 <= await seconds_of(made, 0.5) < 3


@pytest.mark.anyio
async def test_until_somebody_wants_no_more_of_it() -> None:
    made, _ = following(Told(1_000))
    is_over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, is_over.set)
    assert await seconds_of(made, 60, is_over) < 5


@pytest.mark.anyio
async def test_cancels_have_their_time_however_short_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.companion.following.CANCEL_SECONDS", 0.7)
    operation = Orphan(upstream="openai", model="m", kind="background", seconds=1.0)
    made, _ = following(Told(0, [operation]), is_enforcing=True)
    assert 0.7 <= await seconds_of(made, 0) < 3


@pytest.mark.anyio
async def test_each_operation_is_said_to_be_abandoned_once() -> None:
    told = Told(12)
    told.records = [Record("o1"), Record("o2")]
    made, _ = following(told)
    await seconds_of(made, 60)
    await made.look_once_more()
    assert sorted(told.abandoned) == ["o1", "o2"]


@pytest.mark.anyio
async def test_ledger_breaks__then_what_was_known_stays() -> None:
    told = Told(1)
    told.records = [Record("o1")]
    made, _ = following(told)
    await seconds_of(made, 60)
    told.is_broken = True
    await made.look_once_more()
    assert len(made.operations) == 1

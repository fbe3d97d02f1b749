"""The ledger in a thread of its own."""

import asyncio
import threading

import pytest

from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.operation_memory import MemoryOperations
from sidecar.ledger.operations import OperationLedger
from sidecar.reaper.store import Store


def make() -> Store:
    return Store(MemoryOperations("a", SystemClock()), asyncio.get_running_loop())


@pytest.mark.anyio
async def test_work_is_done_in_one_other_thread_in_its_order() -> None:
    store, done = make(), []

    def note(number: int) -> str:
        done.append(number)
        return threading.current_thread().name

    names = await asyncio.gather(*(store.do(lambda _, number=number: note(number)) for number in range(20)))  # type: ignore[misc]
    await store.close()
    assert done == list(range(20))
    assert set(names) == {"reaper_0"}


@pytest.mark.anyio
async def test_the_ledger_can_not_be_used__its_error_comes_back() -> None:
    store = make()

    def refuse(_: OperationLedger) -> None:
        raise LedgerError("sqlite", "the disk is full")

    with pytest.raises(LedgerError, match="the disk is full"):
        await store.do(refuse)
    await store.close()


@pytest.mark.anyio
async def test_closed__nothing_more_is_done() -> None:
    store = make()
    await store.close()
    with pytest.raises(RuntimeError):
        await store.do(lambda ledger: ledger.now())

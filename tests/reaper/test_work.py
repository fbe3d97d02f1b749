"""A task that fails loses no operation."""

import pytest

from sidecar.errors import LedgerError
from sidecar.lifecycle.operation import OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Ask
from sidecar.reaper.contract import Answer, Credential
from tests.reaper.world import World


def test_a_fault_of_ours__said_and_tried_again_after_a_pause(world: World) -> None:
    sidecar = world.start()
    asker = sidecar.reaper._means.cancels._asker
    faults = iter([ZeroDivisionError("a bug")])

    class Faulty:
        async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
            for fault in faults:
                raise fault
            return await asker.ask(record, ask, credential)

    sidecar.reaper._means.cancels._asker = Faulty()
    record = sidecar.open()
    world.pass_time(80)
    assert sidecar.troubles == ["a fault of ours: ZeroDivisionError: a bug"]
    world.pass_time(120)
    assert world.state(record) is S.CANCELLED


def test_a_write_fails__taken_up_again_and_not_sent_without(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar = world.start()
    record = sidecar.open()
    note, faults = sidecar.ledger.note, iter([LedgerError("sqlite", "the disk is full")])

    def full(id: str, fence: int, changes: dict[str, object]) -> bool:
        if "cancel_attempts" in changes:
            for fault in faults:
                raise fault
        return note(id, fence, changes)

    monkeypatch.setattr(sidecar.ledger, "note", full)
    world.pass_time(72)
    assert (world.state(record), world.sent) == (S.CANCELLING, [])
    world.pass_time(200)
    assert world.row(record).outcome == "cancelled"


def test_stopped_in_the_middle__the_next_start_goes_on(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.provider.latency = 5
    world.pass_time(72)
    world.run(sidecar.reaper.stop(1))
    world.rows.alive.discard(sidecar.name)
    world.start("next")
    world.pass_time(300)
    assert world.row(record).outcome == "cancelled"

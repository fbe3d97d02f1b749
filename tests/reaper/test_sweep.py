"""Silence is judged together, and not when nobody could be heard (reliability.md A 16, 19)."""

import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.lifecycle.operation import OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from tests.reaper.world import World


def test_16_the_clock_steps_forward__nobody_is_taken_for_gone(world: World) -> None:
    sidecar = world.start()
    records = [sidecar.open() for _ in range(5)]
    world.pass_time(20)
    world.clock.offset = 3_600 * SECOND
    for _ in range(10):
        world.pass_time(20)
        for record in records:
            sidecar.poll(record)
    assert {world.state(record) for record in records} == {S.RUNNING}
    assert "clock stepped by +3600 s" in sidecar.troubles[0]


def test_16_the_clock_steps_back__a_silent_caller_is_found_out_all_the_same(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(20)
    world.clock.offset = -30 * SECOND
    world.pass_time(200)
    assert world.state(record) is S.CANCELLED


def test_16_the_clock_steps_back_while_a_cancel_is_confirmed__looked_at_as_soon_as_planned(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(stops_after=60))
    world.pass_time(90)
    assert world.state(record) is S.CANCELLING
    world.clock.offset = -3_600 * SECOND
    world.provider.jobs[record.provider_id or ""].stop_at = world.clock.now()
    world.pass_time(200)
    assert world.row(record).outcome == "cancelled"


def test_all_fall_silent_at_once__held_back_for_one_lease_and_said_once(world: World) -> None:
    sidecar = world.start()
    for _ in range(40):
        sidecar.open()
    world.pass_time(100)
    assert world.provider.cancels == []
    assert len(sidecar.journal.suspicions) == 1
    world.pass_time(100)
    assert len(world.provider.cancels) == 40
    assert len(sidecar.journal.suspicions) == 1


def test_all_fall_silent_and_come_back__none_is_touched(world: World) -> None:
    sidecar = world.start()
    records = [sidecar.open() for _ in range(40)]
    world.pass_time(100)
    for _ in range(20):
        for record in records:
            sidecar.poll(record)
        world.pass_time(20)
    assert {world.state(record) for record in records} == {S.RUNNING}


def test_a_few_fall_silent__not_held_back(world: World) -> None:
    sidecar = world.start()
    for _ in range(15):
        sidecar.open()
    world.pass_time(90)
    assert len(world.provider.cancels) == 15
    assert sidecar.journal.suspicions == []


def test_19_the_ledger_is_away__nothing_is_sent_and_leases_begin_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(50)

    def away(id: str) -> None:
        raise LedgerError("postgresql", "the connection was refused")

    monkeypatch.setattr(sidecar.ledger, "operation", away)
    world.pass_time(300)
    assert world.provider.cancels == []
    monkeypatch.undo()
    world.pass_time(50)
    assert world.state(record) is S.RUNNING
    sidecar.poll(record)
    world.pass_time(50)
    assert world.state(record) is S.RUNNING
    assert any("refused" in sentence for sentence in sidecar.troubles)


def test_states_are_told_as_they_are(world: World) -> None:
    sidecar = world.start()
    for _ in range(3):
        sidecar.open()
    world.pass_time(65)
    assert dict(sidecar.journal.counts) == {("background", "orphaned"): 3}  # type: ignore[call-overload]


def test_a_poll_comes_while_the_row_is_read__the_old_row_decides_nothing(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(55)
    read = sidecar.ledger.operation

    def polled_behind_it(id: str) -> OperationRecord | None:
        row = read(id)
        sidecar.ledger.operation = read  # type: ignore[method-assign]
        sidecar.poll(record)
        return row

    sidecar.ledger.operation = polled_behind_it  # type: ignore[method-assign]
    world.pass_time(20)
    assert world.moves(record) == ["opened", "accepted"]

"""What is heard once alone is written when the ledger is back, however long it was away."""

from typing import Any

import pytest

from sidecar.errors import LedgerError
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.pace import Pace
from sidecar.reaper import insisting
from tests.reaper.world import Sidecar, World


def ended(world: World, sidecar: Sidecar) -> OperationRecord:
    """An operation that has ended at its provider, and whose caller has polled until then."""
    record = sidecar.open(job=world.provider.create(ends_in=25))
    world.poll_for(sidecar, record, 20)
    world.pass_time(10)
    return record


def taken_while_away(world: World) -> tuple[Sidecar, OperationRecord]:
    """A sidecar whose ledger can't be used, and an operation whose caller takes its end in that time."""
    sidecar = world.start()
    record = ended(world, sidecar)
    sidecar.thread.is_away = True
    sidecar.poll(record)
    return sidecar, record


@pytest.mark.parametrize("seconds", [1, 40, 600])
def test_a_caller_takes_its_result_while_the_ledger_is_away__it_is_no_orphan(world: World, seconds: int) -> None:
    sidecar, record = taken_while_away(world)
    world.pass_time(seconds)
    sidecar.thread.is_away = False
    world.pass_time(20)
    row = world.row(record)
    assert (row.outcome, row.lapsed_at) == ("succeeded", None)
    assert row.claimed_at is not None


def test_the_lease_is_shorter_than_the_pause__written_before_it_is_judged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insisting, "WRITING", Pace(400, 1, 400))
    sidecar, record = taken_while_away(world)
    world.pass_time(120)
    sidecar.thread.is_away = False
    world.pass_time(250)
    assert (world.row(record).outcome, world.row(record).lapsed_at) == ("succeeded", None)
    assert world.row(record).claimed_at is not None


def test_a_caller_asks_for_what_was_cancelled_while_the_ledger_is_away__regretted(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(300)
    assert world.row(record).outcome == "cancelled"
    sidecar.thread.is_away = True
    sidecar.poll(record)
    world.pass_time(5)
    assert sidecar.journal.told("regretted", record.id) == []
    sidecar.thread.is_away = False
    world.pass_time(20)
    assert world.row(record).regretted_at is not None
    assert sidecar.journal.told("regretted", record.id) == [""]


def test_each_failure_is_said(world: World) -> None:
    sidecar, _ = taken_while_away(world)
    world.pass_time(1)
    assert "ledger in memory: it is away" in sidecar.troubles


def test_it_was_written_although_the_ledger_said_that_it_could_not_be_used__once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = world.start()
    record = ended(world, sidecar)
    move, faults = sidecar.ledger.move, iter([LedgerError("postgresql", "gone before it said that it had committed")])

    def committed(id: str, event: E, *given: Any, **named: Any) -> OperationRecord | None:
        moved = move(id, event, *given, **named)
        if event is E.OBSERVED_SUCCEEDED:
            for fault in faults:
                raise fault
        return moved

    monkeypatch.setattr(sidecar.ledger, "move", committed)
    sidecar.poll(record)
    world.pass_time(2)
    assert (world.row(record).outcome, world.moves(record).count("observed_succeeded")) == ("succeeded", 1)


def test_another_has_settled_it_between_two_attempts__reclaimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar = world.start()
    record = ended(world, sidecar)
    world.pass_time(60)
    assert world.state(record) is S.SUCCEEDED  # seen by a look of ours, and waiting to be fetched
    note, settlings = sidecar.ledger.note, iter([{"settled_at": world.clock.now()}])

    def late(id: str, fence: int, changes: dict[str, object]) -> bool:
        for settled in settlings:
            sidecar.ledger.settle(id, fence, settled)
        return note(id, fence, changes)

    monkeypatch.setattr(sidecar.ledger, "note", late)
    sidecar.poll(record)
    world.pass_time(1)
    assert world.row(record).reclaimed_at is not None


def test_the_sidecar_ends_right_behind_it__written(world: World) -> None:
    sidecar = world.start()
    record = ended(world, sidecar)
    sidecar.poll(record)
    world.run(sidecar.reaper.stop(10))
    assert world.row(record).claimed_at is not None
    assert sidecar.reaper.unwritten() == 0


def test_the_sidecar_ends_while_it_rests__tried_once_more(world: World) -> None:
    sidecar, record = taken_while_away(world)
    world.pass_time(8)
    sidecar.thread.is_away = False
    before = world.clock.now()
    world.run(sidecar.reaper.stop(10))
    assert world.row(record).claimed_at is not None
    assert world.clock.now() - before < 100_000


def test_the_ledger_is_away_until_the_end__given_up_and_counted(world: World) -> None:
    sidecar, _ = taken_while_away(world)
    world.pass_time(1)
    world.run(sidecar.reaper.stop(10))
    assert sidecar.reaper.unwritten() == 1

"""What is heard while exchanges pass, and what people ask for."""

import msgspec
import pytest

from sidecar.lifecycle.operation import CancelResult as R, OperationState as S
from tests.reaper.provider import WIRE
from tests.reaper.world import RULES, World


def test_a_person_cancels__also_in_observe_and_while_its_caller_is_there(world: World) -> None:
    sidecar = world.start(rules=msgspec.structs.replace(RULES, is_enforcing=False))
    record = sidecar.open()
    row = world.run(sidecar.reaper.cancel(record.id))
    assert row is not None
    assert row.state is S.CANCELLING
    world.pass_time(200)
    assert (world.row(record).outcome, world.row(record).cancel_trigger) == ("cancelled", "asked")


def test_a_person_cancels_through_another_sidecar__its_holder_sends_it(world: World) -> None:
    holder, other = world.start("a"), world.start("b")
    record = holder.open()
    world.run(other.reaper.cancel(record.id))
    world.pass_time(300)
    assert world.row(record).outcome == "cancelled"
    assert {by for _, _, by in world.sent} == {"a"}


def test_a_person_cancels_what_has_no_cancel__unsupported_and_it_goes_on(world: World) -> None:
    sidecar = world.start(wire=msgspec.structs.replace(WIRE, cancel=None))
    record = sidecar.open()
    row = world.run(sidecar.reaper.cancel(record.id))
    assert row is not None
    assert (row.state, row.cancel_result) == (S.RUNNING, R.UNSUPPORTED)
    assert sidecar.journal.told("cancel_asked", record.id) == ["unsupported"]


def test_a_cancel_that_a_person_asked_for_is_refused__its_caller_is_not_taken_for_gone(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[422]))
    world.run(sidecar.reaper.cancel(record.id))
    world.poll_for(sidecar, record, 600)
    assert (world.state(record), world.row(record).cancel_result) == (S.RUNNING, R.REFUSED)
    assert len(world.provider.cancels) == 1


def test_a_person_renews__kept(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(65)
    row = world.run(sidecar.reaper.renew(record.id))
    assert row is not None
    assert row.state is S.RUNNING
    assert sidecar.journal.told("returned", record.id) == ["renewal"]
    world.pass_time(50)
    assert world.state(record) is S.RUNNING


@pytest.mark.parametrize("verb", ["cancel", "renew"])
def test_nobody_knows_it__none(world: World, verb: str) -> None:
    sidecar = world.start()
    assert world.run(getattr(sidecar.reaper, verb)("nothing")) is None


@pytest.mark.parametrize("verb", ["cancel", "renew"])
def test_it_has_settled__as_it_was(world: World, verb: str) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(300)
    row = world.run(getattr(sidecar.reaper, verb)(record.id))
    assert row == world.row(record)


def test_the_result_is_fetched_after_it_had_settled_as_orphaned__reclaimed_once(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=61))
    world.pass_time(4_000)
    assert (world.row(record).outcome, world.row(record).claimed_at) == ("succeeded", None)
    sidecar.poll(record)
    sidecar.poll(record)
    world.pass_time(1)
    assert sidecar.journal.told("reclaimed", record.id) == [""]


def test_it_is_asked_for_after_we_had_cancelled_it__regretted_once(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(300)
    sidecar.poll(record)
    sidecar.poll(record)
    world.pass_time(1)
    assert sidecar.journal.told("regretted", record.id) == [""]


def test_our_look_sees_the_end_first_and_then_its_caller__delivered(world: World) -> None:
    first = world.start("first")
    record = first.open(job=world.provider.create(ends_in=10))
    first.die()
    world.pass_time(20)
    second = world.start("second")
    world.pass_time(5)
    assert world.state(record) is S.SUCCEEDED
    second.poll(record)
    world.pass_time(1)
    assert (world.row(record).outcome, world.row(record).claimed_at is not None) == ("succeeded", True)


def test_its_caller_sees_the_end_through_another_sidecar__its_holder_settles_it(world: World) -> None:
    holder, other = world.start("a"), world.start("b")
    record = holder.open(job=world.provider.create(ends_in=15))
    world.pass_time(20)
    other.poll(record)
    world.pass_time(60)
    assert (world.row(record).outcome, world.row(record).claimed_at is not None) == ("succeeded", True)
    assert holder.journal.told("settled", record.id) == ["succeeded"]

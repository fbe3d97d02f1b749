"""The claim, and that nothing leaves without one (reliability.md A 4, 5, 7)."""

from itertools import pairwise

import msgspec

from sidecar.lifecycle.operation import CancelResult as R, CancelTrigger, OperationEvent as E, OperationState as S
from tests.reaper.provider import WIRE
from tests.reaper.world import RULES, UPSTREAM, World


def test_5_it_sleeps_between_the_check_and_the_request__checked_again_and_nothing_leaves(world: World) -> None:
    sleeper, heir = world.start("a"), world.start("b")
    record = sleeper.open(job=world.provider.create(stops_after=500))
    world.pass_time(69.9)
    sleeper.thread.is_stopped = True  # it will have written what it writes next, and not know it yet
    world.pass_time(1)
    world.rows.alive.discard("a")
    world.pass_time(100)
    sleeper.thread.go_on()
    world.pass_time(100)
    assert {by for _, _, by in world.sent} == {"b"}
    assert world.row(record).holder == "b"
    assert heir.journal.told("taken_over", record.id) == [""]


def test_it_sleeps_a_moment_only__it_is_still_sent(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(69.9)
    sidecar.thread.is_stopped = True
    world.pass_time(3)
    sidecar.thread.go_on()
    world.pass_time(10)
    assert world.state(record) is S.CANCELLED


def test_the_caller_comes_back_as_the_claim_is_made__the_claim_fails(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(65)
    orphan = world.row(record)
    assert record.provider_id is not None
    sidecar.ledger.renew(UPSTREAM, record.provider_id, {"renewed_at": world.clock.now()})
    claimed = sidecar.ledger.move(record.id, E.ORPHAN_CLAIMED, {}, "", orphan.fence)
    assert claimed is None


def test_7_already_at_its_end__read_and_settled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=69))
    world.pass_time(80)
    assert (world.state(record), world.row(record).cancel_result) == (S.SUCCEEDED, R.TOO_LATE)


def test_refused__an_orphan_again_and_tried_again_less_and_less_often(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[422] * 20))
    world.pass_time(3_600)
    assert (world.state(record), world.row(record).cancel_result) == (S.ORPHANED, R.REFUSED)
    moments = [at / 1e6 for at, _, _ in world.provider.cancels]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert len(moments) == 4
    assert pauses == sorted(pauses)
    assert sidecar.journal.told("cancel_asked", record.id) == ["refused"]


def test_no_cancel_in_its_language__unsupported_and_nothing_is_sent(world: World) -> None:
    sidecar = world.start(wire=msgspec.structs.replace(WIRE, cancel=None))
    record = sidecar.open()
    world.pass_time(120)
    assert (world.state(record), world.row(record).cancel_result) == (S.ORPHANED, R.UNSUPPORTED)
    assert world.sent == []


def test_it_says_that_it_is_stopping__given_more_time_and_no_second_cancel(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(stops_after=1_500))
    world.pass_time(60 + 10 + 1_600 + 130)
    assert (world.row(record).outcome, len(world.provider.cancels)) == ("cancelled", 1)


def test_cancelled_and_then_completed_after_all__succeeded_and_too_late(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(90)
    assert world.state(record) is S.CANCELLED
    assert record.provider_id is not None
    world.provider.jobs[record.provider_id].state = "succeeded"
    world.pass_time(100)
    assert (world.state(record), world.row(record).cancel_result) == (S.SUCCEEDED, R.TOO_LATE)


def test_the_settings_change_to_observe_before_it_is_sent__it_is_not_sent(world: World) -> None:
    first = world.start("first")
    record = first.open()
    first.keys.sources = []
    world.pass_time(65)
    row = world.row(record)
    changes = {"cancel_trigger": CancelTrigger.ORPHANED.value, "cancel_requested_at": world.clock.now()}
    assert first.ledger.move(row.id, E.ORPHAN_CLAIMED, changes, "", row.fence) is not None
    first.die()
    world.start("second", rules=msgspec.structs.replace(RULES, is_enforcing=False))
    world.pass_time(60)
    assert (world.state(record), world.row(record).cancel_result) == (S.ORPHANED, R.WOULD_CANCEL)
    assert world.sent == []


def test_the_callers_own_cancel__looked_at_and_never_sent_by_us(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=40))
    changes = {"cancel_trigger": CancelTrigger.CALLER.value, "cancel_requested_at": world.clock.now()}
    row = sidecar.ledger.move(record.id, E.CANCEL_CLAIMED, changes)
    assert row is not None
    sidecar.reaper.look(row)
    assert record.provider_id is not None
    world.provider.jobs[record.provider_id].state = "cancelled"
    world.pass_time(200)
    assert (world.row(record).outcome, world.row(record).cancel_result, world.sent) == ("cancelled", R.CONFIRMED, [])

"""The end of a pod (reliability.md A 17)."""

import msgspec

from sidecar.lifecycle.operation import CancelResult as R, GoneReason, OperationKind, OperationState as S
from tests.reaper.world import RULES, World


def test_17_the_pod_ends__all_are_cancelled_at_once_and_confirmed(world: World) -> None:
    sidecar = world.start()
    records = [sidecar.open() for _ in range(60)]
    world.pass_time(5)
    before = world.loop.time()
    world.run(sidecar.reaper.stop(10, callers_are_gone=True))
    assert world.loop.time() - before < 3
    assert {(world.state(each), world.row(each).gone_reason) for each in records} == {
        (S.CANCELLED, GoneReason.POD_ENDING)
    }
    assert len(world.provider.cancels) == 60


def test_17_no_answer_in_time__left_cancelling_for_the_next(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.provider.is_down = True
    before = world.loop.time()
    world.run(sidecar.reaper.stop(4, callers_are_gone=True))
    assert world.loop.time() - before < 4.5
    assert world.state(record) is S.CANCELLING


def test_the_pod_ends_in_observe__nothing_is_sent(world: World) -> None:
    sidecar = world.start(rules=msgspec.structs.replace(RULES, is_enforcing=False))
    record = sidecar.open()
    world.run(sidecar.reaper.stop(4, callers_are_gone=True))
    assert (world.state(record), world.row(record).cancel_result) == (S.ORPHANED, R.WOULD_CANCEL)
    assert world.sent == []


def test_the_pod_ends__what_was_meant_to_outlive_it_goes_on(world: World) -> None:
    sidecar = world.start()
    detached = sidecar.open(is_detached=True)
    leased = sidecar.open(OperationKind.BATCH, is_lease_asked=True, lease_seconds=7_200)
    batch = sidecar.open(OperationKind.BATCH)
    world.run(sidecar.reaper.stop(4, callers_are_gone=True))
    assert [world.state(each) for each in (detached, leased, batch)] == [S.RUNNING, S.RUNNING, S.ORPHANED]
    assert world.sent == []


def test_a_restart__nobody_is_taken_for_gone(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.run(sidecar.reaper.stop(4))
    world.pass_time(600)
    assert world.state(record) is S.RUNNING


def test_cancelled_before_its_calls_have_ended__and_what_these_open_is_cancelled_at_the_end(world: World) -> None:
    sidecar = world.start()
    first = sidecar.open()
    world.run(sidecar.reaper.part(10))
    assert world.state(first) is S.CANCELLED
    late = sidecar.open()
    assert world.state(late) is S.RUNNING
    world.run(sidecar.reaper.stop(10, callers_are_gone=True))
    assert (world.state(late), world.row(late).gone_reason) == (S.CANCELLED, GoneReason.POD_ENDING)
    assert len(world.provider.cancels) == 2


def test_what_has_ended_and_waits_settles_where_nobody_goes_on_with_it(world: World) -> None:
    sidecar = world.start()
    doomed = sidecar.open()
    world.run(sidecar.reaper.part(10))
    assert world.state(doomed) is S.CANCELLED
    assert world.row(doomed).settled_at is not None


def test_what_has_ended_and_waits_is_left_to_those_who_share_the_ledger(world: World) -> None:
    sidecar = world.start(has_heirs=True)
    doomed = sidecar.open()
    world.run(sidecar.reaper.stop(10, callers_are_gone=True))
    assert world.state(doomed) is S.CANCELLED
    assert world.row(doomed).settled_at is None

"""Looks: what they find, and how often there is one."""

from itertools import pairwise

from sidecar.lifecycle.operation import OperationKind, OperationState as S
from tests.reaper.world import World


def test_nobody_knows_it_any_more__two_looks_then_expired(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH)
    world.pass_time(65)
    assert record.provider_id is not None
    world.provider.forget(record.provider_id)
    world.pass_time(60)
    assert world.row(record).outcome == "expired"


def test_gone_for_a_moment__not_expired(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH)
    world.pass_time(61)
    assert record.provider_id is not None
    job = world.provider.jobs.pop(record.provider_id)
    world.pass_time(8)
    world.provider.jobs[job.id] = job
    world.pass_time(600)
    assert world.state(record) is S.ORPHANED


def test_one_credential_is_told_that_there_is_no_such_thing__the_next_is_asked(world: World) -> None:
    sidecar = world.start()
    sidecar.keys.sources = ["of another project", "configured"]
    world.provider.blind = {"of another project"}
    record = sidecar.open(OperationKind.BATCH, job=world.provider.create(ends_in=100))
    world.pass_time(300)
    assert world.state(record) is S.SUCCEEDED


def test_looks_become_rare(world: World) -> None:
    sidecar = world.start()
    sidecar.open(OperationKind.BATCH)
    world.pass_time(3_600)
    moments = [at / 1e6 for at, _ in world.provider.looks]
    pauses = [round(later - earlier) for earlier, later in pairwise(moments)]
    assert 10 < len(moments) < 30
    assert pauses == sorted(pauses)


def test_no_answer__asked_again_and_nothing_is_concluded(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH)
    world.provider.is_down = True
    world.pass_time(2_000)
    assert (world.state(record), world.row(record).looks > 5) == (S.ORPHANED, True)


def test_a_slow_provider__one_look_is_given_up_after_its_time_box(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH)
    world.provider.latency = 3_600
    world.pass_time(100)
    assert (world.state(record), world.row(record).looks) == (S.ORPHANED, 2)


def test_slow_looks_of_many__no_cancel_waits_behind_them(world: World) -> None:
    sidecar = world.start()
    world.provider.latencies = {"look": 9.0, "cancel": 0.05}
    for _ in range(200):
        sidecar.open(OperationKind.BATCH, renewed_at=world.clock.now() - 10**9)
    world.pass_time(75)  # held back for one lease, and then all are looked at
    record = sidecar.open()
    before = world.clock.now()
    world.run(sidecar.reaper.cancel(record.id))
    world.pass_time(1)
    assert [(at - before) < 1_000_000 for at, id, _ in world.sent if id == record.id] == [True]

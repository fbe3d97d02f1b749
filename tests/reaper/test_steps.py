"""Each step has somebody who takes it."""

from sidecar.lifecycle.operation import CancelResult as R, GoneReason, OperationEvent as E, OperationState as S
from sidecar.lifecycle.step import Lapse, Step, Wait
from sidecar.reaper.steps import is_silence
from tests.reaper.world import UPSTREAM, World


def test_every_step_but_waiting_has_its_taker(world: World) -> None:
    sidecar = world.start()
    assert set(sidecar.reaper._steps._takers) == set(Step.__args__) - {Wait}


def test_only_silence_is_judged_together() -> None:
    judged = [reason for reason in GoneReason if is_silence(Lapse(reason, ""))]
    assert judged == [GoneReason.LEASE_LAPSED, GoneReason.SIDECAR_LOST]
    assert not is_silence(Wait(0))


def test_polled_while_it_was_judged__restored(world: World) -> None:
    """The poll was written between the reading of the row and the move."""
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(50)
    now = world.clock.now()
    lapsed = {"lapsed_at": now, "gone_reason": GoneReason.LEASE_LAPSED.value, "renewed_at": now - 1}
    assert sidecar.ledger.move(record.id, E.LEASE_LAPSED, lapsed) is not None
    world.pass_time(12)
    assert (world.state(record), world.row(record).lapsed_at) == (S.RUNNING, None)


def test_it_lapses_anew__a_refusal_of_before_is_forgotten(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[422]))
    world.pass_time(80)
    assert world.row(record).cancel_result == R.REFUSED
    assert record.provider_id is not None
    row = sidecar.ledger.renew(UPSTREAM, record.provider_id, {"renewed_at": world.clock.now()})
    assert row is not None
    sidecar.reaper.renewed(row)
    world.pass_time(100)
    assert world.row(record).cancel_result == R.CONFIRMED

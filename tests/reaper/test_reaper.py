"""The reaper as a whole, from a caller's going to the settled row: the scenarios of reliability.md A, by their numbers."""

import msgspec
import pytest

from sidecar.lifecycle.operation import (
    CancelResult as R,
    GoneReason,
    OperationEvent,
    OperationKind,
    OperationState as S,
)
from tests.reaper.world import RULES, World

OBSERVING = msgspec.structs.replace(RULES, is_enforcing=False)


def test_a_caller_that_falls_silent__cancelled_confirmed_settled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(300)
    row = world.row(record)
    assert (row.state, row.outcome, row.cancel_result, row.gone_reason) == (
        S.CANCELLED, "cancelled", R.CONFIRMED, GoneReason.LEASE_LAPSED,
    )  # fmt: skip
    assert len(world.provider.cancels) == 1
    assert world.moves(record) == ["opened", "accepted", "lease_lapsed", "orphan_claimed", "observed_cancelled"]
    assert sidecar.journal.told("cancel_asked", record.id) == ["confirmed"]
    assert sidecar.troubles == []


def test_a_caller_that_polls_for_ten_leases__never_touched(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.poll_for(sidecar, record, 600)
    assert world.moves(record) == ["opened", "accepted"]
    assert world.provider.looks == []


def test_1_it_finishes_while_the_cancel_is_in_flight__too_late(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=71, stops_after=5))
    world.provider.latency = 3
    world.pass_time(90)
    row = world.row(record)
    assert (row.state, row.cancel_result) == (S.SUCCEEDED, R.TOO_LATE)
    world.pass_time(3_700)
    assert sidecar.journal.told("cancel_asked", record.id) == ["too_late"]


def test_2_the_caller_polls_while_cancelling__it_is_regretted(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(stops_after=30))
    world.pass_time(75)
    assert world.state(record) is S.CANCELLING
    assert sidecar.poll(record) == "stopping"
    world.pass_time(300)
    assert world.row(record).outcome == "cancelled"
    assert sidecar.journal.told("regretted", record.id) == [""]


def test_3_the_caller_returns_during_the_grace__nothing_was_sent(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(65)
    assert world.state(record) is S.ORPHANED
    sidecar.poll(record)
    world.poll_for(sidecar, record, 120)
    assert world.state(record) is S.RUNNING
    assert sidecar.journal.told("returned", record.id) == ["poll"]
    assert world.provider.cancels == []


def test_6_the_cancel_and_one_look_find_nothing__expired(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[404]))
    world.pass_time(69)
    assert record.provider_id is not None
    world.provider.forget(record.provider_id)
    world.pass_time(60)
    assert world.row(record).outcome == "expired"


def test_6_the_cancel_finds_nothing_but_the_look_does__sent_again(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[404]))
    world.pass_time(120)
    assert world.row(record).cancel_result == R.CONFIRMED
    assert len(world.provider.cancels) == 2


def test_8_too_many_requests__waits_as_told(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[429]))
    world.pass_time(120)
    first, second = (at for at, _, _ in world.provider.cancels)
    assert (second - first) / 1e6 >= 7
    assert world.row(record).cancel_result == R.CONFIRMED


@pytest.mark.parametrize("status", [500, 503, 0])
def test_9_an_outage__looked_at_before_it_is_sent_again(world: World, status: int) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[status]))
    world.pass_time(120)
    first, second = (at for at, _, _ in world.provider.cancels)
    assert any(first < at < second for at, _ in world.provider.looks)
    assert world.row(record).cancel_result == R.CONFIRMED


def test_10_answered_well_and_nothing_happens__abandoned_never_cancelled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(on_cancel=[299] * 100))
    world.pass_time(60 + 10 + 900 + 120 + 30)
    row = world.row(record)
    assert (row.outcome, row.cancel_result) == ("abandoned", R.UNCONFIRMED)
    assert 10 < len(world.provider.cancels) < 20
    assert sidecar.journal.told("cancel_asked", record.id) == ["unconfirmed"]


def test_11_no_cancel_there__unsupported_is_remembered_and_it_is_watched(world: World) -> None:
    sidecar = world.start()
    first = sidecar.open(job=world.provider.create(on_cancel=[501], ends_in=1_000))
    second = sidecar.open(job=world.provider.create(on_cancel=[501]))
    world.pass_time(900)
    assert len(world.provider.cancels) == 2  # both were on their way before it was known
    third = sidecar.open(job=world.provider.create(on_cancel=[501]))
    world.pass_time(900)
    assert len(world.provider.cancels) == 2
    assert [world.row(each).cancel_result for each in (first, second, third)] == [R.UNSUPPORTED] * 3
    assert [world.state(each) for each in (first, second, third)] == [S.SUCCEEDED, S.ORPHANED, S.ORPHANED]


def test_12_nobody_is_let_in__no_credential_and_rarely_again(world: World) -> None:
    sidecar = world.start()
    world.provider.refused = {"old", "configured"}
    sidecar.keys.sources = ["old", "configured"]
    record = sidecar.open()
    world.pass_time(600)
    row = world.row(record)
    assert (row.state, row.cancel_result) == (S.ORPHANED, R.NO_CREDENTIAL)
    sidecar.keys.sources = ["new"]
    world.pass_time(1_200)
    assert world.row(record).cancel_result == R.CONFIRMED
    assert sidecar.journal.told("cancel_asked", record.id) == ["no_credential", "confirmed"]


def test_12_the_newest_is_refused__the_next_is_tried(world: World) -> None:
    sidecar = world.start()
    world.provider.refused = {"caller"}
    sidecar.keys.sources = ["caller", "configured"]
    record = sidecar.open()
    world.pass_time(100)
    assert [source for _, _, source in world.provider.cancels] == ["configured"]
    assert world.row(record).cancel_result == R.CONFIRMED


def test_no_credential_at_all__nothing_is_asked(world: World) -> None:
    sidecar = world.start()
    sidecar.keys.sources = []
    record = sidecar.open()
    world.pass_time(100)
    assert (world.state(record), world.row(record).cancel_result) == (S.ORPHANED, R.NO_CREDENTIAL)
    assert world.provider.looks == []
    assert world.provider.cancels == []


def test_observe__would_cancel_once_and_it_is_watched_to_its_end(world: World) -> None:
    sidecar = world.start(rules=OBSERVING)
    record = sidecar.open(job=world.provider.create(ends_in=500))
    world.pass_time(400)
    row = world.row(record)
    assert (row.state, row.cancel_result, row.cancel_requested_at) == (S.ORPHANED, R.WOULD_CANCEL, None)
    assert sidecar.journal.told("cancel_asked", record.id) == ["would_cancel"]
    world.pass_time(5_000)
    assert (world.row(record).outcome, world.provider.cancels) == ("succeeded", [])


def test_a_batch__watched_and_never_cancelled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH, job=world.provider.create(ends_in=2_000))
    world.pass_time(8_000)
    assert (world.row(record).outcome, world.provider.cancels) == ("succeeded", [])


def test_a_batch_with_a_lease_of_its_own__cancelled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(OperationKind.BATCH, is_lease_asked=True)
    world.pass_time(300)
    assert world.row(record).outcome == "cancelled"


def test_detached__judged_by_no_lease_and_watched(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(is_detached=True, job=world.provider.create(ends_in=2_000))
    world.pass_time(1_000)
    assert world.moves(record) == ["opened", "accepted"]
    world.pass_time(5_000)
    assert world.row(record).outcome == "succeeded"


def test_its_caller_takes_the_end__settled_at_once(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=15))
    world.poll_for(sidecar, record, 20)
    world.pass_time(1)
    row = world.row(record)
    assert (row.outcome, row.claimed_at is not None) == ("succeeded", True)


def test_a_process_ends__no_lease_is_waited_for(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    world.pass_time(5)
    sidecar.reaper.caller_gone([record.id], GoneReason.PROCESS_EXITED, "process 4711 exited")
    world.pass_time(13)
    row = world.row(record)
    assert (row.gone_reason, row.state) == (GoneReason.PROCESS_EXITED, S.CANCELLED)


def test_a_process_ends_before_the_id_is_known__still_known(world: World) -> None:
    sidecar = world.start()
    row = sidecar.opening()
    sidecar.reaper.caller_gone([row.id], GoneReason.PROCESS_EXITED, "process 4711 exited")
    job = world.provider.create()
    accepted = sidecar.ledger.move(row.id, OperationEvent.ACCEPTED, {"provider_id": job.id})
    assert accepted is not None
    sidecar.reaper.opened(accepted)
    world.pass_time(15)
    assert world.state(row) is S.CANCELLED

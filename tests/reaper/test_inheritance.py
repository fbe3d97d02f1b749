"""What others leave is taken up: after a restart, and after a sidecar has died (reliability.md A 4, 13, 14, 15, 18, 22)."""

import msgspec

from sidecar.lifecycle.operation import CancelResult as R, GoneReason, OperationState as S
from tests.reaper.world import RULES, World


def test_15_after_a_restart__no_lease_is_judged_for_one_lease(world: World) -> None:
    first = world.start("first")
    record = first.open()
    world.pass_time(55)
    first.die()
    world.pass_time(3_600)
    second = world.start("second")
    world.pass_time(58)
    assert world.state(record) is S.RUNNING
    second.poll(record)
    world.pass_time(58)
    assert world.state(record) is S.RUNNING
    assert second.journal.told("resumed", record.id) == [""]


def test_a_caller_that_is_silent_after_a_restart__the_sidecar_was_lost(world: World) -> None:
    first = world.start("first")
    record = first.open()
    world.pass_time(1)
    first.die()
    world.start("second")
    world.pass_time(65)
    assert (world.state(record), world.row(record).gone_reason) == (S.ORPHANED, GoneReason.SIDECAR_LOST)
    world.pass_time(200)
    assert (world.row(record).outcome, len(world.provider.cancels)) == ("cancelled", 1)


def test_it_ended_while_we_were_dead__seen_at_once(world: World) -> None:
    first = world.start("first")
    record = first.open(job=world.provider.create(ends_in=10))
    first.die()
    world.pass_time(60)
    world.start("second")
    world.pass_time(1)
    assert world.state(record) is S.SUCCEEDED


def test_14_killed_while_cancelling__sent_again_and_confirmed(world: World) -> None:
    first = world.start("first")
    record = first.open(job=world.provider.create(on_cancel=[503]))
    world.pass_time(70.5)
    assert world.state(record) is S.CANCELLING
    first.die()
    world.start("second")
    world.pass_time(200)
    assert world.row(record).cancel_result == R.CONFIRMED
    assert [by for _, _, by in world.sent] == ["first", "second"]


def test_an_orphan_of_the_dead__its_caller_has_one_lease_to_come_back(world: World) -> None:
    first = world.start("first")
    record = first.open()
    world.pass_time(65)
    first.die()
    second = world.start("second")
    world.pass_time(50)
    assert world.state(record) is S.ORPHANED
    second.poll(record)
    world.pass_time(30)
    assert world.state(record) is S.RUNNING
    assert world.provider.cancels == []


def test_13_killed_before_the_id_was_known__found_in_a_listing(world: World) -> None:
    first = world.start("first")
    record = first.opening(name="nightly")
    job = world.provider.create("nightly")
    world.provider.create("another")
    first.die()
    world.start("second")
    world.pass_time(1)
    assert (world.state(record), world.row(record).provider_id) == (S.RUNNING, job.id)
    world.pass_time(300)
    assert world.provider.state_of(job.id) == "cancelled"


def test_13_two_of_that_name__neither_is_touched(world: World) -> None:
    first = world.start("first")
    record = first.opening(name="nightly")
    world.provider.create("nightly")
    world.provider.create("nightly")
    first.die()
    second = world.start("second")
    world.pass_time(1_800)
    assert (world.row(record).outcome, world.provider.cancels) == ("untraceable", [])
    assert second.journal.told("settled", record.id) == ["untraceable"]


def test_13_one_of_two_is_known_already__the_other_is_it(world: World) -> None:
    first = world.start("first")
    first.open(job=world.provider.create("nightly"))
    lost = first.opening(name="nightly")
    job = world.provider.create("nightly")
    first.die()
    world.start("second")
    world.pass_time(1)
    assert world.row(lost).provider_id == job.id


def test_13_nothing_to_look_for__untraceable_at_once(world: World) -> None:
    first = world.start("first")
    record = first.opening()
    first.die()
    world.start("second")
    world.pass_time(1)
    assert world.row(record).outcome == "untraceable"


def test_22_the_reply_of_a_create_is_lost__looked_up_without_waiting(world: World) -> None:
    sidecar = world.start()
    record = sidecar.opening(name="nightly")
    job = world.provider.create("nightly")
    sidecar.reaper.look(record)
    world.pass_time(1)
    assert world.row(record).provider_id == job.id


def test_a_create_that_is_under_way__not_looked_up(world: World) -> None:
    sidecar = world.start()
    record = sidecar.opening(name="nightly")
    sidecar.reaper.opened(record)
    world.provider.create("nightly")
    world.pass_time(800)
    assert world.state(record) is S.OPENING


def test_18_a_sidecar_dies__one_of_the_others_takes_over(world: World) -> None:
    dead, *others = (world.start(name) for name in ("a", "b", "c"))
    records = [dead.open() for _ in range(10)]
    world.pass_time(30)
    dead.die()
    world.pass_time(400)
    assert {world.row(record).outcome for record in records} == {"cancelled"}
    assert len(world.provider.cancels) == 10
    taken = [other.journal.told("taken_over", record.id) for other in others for record in records]
    assert sum(map(len, taken)) == 10


def test_4_two_see_the_same_lapse__one_claim_wins(world: World) -> None:
    patient = msgspec.structs.replace(RULES, grace_seconds=60)
    first, second = world.start("a", rules=patient), world.start("b", rules=patient)
    record = first.open()
    world.pass_time(65)
    world.rows.alive.discard("a")  # cut off for a while, and then back
    world.pass_time(30)
    world.rows.alive.add("a")
    world.pass_time(400)
    assert second.journal.told("taken_over", record.id)
    assert [by for _, _, by in world.sent] == ["b"]
    assert (first.journal.told("settled", record.id), second.journal.told("settled", record.id)) == ([], ["cancelled"])


def test_4_a_caller_polls_through_another_sidecar__it_counts(world: World) -> None:
    holder, other = world.start("a"), world.start("b")
    record = holder.open()
    world.poll_for(other, record, 600)
    assert world.moves(record) == ["opened", "accepted"]


def test_4_it_comes_back_through_another_sidecar__kept_and_counted_by_its_holder(world: World) -> None:
    holder, other = world.start("a"), world.start("b")
    record = holder.open()
    world.pass_time(65)
    other.poll(record)
    world.poll_for(other, record, 120)
    assert world.state(record) is S.RUNNING
    assert holder.journal.told("returned", record.id) == ["poll"]


def test_a_row_that_nobody_told_of__found_when_all_are_counted(world: World) -> None:
    sidecar = world.start()
    record = sidecar.opening()
    world.pass_time(15 * 20 + 900 + 30)
    assert world.row(record).outcome == "untraceable"


def test_each_looks_after_the_dead_that_stand_before_the_next_who_lives(world: World) -> None:
    """So what a zone leaves is spread over all who live, and nobody need look at all of it (tests/scale)."""
    ring = {name: world.start(name) for name in "abcdefgh"}
    records = {name: ring[name].open() for name in "bdf"}
    world.pass_time(21)
    for name in records:
        ring[name].die()
    world.pass_time(20)
    assert {name: world.row(record).holder for name, record in records.items()} == {"b": "a", "d": "c", "f": "e"}


def test_the_neighbor_lives_and_does_not_look__one_who_stands_further_away_finds_it(world: World) -> None:
    dead, stuck, other = (world.start(name) for name in ("c", "b", "a"))
    record = dead.open()
    stuck.thread.is_dead = True  # its ledger's own thread still says that it is alive
    dead.die()
    world.pass_time(45)
    assert world.row(record).holder == other.name

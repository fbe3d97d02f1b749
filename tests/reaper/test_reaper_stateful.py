"""Two reapers over one ledger, an unruly provider, crashes, sleeps, and clocks that are set: what must hold all the same."""

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import GoneReason, OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from tests.reaper.claims import Checked
from tests.reaper.world import Sidecar, World

WRITES = st.sampled_from(["move", "note", "note", "settle", ""])
SIDES = st.sampled_from([0, 1])
SOME = [OperationKind.BACKGROUND, OperationKind.BACKGROUND, OperationKind.BACKGROUND, OperationKind.BATCH]
POLL_SECONDS = 25.0
DEAD_AFTER_SECONDS = 10.0  # of sleep the others take a process for dead; longer than its check of a claim is good for
CANCEL_ANSWERS = st.lists(st.sampled_from([200, 200, 404, 409, 422, 429, 500, 501, 299, 0]), max_size=4)


class Journeys(RuleBasedStateMachine):
    """Operations on their way, and everything that can happen to those who look after them."""

    operations: Bundle[OperationRecord] = Bundle("operations")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.sent = Checked(self.world)
        self.names = iter(range(10_000))
        self.pair = [self.born(), self.born()]
        self.asleep: set[str] = set()
        self.dead: set[str] = set()
        self.faithful: list[OperationRecord] = []
        self.settled: dict[str, OperationRecord] = {}

    def born(self) -> Sidecar:
        sidecar = self.world.start(f"s{next(self.names)}")
        sidecar.ledger.fall_asleep = lambda: self.falls_asleep(sidecar)
        return sidecar

    def awake(self, side: int) -> Sidecar | None:
        sidecar = self.pair[side]
        return None if sidecar.name in self.asleep | self.dead else sidecar

    def anybody(self) -> Sidecar:
        """Somebody through whom requests pass; without a sidecar there is nothing to test."""
        found = self.awake(0) or self.awake(1)
        if found is not None and not found.thread.is_away:
            return found
        self.wakes()
        if {each.name for each in self.pair} <= self.dead:
            self.pair[0] = self.born()
        found = self.awake(0) or self.awake(1)
        assert found is not None
        found.thread.is_away = False
        return found

    # === what callers do ===

    @initialize(target=operations)
    def some_are_there(self) -> Any:
        opened = (self.opens(number % 2, kind, False, number == 2, None, 0, []) for number, kind in enumerate(SOME))
        return multiple(*opened)

    @rule(
        target=operations,
        side=SIDES,
        kind=st.sampled_from(SOME),
        is_detached=st.booleans(),
        is_faithful=st.booleans(),
        ends_in=st.none() | st.floats(1, 400),
        stops_after=st.sampled_from([0, 0, 5, 100, None]),
        on_cancel=CANCEL_ANSWERS,
    )
    def opens(
        self, side: int, kind: OperationKind, is_detached: bool, is_faithful: bool,
        ends_in: float | None, stops_after: float | None, on_cancel: list[int],
    ) -> OperationRecord:  # fmt: skip
        job = self.world.provider.create(ends_in=ends_in, stops_after=stops_after, on_cancel=list(on_cancel))
        record = (self.awake(side) or self.anybody()).open(kind, job, is_detached=is_detached)
        if is_faithful:
            self.faithful.append(record)
        return record

    @rule(target=operations, side=SIDES)
    def its_create_is_lost(self, side: int) -> OperationRecord:
        """Its sidecar dies right behind the create."""
        name = f"name-{next(self.names)}"
        sidecar = self.awake(side) or self.anybody()
        record = sidecar.opening(name=name)
        self.world.provider.create(name)
        self.dies(self.pair.index(sidecar))
        return record

    @rule(record=operations, side=SIDES)
    def polls(self, record: OperationRecord, side: int) -> None:
        sidecar = self.awake(side)
        if sidecar is not None and record.provider_id is not None:
            sidecar.poll(record)

    @rule(record=operations, side=SIDES)
    def process_ends(self, record: OperationRecord, side: int) -> None:
        if record not in self.faithful:
            self.pair[side].reaper.caller_gone([record.id], GoneReason.PROCESS_EXITED, "process 4711 exited")

    @rule(record=operations, side=SIDES)
    def a_person_cancels(self, record: OperationRecord, side: int) -> None:
        sidecar = self.awake(side)
        if sidecar is not None and not sidecar.thread.is_away and record not in self.faithful:
            asked = self.world.loop.create_task(sidecar.reaper.cancel(record.id))  # it may fall asleep over it
            asked.add_done_callback(lambda task: task.cancelled() or task.exception())
            self.world.pass_time(0.1)

    # === what happens to sidecars ===

    @rule(side=SIDES)
    def dies(self, side: int) -> None:
        self.asleep.discard(self.pair[side].name)
        self.dead.add(self.pair[side].name)
        self.pair[side].die()

    @rule(side=SIDES)
    def starts_anew(self, side: int) -> None:
        if self.pair[side].name in self.dead:
            self.pair[side] = self.born()

    @rule(side=SIDES, write=WRITES)
    def sleeps_behind_its_next(self, side: int, write: str) -> None:
        """The worst moments: the row is written, and the one who wrote it knows only when it wakes. Or else now."""
        self.pair[side].ledger.sleeps_behind = write
        if not write:
            self.falls_asleep(self.pair[side])

    @rule(side=SIDES, write=WRITES, seconds=st.sampled_from([3.0, 12.0, 35.0, 50.0, 100.0]))
    def naps(self, side: int, write: str, seconds: float) -> None:
        """Long enough for the others to take over, or not; and it finds the world as it is."""
        self.sleeps_behind_its_next(side, write)
        self.time_passes(70.0)
        self.time_passes(seconds)
        self.wakes()
        self.time_passes(20.0)

    @rule(side=SIDES, is_away=st.booleans())
    def ledger_fails(self, side: int, is_away: bool) -> None:
        self.pair[side].thread.is_away = is_away

    def falls_asleep(self, sidecar: Sidecar) -> None:
        if sidecar.name not in self.asleep | self.dead:
            sidecar.thread.is_stopped = True
            self.asleep.add(sidecar.name)
            self.world.loop.call_later(DEAD_AFTER_SECONDS, self.taken_for_dead, sidecar)

    def taken_for_dead(self, sidecar: Sidecar) -> None:
        if sidecar.name in self.asleep:
            self.world.rows.alive.discard(sidecar.name)

    @precondition(lambda self: self.asleep)
    @rule()
    def wakes(self) -> None:
        for sidecar in self.pair:
            if sidecar.name in self.asleep:
                self.world.rows.alive.add(sidecar.name)
                sidecar.thread.go_on()
        self.asleep.clear()

    # === what happens around them ===

    @rule(is_down=st.booleans())
    def provider_fails(self, is_down: bool) -> None:
        self.world.provider.is_down = is_down

    @rule(seconds=st.sampled_from([-40, -7, 7, 500, 100_000]))
    def clock_is_set(self, seconds: int) -> None:
        self.world.clock.offset += seconds * SECOND

    @rule(seconds=st.floats(0.1, 20) | st.sampled_from([35.0, 62.0, 75.0, 130.0, 600.0]))
    def time_passes(self, seconds: float) -> None:
        """Faithful callers poll twice in a lease, through whoever is there."""
        while seconds > 0:
            self.world.pass_time(min(seconds, POLL_SECONDS))
            seconds -= POLL_SECONDS
            sidecar = self.anybody()
            for record in self.faithful:
                sidecar.poll(record)

    # === what must hold ===

    @invariant()
    def every_cancel_had_a_claim(self) -> None:
        assert self.world.sent.violations == []  # type: ignore[attr-defined]

    @invariant()
    def no_faithful_caller_lost_its_operation(self) -> None:
        sent = {id for _, id, _ in self.world.sent}
        assert [record.id for record in self.faithful if record.id in sent] == []

    @invariant()
    def what_has_settled_stays(self) -> None:
        for id, row in self.world.rows.records.items():
            if row.settled_at is not None:
                first = self.settled.setdefault(id, row)
                assert (row.settled_at, row.outcome, row.spend_usd) == (
                    first.settled_at,
                    first.outcome,
                    first.spend_usd,
                )

    @invariant()
    def none_settled_twice(self) -> None:
        told = [id for each in self.world.sidecars for what, id, _ in each.journal.lines if what == "settled"]
        assert len(told) == len(set(told))

    @invariant()
    def no_fault_of_ours(self) -> None:
        assert [each for sidecar in self.world.sidecars for each in sidecar.troubles if "fault" in each] == []

    def teardown(self) -> None:
        """When all is well again, everything comes to its end."""
        try:
            self.everything_settles()
        finally:
            self.world.close()

    def everything_settles(self) -> None:
        self.anybody()
        self.wakes()
        for sidecar in self.pair:
            sidecar.thread.is_away, sidecar.ledger.sleeps_behind = False, ""
        self.provider_fails(False)
        for job in self.world.provider.jobs.values():
            job.ends_at, job.on_cancel = job.ends_at or self.world.clock.now(), []
        for _ in range(16):
            self.world.pass_time(900)
        assert [row for row in self.world.rows.records.values() if row.settled_at is None] == []
        self.none_settled_twice()
        self.no_fault_of_ours()
        self.every_cancel_had_a_claim()


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

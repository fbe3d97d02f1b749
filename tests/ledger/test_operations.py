"""Whatever is done to operations, by whomever and in whatever order, file and dict say the same, and the promises hold."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sidecar.clock import SECOND
from sidecar.ledger.operations import OperationLedger, OperationQuery
from sidecar.lifecycle.operation import OPEN, OperationEvent, OperationKind, becomes
from sidecar.lifecycle.operation_record import OperationRecord
from tests.ledger.given import START
from tests.ledger.operations_given import FileOperationPlace, MemoryOperationPlace, operation

IDS = st.sampled_from(["o1", "o2", "o3"])
KEYS = st.sampled_from(["k1", "k2"])
INSTANCES = st.sampled_from(["first", "second"])
FENCES = st.none() | st.integers(1, 4)
MOMENTS = st.integers(START, START + 100 * SECOND)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "provider_id": KEYS.map("projects/p/{}".format),
        "due_at": MOMENTS,
        "renewed_at": MOMENTS,
        "lapsed_at": st.none() | MOMENTS,
        "spend_usd": st.none() | st.decimals(0, 9, places=4),
        "basis": st.sampled_from(["exact", "estimated"]),
        "usage": st.dictionaries(st.sampled_from(["input", "output"]), st.integers(0, 9)),
    },
)


class Ledgers(RuleBasedStateMachine):
    """Two instances on a file and the same two on a dict, each told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.file = FileOperationPlace(Path(self.directory.name))
        self.memory = MemoryOperationPlace()
        self.seen: dict[str, OperationRecord] = {}
        """The latest that was read of each."""

    @initialize()
    def begin(self) -> None:
        for id in ("o1", "o2"):
            self.both("first", "open", operation(id))

    def both(self, instance: str, act: str, *arguments: Any) -> Any:
        """Do the same in both; what they answer is the same."""
        ledgers: list[OperationLedger] = [place.open(instance) for place in (self.file, self.memory)]
        answers = [getattr(ledger, act)(*arguments) for ledger in ledgers]
        assert answers[0] == answers[1]
        return answers[0]

    @rule(seconds=st.integers(1, 30))
    def time_passes(self, seconds: int) -> None:
        self.file.clock.at = self.memory.clock.at = self.file.clock.at + seconds * SECOND

    @rule(instance=INSTANCES)
    def another_is_opened(self, instance: str) -> None:
        if "o3" not in self.seen:
            self.both(instance, "open", operation("o3", opened_at=self.file.clock.at))

    @rule(instance=INSTANCES, id=IDS, event=st.sampled_from(OperationEvent), changes=CHANGES, fence=FENCES)
    def it_moves(
        self, instance: str, id: str, event: OperationEvent, changes: dict[str, Any], fence: int | None
    ) -> None:
        before = self.seen.get(id)
        moved = self.both(instance, "move", id, event, changes, "seen", fence)
        may = before is not None and before.settled_at is None and fence in {None, before.fence}
        expected = becomes(event, before.state) if before is not None and may else None
        assert (None if moved is None else moved.state) == expected

    @rule(instance=INSTANCES, id=IDS, changes=CHANGES, fence=st.integers(1, 4))
    def it_is_noted(self, instance: str, id: str, changes: dict[str, Any], fence: int) -> None:
        self.both(instance, "note", id, fence, changes)

    @rule(instance=INSTANCES, key=KEYS, changes=CHANGES)
    def its_caller_polls(self, instance: str, key: str, changes: dict[str, Any]) -> None:
        self.both(instance, "renew", "openai", key, {"renewed_at": self.file.clock.at} | changes)

    @rule(instance=INSTANCES, ids=st.lists(IDS), at=MOMENTS)
    def its_caller_listens(self, instance: str, ids: list[str], at: int) -> None:
        self.both(instance, "renew_all", ids, at)

    @rule(instance=INSTANCES, limit=st.integers(0, 3))
    def the_other_dies(self, instance: str, limit: int) -> None:
        self.memory.rows.alive = {instance}
        for record in self.both(instance, "take_over", limit):
            assert record.fence == self.seen[record.id].fence + 1

    @rule(instance=INSTANCES, id=IDS, changes=CHANGES, fence=st.integers(1, 4))
    def it_settles(self, instance: str, id: str, changes: dict[str, Any], fence: int) -> None:
        before = self.seen.get(id)
        record = self.both(instance, "settle", id, fence, changes)
        if record is not None:
            assert before is not None
            assert (before.settled_at, before.fence, before.state in OPEN) == (None, fence, False)

    @rule(id=IDS, field=st.sampled_from(["reclaimed_at", "regretted_at"]), at=MOMENTS)
    def something_comes_after(self, id: str, field: str, at: int) -> None:
        self.both("first", "mark_after", id, field, at)

    @rule(instance=INSTANCES)
    def somebody_looks(self, instance: str) -> None:
        self.both(instance, "unsettled")
        spent = self.both(instance, "typical_spend", "openai", "gpt-6", OperationKind.BACKGROUND)
        assert all(isinstance(amount, Decimal) for amount in spent)

    @invariant()
    def both_hold_the_same(self) -> None:
        file, memory = self.file.open(), self.memory.open()
        records = list(file.operations(OperationQuery()))
        assert records == list(memory.operations(OperationQuery()))
        for record in records:
            lines = file.moves(record.id)
            assert lines == memory.moves(record.id)
            assert [line.number for line in lines] == list(range(1, len(lines) + 1))
            assert lines[-1].state is record.state
            self.check_against_before(record)
        self.seen = {record.id: record for record in records}

    def check_against_before(self, record: OperationRecord) -> None:
        """What was settled stays as it was, fences grow, and the outcome is the last state."""
        before = self.seen.get(record.id, record)
        assert record.fence >= before.fence
        assert record.outcome == (None if record.settled_at is None else record.state.value)
        if before.settled_at is not None:
            afterwards = ("reclaimed_at", "regretted_at")
            fixed = [name for name in record.__struct_fields__ if name not in afterwards]
            assert [getattr(record, name) for name in fixed] == [getattr(before, name) for name in fixed]

    def teardown(self) -> None:
        self.file.file.close()
        self.directory.cleanup()


Ledgers.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLedgers = Ledgers.TestCase

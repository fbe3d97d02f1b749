"""Sidecars with real reapers over one shared ledger in memory, a provider, and a time that is moved."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from sidecar.clock import Moment
from sidecar.ledger.operation_memory import MemoryOperations, OperationRows
from sidecar.lifecycle.known import Rules
from sidecar.lifecycle.operation import OperationEvent as E, OperationKind, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.contract import Reported
from sidecar.providers.names import mark_of
from sidecar.providers.operation import OperationWire
from sidecar.reaper.contract import Answer, Credential
from sidecar.reaper.means import Given
from sidecar.reaper.reading import observed_in
from sidecar.reaper.reaper import Reaper
from tests.reaper.moved_time import InlineThread, MovedClock, MovedLoop
from tests.reaper.provider import WIRE, Job, JobAsker, Provider

T = TypeVar("T")

RULES = Rules(
    is_enforcing=True,
    is_watching=True,
    cancelled_kinds=frozenset({OperationKind.BACKGROUND, OperationKind.LRO}),
    lease_seconds=60,
    grace_seconds=10,
    claim_seconds=3_600,
    confirm_seconds=120,
    give_up_seconds=900,
)
UPSTREAM = "openai"


class Journal:
    """A `Recorder` that writes down what it is told: the name of the method, the operation, and the word."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.suspicions: list[str] = []

    def resumed(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        self.lines.append(("resumed", record.id, ""))

    def taken_over(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        self.lines.append(("taken_over", record.id, ""))

    def departed(self, record: OperationRecord, reason: object, typical: Sequence[Decimal] = ()) -> None:
        self.lines.append(("departed", record.id, str(reason)))

    def returned(self, record: OperationRecord, via: str) -> None:
        self.lines.append(("returned", record.id, via))

    def ended(self, record: OperationRecord) -> None:
        self.lines.append(("ended", record.id, record.state.value))

    def cancel_sent(self, record: OperationRecord) -> None:
        self.lines.append(("cancel_sent", record.id, ""))

    def cancel_asked(self, record: OperationRecord, trigger: object, result: object) -> None:
        self.lines.append(("cancel_asked", record.id, str(result)))

    def settled(self, record: OperationRecord, tokens: object = None) -> None:
        self.lines.append(("settled", record.id, str(record.outcome)))

    def reclaimed(self, record: OperationRecord) -> None:
        self.lines.append(("reclaimed", record.id, ""))

    def regretted(self, record: OperationRecord) -> None:
        self.lines.append(("regretted", record.id, ""))

    def suspected(self, suspected: int, known: int, why: str) -> None:
        self.suspicions.append(why)

    def states(self, counts: object) -> None:
        self.counts = counts

    def told(self, what: str, id: str) -> list[str]:
        return [word for line, of, word in self.lines if (line, of) == (what, id)]


class Keys:
    """`Credentials` that are always there, unless a test takes them away."""

    def __init__(self, *sources: str) -> None:
        self.sources = list(sources or ("caller",))

    async def candidates(self, record: OperationRecord) -> Sequence[Credential]:
        return [Credential(((b"authorization", b"x"),), source) for source in self.sources]


class SleepyOperations(MemoryOperations):
    """A ledger whose process can be made to fall asleep with a write: it is done, and told only when it wakes."""

    sleeps_behind = ""
    """The kind of write: `move`, `note`, `settle`."""

    fall_asleep: Callable[[], None] | None = None

    def operation(self, id: str) -> OperationRecord | None:
        """By the whole id without a search, as databases do it: there may be ten thousand."""
        found = self.rows.records.get(id)
        return super().operation(id) if found is None else msgspec.structs.replace(found)

    def move(self, *args: Any, **named: Any) -> OperationRecord | None:
        self._written("move")
        return super().move(*args, **named)

    def note(self, *args: Any, **named: Any) -> bool:
        self._written("note")
        return super().note(*args, **named)

    def settle(self, *args: Any, **named: Any) -> OperationRecord | None:
        self._written("settle")
        return super().settle(*args, **named)

    def _written(self, write: str) -> None:
        if write == self.sleeps_behind:
            self.sleeps_behind = ""
            if self.fall_asleep is not None:
                self.fall_asleep()


class Sidecar:
    """One process: a ledger's instance, a reaper, and the road's side of things."""

    def __init__(
        self, world: "World", name: str, rules: Rules, wire: OperationWire, *, has_heirs: bool = False
    ) -> None:
        self.world, self.name, self.wire = world, name, wire
        self.ledger = SleepyOperations(name, world.clock, world.rows)
        self.thread = InlineThread()
        self.journal = Journal()
        self.keys = Keys()
        self.troubles: list[str] = []
        self.settled_with: dict[str, Reported | None] = {}
        self.why: dict[str, str] = {}
        given = Given(
            instance=name, asker=JobAsker(world.provider, world.sent, name), credentials=self.keys,
            wires=lambda record: wire, recorder=self.journal, settlement=self.settle, rules=rules, clock=world.clock,
            chance=lambda: 0.5, has_heirs=has_heirs,
        )  # fmt: skip
        told = self.troubles.append
        self.reaper = Reaper(given, ledger=self.ledger, loop=world.loop, trouble=told, thread=self.thread)

    def settle(
        self, record: OperationRecord, reported: Reported | None, *, now: Moment, why_nothing: str, **more: object
    ) -> dict[str, Any]:
        """A settlement that costs a dollar where anything was reported; remembers what it was given."""
        self.settled_with[record.id], self.why[record.id] = reported, why_nothing
        return {"settled_at": now, "spend_usd": None if reported is None else Decimal(1)}

    def opening(self, kind: OperationKind = OperationKind.BACKGROUND, name: str = "", **more: Any) -> OperationRecord:
        """The row of an operation whose create is under way."""
        now = self.world.clock.now()
        record = OperationRecord(
            id=f"o{len(self.world.rows.records)}", upstream=UPSTREAM, provider="openai", dialect="openai", method="m",
            kind=kind, model="m", opened_at=now, path="/jobs", mark=mark_of(name), lease_seconds=60, renewed_at=now,
            due_at=now,
        )  # fmt: skip
        return self.ledger.open(msgspec.structs.replace(record, **more))

    def open(
        self, kind: OperationKind = OperationKind.BACKGROUND, job: Job | None = None, **more: Any
    ) -> OperationRecord:
        """An operation whose create was answered."""
        row = self.opening(kind, **more)
        job = job or self.world.provider.create()
        accepted = self.ledger.move(row.id, E.ACCEPTED, {"provider_id": job.id})
        assert accepted is not None
        self.reaper.opened(accepted)
        return accepted

    def poll(self, record: OperationRecord) -> str:
        """Its caller asks how it stands, and takes the reply."""
        assert record.provider_id is not None
        row = self.ledger.renew(UPSTREAM, record.provider_id, {"renewed_at": self.world.clock.now()})
        assert row is not None
        self.reaper.renewed(row)
        job = self.world.provider.jobs.get(record.provider_id)
        if job is None:
            return "missing"
        document = json.dumps(self.world.provider.document(job)).encode()
        observed = observed_in(self.wire, row, Answer(200, document, "application/json"))
        assert observed is not None
        is_end = self.world.provider.state_of(job.id) not in ("running", "stopping")
        self.reaper.observed(row, observed, is_claimed=is_end)
        return self.world.provider.state_of(job.id)

    def die(self) -> None:
        """SIGKILL: nothing more is done, and nothing is told."""
        self.world.rows.alive.discard(self.name)
        self.thread.is_dead = True


class World:
    """Everything. `pass_time` moves it."""

    def __init__(self) -> None:
        self.loop = MovedLoop()
        self.clock = MovedClock(self.loop)
        self.rows = OperationRows()
        self.provider = Provider(self.clock)
        self.sent: list[tuple[Moment, str, str]] = []
        """Cancels that left: when, which operation, by which sidecar."""
        self.sidecars: list[Sidecar] = []

    def start(
        self, name: str = "a", rules: Rules = RULES, wire: OperationWire = WIRE, *, has_heirs: bool = False
    ) -> Sidecar:
        sidecar = Sidecar(self, name, rules, wire, has_heirs=has_heirs)
        self.sidecars.append(sidecar)
        self.run(sidecar.reaper.start())
        return sidecar

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def pass_time(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    def poll_for(self, sidecar: Sidecar, record: OperationRecord, seconds: float, every: float = 10) -> None:
        for _ in range(int(seconds / every)):
            self.pass_time(every)
            sidecar.poll(record)

    def row(self, record: OperationRecord) -> OperationRecord:
        return self.rows.records[record.id]

    def state(self, record: OperationRecord) -> S:
        return self.row(record).state

    def moves(self, record: OperationRecord) -> list[str]:
        return [move.event.value for move in self.rows.moves[record.id]]

    def close(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0))
        self.run(asyncio.sleep(0))
        self.loop.close()

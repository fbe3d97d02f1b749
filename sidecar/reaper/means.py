"""What those who take the steps work with, and the two ways in which they write."""

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sidecar.clock import SECOND, Clock, Moment
from sidecar.lifecycle.known import Known, Rules
from sidecar.lifecycle.operation import OperationEvent
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.silence import Crowd, Listening
from sidecar.providers.operation import OperationWire, Place
from sidecar.reaper.contract import Asker, Credentials, Recorder, Settlement
from sidecar.reaper.questions import Questions
from sidecar.reaper.roster import Entry, Roster
from sidecar.reaper.store import Store

Wires = Callable[[OperationRecord], OperationWire | None]
"""How one speaks about an operation; None where its dialect does not say (any more)."""


def forgets_nothing(_: str) -> None:
    """Nobody wants to know."""


class Given(NamedTuple):
    """What a reaper is given to work with."""

    instance: str
    """The ledger's name of this sidecar."""
    asker: Asker
    credentials: Credentials
    wires: Wires
    recorder: Recorder
    settlement: Settlement
    rules: Rules
    clock: Clock
    chance: Callable[[], float] = random.random
    """Gives numbers from 0 to 1, by which questions are spread."""
    forget: Callable[[str], None] = forgets_nothing
    """Told of every operation that is ours no more: it has settled, or another sidecar has it."""
    has_heirs: bool = False
    """Other sidecars go on with what we leave, as in a shared ledger."""


class Means:
    """One per reaper. Belongs to the event loop's thread."""

    def __init__(self, given: Given, store: Store, beat_seconds: float, sooner: Callable[[], None]) -> None:
        """`sooner` is called when something is due earlier than all else."""
        self.instance = given.instance
        self.store = store
        self.looks = Questions(given.asker, given.credentials)
        self.cancels = Questions(given.asker, given.credentials)
        self.wires = given.wires
        self.recorder = given.recorder
        self.settlement = given.settlement
        self.rules = given.rules
        self.has_heirs = given.has_heirs
        self.clock = clock = given.clock
        self.listening = Listening(clock.now(), clock.monotonic_ns(), beat_seconds)
        self.chance = given.chance
        self.crowd = Crowd()
        self.roster = Roster(sooner, given.forget)
        self.unsupported: set[tuple[str, str]] = set()
        """Upstreams and methods whose provider has said that it has no cancel for them."""

    def now(self) -> Moment:
        """The present moment by the ledger's clock, without asking the ledger."""
        return self.listening.now(self.clock.monotonic_ns())

    def later(self, seconds: float) -> Moment:
        """The moment after so many seconds."""
        return self.now() + int(seconds * SECOND)

    def can_cancel(self, record: OperationRecord) -> bool:
        """Whether its provider has a cancel for it, as far as we have seen."""
        wire = self.wires(record)
        is_known = wire is not None and wire.cancel is not None and record.provider_id is not None
        return is_known and (record.upstream, record.method) not in self.unsupported

    def known(self, entry: Entry, record: OperationRecord) -> Known:
        """What a decision about it is made from beside its row."""
        wire = self.wires(record)
        return entry.known(
            self.listening.since,
            self.crowd.held_until,
            can_look=wire is not None and record.provider_id is not None,
            can_cancel=self.can_cancel(record),
            can_find=wire is not None and wire.find is not None and bool(record.mark),
        )

    async def move(
        self, entry: Entry, record: OperationRecord, event: OperationEvent, changes: Mapping[str, Any], evidence: str
    ) -> OperationRecord | None:
        """Make one move as its holder; None when somebody was first."""
        moved = await self.store.do(lambda ledger: ledger.move(record.id, event, changes, evidence, record.fence))
        if moved is not None:
            self.roster.became(entry, moved.state)
        return moved

    async def note(self, record: OperationRecord, changes: Mapping[str, Any]) -> bool:
        """Set fields as its holder; False when it is another's, or has settled."""
        return await self.store.do(lambda ledger: ledger.note(record.id, record.fence, changes))


def place_of(record: OperationRecord) -> Place:
    """Which operation a question is about."""
    return Place(record.path, record.provider_id or "")

"""One pod of a simulated fleet: the product's own reaper, renewals, presence and look for lost calls, over simulated things."""

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, cast

from sidecar.clock import Moment
from sidecar.ledger.contract import Ledger
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_presence import Presence
from sidecar.lifecycle.operation import OperationEvent as E, OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.losses import Losses
from sidecar.proxy.operation_rows import OperationRows
from sidecar.proxy.renewals import Renewals
from sidecar.proxy.seen_operations import name_of
from sidecar.reaper.contract import Answer, Credential
from sidecar.reaper.means import Given
from sidecar.reaper.reading import observed_in
from sidecar.reaper.reaper import Reaper
from sidecar.telemetry.recorder import Recorder
from tests.reaper.provider import WIRE, Job
from tests.reaper.world import RULES, UPSTREAM
from tests.scale.fleet_database import FleetConnection, FleetDatabase, ask
from tests.scale.fleet_ledger import FleetOperations
from tests.scale.fleet_loop import PodClock
from tests.scale.fleet_provider import FleetAsker, FleetProvider

KEY = Credential(((b"authorization", b"x"),), "configured")
END_SECONDS = 25.0
"""For a pod's end: `drain.deadline_seconds`."""


class Silence:
    """A `Recorder` that remembers nothing but how often callers were suspected together."""

    def __init__(self) -> None:
        self.suspicions = 0

    def suspected(self, suspected: int, known: int, why: str) -> None:
        """One breaker has tripped."""
        self.suspicions += 1

    def lost(self, records: Sequence[CallRecord]) -> None:
        """Calls of the dead."""

    def _ignored(self, *told: object, **more: object) -> None:
        """Not what is simulated."""

    resumed = taken_over = departed = returned = ended = cancel_sent = cancel_asked = _ignored
    settled = reclaimed = regretted = states = _ignored


class Keys:
    """`Credentials` that are configured, as those of a pod that takes over from others have to be."""

    async def candidates(self, record: OperationRecord) -> Sequence[Credential]:
        """The one."""
        return (KEY,)


class LostCalls:
    """The side of a `Ledger` that `Losses` asks: three statements a look (`PostgresStore.settle_lost`), and nothing lost."""

    is_dead = False

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Look once."""
        if not self.is_dead:
            self._database.count("dead", 3)
        return []


class Pod:
    """A sidecar and where it runs. `start` it, and `end` it or `kill` it."""

    def __init__(self, name: str, node: int, database: FleetDatabase, provider: FleetProvider, seed: int) -> None:
        self.name, self.node = name, node
        self._database, self._provider, self._loop = database, provider, database.loop
        loop = self._loop.as_loop
        self._dice = dice = random.Random(seed)
        # Clocks of machines in one cluster: seconds apart at worst where somebody looks after them, here an hour.
        self.clock = PodClock(self._loop, off_seconds=dice.uniform(-3600, 3600), gains=dice.uniform(-5e-4, 5e-4))
        self.presence = Presence(
            PostgresAddress("the fleet's database", {}), name, self.clock, connects=self._connect, chance=dice.random
        )
        self.ledger = FleetOperations(self.presence, database)
        self.silence = Silence()
        given = Given(
            instance=name, asker=FleetAsker(provider, name), credentials=Keys(), wires=lambda record: WIRE,
            recorder=self.silence, settlement=_settled, rules=RULES, clock=self.clock, chance=dice.random, has_heirs=True,
        )  # fmt: skip
        self.troubles: list[str] = []
        self.reaper = Reaper(given, ledger=self.ledger, loop=loop, trouble=self.troubles.append)
        self._rows = OperationRows(loop, self.ledger, self.troubles.append, dice.random)
        self.renewals = Renewals(loop, self._rows, self.ledger, self.clock, self.reaper, RULES.lease_seconds)
        self._calls = LostCalls(database)
        self._losses = Losses(cast(Ledger, self._calls), cast(Recorder, self.silence), self.clock)
        self._beating: asyncio.TimerHandle | None = None
        self.is_alive = False
        self.has_application = False
        """Somebody opens operations through it, and polls."""
        self.gone_at: float | None = None
        """When it said goodbye, or died; in the loop's seconds."""

    def _connect(self, address: PostgresAddress, name: str) -> Connection:
        ask(self._database, "connect")
        return cast(Connection, FleetConnection(self._database))

    # === its life ===

    async def start(self) -> None:
        """As `app.py` does it: presence, lost calls, reaper."""
        self.presence.touch()
        self.is_alive = self.has_application = True
        self._rest()
        self._losses.start()
        await self.reaper.start()

    async def end(self) -> None:
        """SIGTERM, when its application is dead already: cancel what that dooms, and say goodbye."""
        await self.reaper.stop(END_SECONDS, callers_are_gone=True)
        await self._losses.stop()
        self._leave()
        self.presence.end()

    def kill(self) -> None:
        """Its node is gone: nothing is done any more, and nobody is told."""
        self._leave()

    def _leave(self) -> None:
        self.is_alive, self.gone_at = False, self._loop.time()
        self.ledger.is_dead = self._calls.is_dead = True
        if self._beating is not None:
            self._beating.cancel()

    def _rest(self) -> None:
        """What the thread of `Presence` does, in simulated time."""
        self._beating = self._loop.call_later(self.presence.pause_seconds(), self._repeat)

    def _repeat(self) -> None:
        self.presence.repeat()
        self._rest()

    # === its road ===

    def open(self, id: str, job: Job, *, is_lease_asked: bool = False) -> None:
        """A caller has created an operation: its row is written before that and after, and waits where that can't be."""
        now = self.ledger.now()
        opening = OperationRecord(
            id=id, upstream=UPSTREAM, provider="openai", dialect="openai", method="m", kind=OperationKind.BACKGROUND,
            model="m", opened_at=now, path="/jobs", lease_seconds=RULES.lease_seconds, renewed_at=now, due_at=now,
            is_lease_asked=is_lease_asked,
        )  # fmt: skip
        self._rows.write(id, lambda ledger: ledger.open(opening), self._opened)
        accepted = {"provider_id": job.id}
        self._rows.write(id, lambda ledger: ledger.move(id, E.ACCEPTED, accepted), self._opened)

    def _opened(self, record: OperationRecord | None) -> None:
        if record is not None:
            self.renewals.remember(record)
            self.reaper.opened(record)

    def poll(self, job: Job) -> bool:
        """A caller asks how its operation stands; whether it has ended, which its caller has taken then."""
        name = name_of(UPSTREAM, job.id)
        self.renewals.renew(name)
        if self._provider.state_of(job.id) in ("running", "stopping"):
            return False
        record = self.renewals.known(name)
        if record is None:  # another pod has opened it: told behind the row, as `proxy/mention.py` does
            self.renewals.behind(name, partial(self._taken, job))
        else:
            self._taken(job, record)
        return True

    def _taken(self, job: Job, record: OperationRecord | None) -> None:
        """Its caller has the end of an operation."""
        if record is not None:
            answer = Answer(200, self._provider.told(job), "application/json")
            observed = observed_in(WIRE, record, answer)
            assert observed is not None
            self.reaper.observed(record, observed, is_claimed=True)


def _settled(record: OperationRecord, reported: object, *, now: Moment, **more: object) -> dict[str, Any]:
    """A `Settlement` that costs a dollar where anything was reported."""
    return {"settled_at": now, "spend_usd": None if reported is None else Decimal(1)}

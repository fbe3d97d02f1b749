"""The database of a simulated fleet: rows by the indexes that the real one has, who is alive, and what it is asked each second.

What is asked of PostgreSQL by the statements of `sidecar/ledger/postgres_statements.py` is answered here in the same words;
`test_fleet_database.py` compares. It has no locks: all that it does it does in one thread, a statement at a time.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import psycopg

from sidecar.clock import SECOND, Moment
from sidecar.errors import LedgerError
from sidecar.ledger.operation_memory import OperationRows
from sidecar.ledger.postgres_statements import HOW_IT_STANDS, KEEP_ALIVE, SAY_GOODBYE
from sidecar.lifecycle.neighbors import Gap
from sidecar.lifecycle.operation_record import OperationRecord, key_of
from tests.reaper.moved_time import START
from tests.scale.fleet_loop import FleetLoop

AWAY: Final = "the server is away"


class Taken(NamedTuple):
    """One operation that changed hands."""

    at: float
    """Seconds of the simulation."""
    operation: str
    former: str
    """Who held it."""
    heir: str


class FleetDatabase(OperationRows):
    """All rows, and a count of the statements by the second and by what they are for."""

    def __init__(self, loop: FleetLoop) -> None:
        super().__init__()
        self.loop = loop
        self.is_away = False
        self.tells_spend = True
        """What the like has cost is looked up; nothing but money hangs on it, and it takes a look through all rows."""
        self.leapt: Moment = 0
        """What its clock is ahead of the true time."""
        self.asked: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """Statements by second, by what they are for."""
        self.entries_read: Counter[int] = Counter()
        """Entries of the index of unsettled operations that were read in looks for the dead, by second."""
        self.taken: list[Taken] = []
        self._alive_until: dict[str, Moment] = {}
        self._ring: list[str] = []
        self._named: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._held: dict[str, dict[str, None]] = {}
        self._holders: list[str] = []

    def now(self) -> Moment:
        """The present moment, by its clock."""
        return START + int(self.loop.time() * SECOND) + self.leapt

    def count(self, what: str, statements: int = 1) -> None:
        """So many statements of a kind are asked in this second.

        Raises:
            LedgerError: it is away; then they are counted as `refused`.
        """
        second = int(self.loop.time())
        if self.is_away:
            self.asked["refused"][second] += 1
            raise LedgerError("the fleet's database", AWAY)
        self.asked[what][second] += statements

    # === rows, by their indexes ===

    def keep(self, before: OperationRecord | None, after: OperationRecord) -> None:
        """A row became another: it is found by what it is now."""
        if after.provider_id is not None and (before is None or before.provider_id != after.provider_id):
            self._named[after.upstream, key_of(after.provider_id)][after.id] = None
        was_held = None if before is None or before.settled_at is not None else before.holder
        is_held = None if after.settled_at is not None else after.holder
        if was_held != is_held:
            self._let_go(was_held, after.id)
            self._hold(is_held, after.id)

    def named(self, upstream: str, key: str) -> list[str]:
        """Ids of the operations that a provider calls so."""
        return list(self._named.get((upstream, key), ()))

    def held(self, holder: str) -> list[str]:
        """Ids of the unsettled operations that somebody holds."""
        return list(self._held.get(holder, ()))

    def _hold(self, holder: str | None, id: str) -> None:
        if holder is not None:
            if holder not in self._held:
                insort(self._holders, holder)
                self._held[holder] = {}
            self._held[holder][id] = None

    def _let_go(self, holder: str | None, id: str) -> None:
        if holder is not None:
            del self._held[holder][id]
            if not self._held[holder]:
                del self._held[holder]
                del self._holders[bisect_left(self._holders, holder)]

    # === who is alive ===

    def keep_alive(self, instance: str, term: Moment) -> Moment:
        """`KEEP_ALIVE`."""
        if instance not in self._alive_until:
            insort(self._ring, instance)
        self._alive_until[instance] = self.now() + term
        return self.now()

    def goodbye(self, instance: str) -> None:
        """`SAY_GOODBYE`."""
        if self._alive_until.pop(instance, None) is not None:
            del self._ring[bisect_left(self._ring, instance)]

    def alive_until(self, instance: str) -> Moment | None:
        """What `HOW_IT_STANDS` says of an instance."""
        return self._alive_until.get(instance)

    def gap(self, me: str, dead_before: Moment, reach: int | None) -> Gap:
        """`postgres_neighbors.gap_in`."""
        ring, behind, left = self._ring, bisect_right(self._ring, me), reach
        for step in range(len(ring)) if left is not None else ():
            name = ring[(behind + step) % len(ring)]
            if name != me and self._alive_until[name] > dead_before:
                left = (left or 0) - 1
                if left == 0:
                    return Gap(me, name)
        return Gap(me, me)

    def dead_holders(self, gap: Gap, dead_before: Moment) -> list[str]:
        """`DEAD_HOLDERS`."""
        first, last = bisect_right(self._holders, gap.after), bisect_left(self._holders, gap.before)
        names = self._holders[first:last]
        if gap.is_around:
            names = [*self._holders[first:], *self._holders[:last]]
        self.entries_read[int(self.loop.time())] += sum(len(self._held[name]) for name in names)
        return [name for name in names if self._alive_until.get(name, 0) <= dead_before and name != gap.after]


class FleetConnection:
    """One session of presence, as far as that asks: a `psycopg.Connection` in its eyes."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, values: Mapping[str, Any]) -> "FleetConnection":
        """One statement; its rows are fetched from what this returns."""
        ask(self._database, "dead" if sql == HOW_IT_STANDS.sql else "presence")
        me, database = values["me"], self._database
        self._rows = []
        if sql == KEEP_ALIVE.sql:
            self._rows = [(database.keep_alive(me, values["term"]),)]
        elif sql == HOW_IT_STANDS.sql:
            self._rows = [(database.now(), database.alive_until(me))]
        else:
            assert sql == SAY_GOODBYE.sql
            database.goodbye(me)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the last statement."""
        return self._rows

    def close(self) -> None:
        """It is given up."""


def ask(database: FleetDatabase, what: str) -> None:
    """Count a statement, and fail as psycopg does.

    Raises:
        psycopg.OperationalError: the server is away.
    """
    try:
        database.count(what)
    except LedgerError:
        raise psycopg.OperationalError(AWAY) from None

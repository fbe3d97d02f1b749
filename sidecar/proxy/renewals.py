"""Which operations this process has seen, and the renewing of their leases by whoever polls them or reads their stream.

A poll renews whichever connection it comes by, and whoever it is that asks. It is told to the reaper in the same moment, and
written a little later, together with others: a write is a write to disk, some SDKs poll ten times a second, and a lease must not
lapse because the disk is slow. How often one operation is written hangs on its lease.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol

from sidecar.clock import Clock
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.lease import Habit
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.proxy.operation_rows import OperationRows
from sidecar.proxy.seen_operations import MOST_OPEN, Name, SeenOperations, keep, name_of

GATHER_SECONDS: Final = 0.05
"""How long a renewal may wait for others to be written with it."""
WRITES_IN_A_LEASE: Final = 10
LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 1.0, 60.0
"""Between two writes of one operation."""
ALL: Final = "renewals"
"""The name under which those of many operations are written."""


class Listener(Protocol):
    """Who wants to know of callers; the reaper is one."""

    def heard(self, id: str) -> None:
        """The caller of this operation was heard of, just now; its row will say so soon."""
        ...

    def renewed(self, record: OperationRecord) -> None:
        """The row of an operation whose caller was heard of, after it was written."""
        ...


class Renewals:
    """One per proxy. Belongs to the event loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        rows: OperationRows,
        ledger: OperationLedger,
        clock: Clock,
        listener: Listener,
        lease_seconds: float,
    ) -> None:
        self._loop = loop
        self._rows = rows
        self._ledger = ledger
        self._clock = clock
        self._listener = listener
        self.lease_seconds = lease_seconds
        """The lease of those that were not given one: what was learned never makes it shorter. May be set."""
        self._seen = SeenOperations()
        self._habits: OrderedDict[Name, Habit] = OrderedDict()
        self._written_ns: OrderedDict[Name, int] = OrderedDict()
        self._later: set[Name] = set()
        self._gathered: set[Name] = set()
        self._is_gathering = False
        self._waiting: dict[Name, dict[str, Any]] = {}
        """What is to be written of an operation alone, the latest: one write of each waits, however long the ledger is away."""
        self._attached: Counter[Name] = Counter()
        self._listened_to: set[Name] = set()
        """Those that a timer asks for; one timer each, however often they are polled."""

    def known(self, name: Name) -> OperationRecord | None:
        """The row as last seen; None where this process has not seen it (yet)."""
        return self._seen.get(name)

    def remember(self, record: OperationRecord) -> None:
        """The row as it is now."""
        if record.provider_id is not None:
            self._seen.keep(name_of(record.upstream, record.provider_id), record)

    def forget(self, id: str) -> None:
        """An operation has settled, or is another sidecar's: what its caller was used to is nobody's business any more."""
        name = self._seen.let_go(id)
        if name is not None:
            self._habits.pop(name, None)
            self._written_ns.pop(name, None)

    # === who is heard of ===

    def renew(self, name: Name) -> None:
        """Its caller asks about it."""
        # By the clock that is never set: a step of an hour is no pause, from which a lease of five hours would be learned.
        habit = (self._habits.get(name) or Habit()).polled(self._clock.monotonic_ns() // 1_000)
        keep(self._habits, name, habit, MOST_OPEN)
        self._hear(name)

    def _hear(self, name: Name) -> None:
        record = self._seen.get(name)
        if record is not None:
            self._listener.heard(record.id)
        rest_seconds = self._pause_seconds(record) - self._seconds_since_written(name)
        if rest_seconds <= 0:
            keep(self._written_ns, name, self._clock.monotonic_ns(), MOST_OPEN)
            self._write(name, record)
        elif name not in self._later:  # the last poll counts as well: it may be the one that finds it orphaned
            self._later.add(name)
            self._loop.call_later(rest_seconds, self._renew_late, name)

    def gone(self, ids: Collection[str]) -> None:
        """Nobody stands behind these any more: a poll that waits to be written is of one who has left since, and is not."""
        waiting = self._later | self._gathered
        theirs = {name for name in waiting if (record := self._seen.get(name)) is not None and record.id in ids}
        self._later -= theirs
        self._gathered -= theirs

    def attach(self, name: Name) -> None:
        """Its caller reads a reply about it from here on, and so is there however long that takes."""
        self._attached[name] += 1
        if name not in self._listened_to:
            self._listened_to.add(name)
            self._loop.call_later(LEAST_PAUSE_SECONDS, self._still_attached, name)

    def detach(self, name: Name) -> None:
        """That reply has ended, or its caller has left."""
        self._attached[name] -= 1

    def behind(self, name: Name, told: Callable[[OperationRecord | None], None]) -> None:
        """Tell the row as the last renewal has found it; None when there is no such operation."""
        self._rows.write("/".join(name), lambda ledger: None, lambda _: told(self.known(name)))

    def _still_attached(self, name: Name) -> None:
        if self._attached[name] > 0:
            self._hear(name)
            self._loop.call_later(LEAST_PAUSE_SECONDS, self._still_attached, name)
        else:
            self._listened_to.discard(name)
            del self._attached[name]

    def _renew_late(self, name: Name) -> None:
        if name in self._later:
            self._later.discard(name)
            self._hear(name)

    def _seconds_since_written(self, name: Name) -> float:
        return (self._clock.monotonic_ns() - self._written_ns.get(name, -(1 << 62))) / 1e9

    @staticmethod
    def _pause_seconds(record: OperationRecord | None) -> float:
        lease_seconds = 0.0 if record is None else record.lease_seconds
        return min(max(lease_seconds / WRITES_IN_A_LEASE, LEAST_PAUSE_SECONDS), MOST_PAUSE_SECONDS)

    # === what is written ===

    def _write(self, name: Name, record: OperationRecord | None) -> None:
        """Write it alone where its row is not known or says more than that it was heard of; else with others."""
        changes = {} if record is None else self._learned(name, record)
        if record is None or changes or record.settled_at is not None:
            self._write_alone(name, changes)
            return
        self._gathered.add(name)
        self._write_soon()

    def _write_alone(self, name: Name, changes: dict[str, Any]) -> None:
        """Write it behind what waits of this operation; in the place of a poll that waits, while the ledger is away."""
        key, waiting = "/".join(name), self._waiting.get(name, {})
        is_waiting = bool(waiting) and self._rows.is_waiting(key)
        latest = {"renewed_at": self._ledger.now()} | changes
        self._waiting[name] = waiting | latest if is_waiting else latest
        if not is_waiting:
            written: list[dict[str, Any]] = []

            def step(ledger: OperationLedger) -> OperationRecord | None:
                written.append(self._waiting[name])
                return ledger.renew(*name, written[-1])

            self._rows.write(key, step, lambda row: self._told_alone(name, written[-1], row))

    def _told_alone(self, name: Name, written: dict[str, Any], row: OperationRecord | None) -> None:
        latest = self._waiting.pop(name, written)
        if latest is not written:  # it was polled while that was being written
            self._write_alone(name, latest)
        self._told(row)

    def _write_soon(self) -> None:
        """Write what is gathered, together with what comes in the next moment, and behind what waits."""
        if self._gathered and not self._is_gathering and not self._rows.is_waiting(ALL):
            self._is_gathering = True
            self._loop.call_later(GATHER_SECONDS, self._write_gathered)

    def _write_gathered(self) -> None:
        self._is_gathering = False
        names, self._gathered = self._gathered, set()
        records = {record.id: name for name in names if (record := self._seen.get(name)) is not None}
        for name in names - set(records.values()):
            self._write_alone(name, {})  # it has settled since
        now, told = self._ledger.now(), list[OperationRecord]()

        def step(ledger: OperationLedger) -> None:
            told.extend(ledger.renew_all(list(records), now))

        self._rows.write(ALL, step, lambda _: self._told_all(records, told))

    def _told_all(self, asked: dict[str, Name], told: list[OperationRecord]) -> None:
        """Tell the rows; one that has not come back may have settled, which only its own renewal says."""
        for row in told:
            self._told(row)
            del asked[row.id]
        for name in asked.values():
            self._write_alone(name, {})
        self._write_soon()

    def _told(self, row: OperationRecord | None) -> None:
        if row is not None:
            self.remember(row)
            self._listener.renewed(row)

    def _learned(self, name: Name, record: OperationRecord) -> dict[str, Any]:
        """The lease that the caller's own habit of polling asks for, where that is another."""
        least_seconds = None if record.is_lease_asked else self.lease_seconds
        term = (self._habits.get(name) or Habit()).term_seconds(record.lease_seconds, least_seconds)
        return {} if term == record.lease_seconds else {"lease_seconds": term}

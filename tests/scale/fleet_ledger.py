"""The ledger of one simulated sidecar: the promises of `MemoryOperations`, kept by the indexes of the fleet's database.

It passes the conformance suite of operations. Each method counts the statements that `SqlOperations` and `PostgresOperations`
make of it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.ledger.operation_memory import MemoryOperations
from sidecar.ledger.operation_statements import IDS
from sidecar.ledger.postgres_presence import Presence
from sidecar.lifecycle.operation import OperationEvent, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from tests.scale.fleet_database import FleetConnection, FleetDatabase, Taken

PLAIN = (int, float, type(None), Decimal)


class FleetOperations(MemoryOperations):
    """An `OperationLedger` of one instance."""

    is_dead = False
    """Nothing is written any more: the process was killed."""
    _is_connected = False

    def __init__(self, presence: Presence, database: FleetDatabase) -> None:
        self._presence, self._database = presence, database
        super().__init__(presence.instance, self, database)  # type: ignore[arg-type]  # its clock is the database's, as seen from here

    def now(self) -> Moment:
        """The present moment by the database's clock, as this sidecar knows it."""
        return self._presence.now()

    # === acting: what is asked is counted ===

    def open(self, record: OperationRecord) -> OperationRecord:
        """INSERT the row and its first move."""
        self._ask("write", 2)
        return super().open(record)

    def move(
        self, id: str, event: OperationEvent, changes: Mapping[str, Any], evidence: str = "", fence: int | None = None
    ) -> OperationRecord | None:
        """UPDATE the row, and INSERT the move where it was one."""
        self._ask("write")
        moved = super().move(id, event, changes, evidence, fence)
        if moved is not None:
            self._ask("write")
        return moved

    def note(self, id: str, fence: int, changes: Mapping[str, Any]) -> bool:
        """UPDATE the row."""
        self._ask("write")
        return super().note(id, fence, changes)

    def renew(self, upstream: str, key: str, changes: Mapping[str, Any]) -> OperationRecord | None:
        """UPDATE the rows of a key."""
        self._ask("renew")
        return super().renew(upstream, key, changes)

    def renew_all(self, ids: Sequence[str], at: Moment) -> list[OperationRecord]:
        """UPDATE the rows of these ids."""
        self._ask("renew", -(-len(ids) // IDS))
        return super().renew_all(ids, at)

    def unsettled(self) -> list[OperationRecord]:
        """SELECT what is ours."""
        self._ask("read")
        return super().unsettled()

    def take_over(self, limit: int, reach: int | None = None) -> list[OperationRecord]:
        """As `PostgresOperations` does it: how it stands, the gap, the dead in it, and an UPDATE where there are any."""
        database, me = self._database, self.instance
        self._ask("dead", 2)
        dead_before = self._presence.dead_before(FleetConnection(database))  # type: ignore[arg-type]
        dead = database.dead_holders(database.gap(me, dead_before, reach), dead_before)
        free = [self.rows.records[id] for holder in dead for id in database.held(holder)]
        if dead:
            self._ask("write")
        taken = sorted(free, key=lambda record: (record.due_at, record.id))[:limit]
        for record in taken:
            database.taken.append(Taken(database.loop.time(), record.id, record.holder, me))
        return [self._put(replace(record, holder=me, fence=record.fence + 1)) for record in taken]

    def settle(self, id: str, fence: int, changes: Mapping[str, Any]) -> OperationRecord | None:
        """UPDATE the row."""
        self._ask("write")
        return super().settle(id, fence, changes)

    def mark_after(self, id: str, field: str, at: Moment) -> bool:
        """UPDATE the row."""
        self._ask("write")
        return super().mark_after(id, field, at)

    def typical_spend(self, upstream: str, model: str, kind: OperationKind, limit: int = 200) -> list[Decimal]:
        """SELECT the latest of the like."""
        self._ask("read")
        return super().typical_spend(upstream, model, kind, limit) if self._database.tells_spend else []

    def operation(self, id: str) -> OperationRecord | None:
        """SELECT by the key; by the beginning of one where nobody has exactly it."""
        self._ask("read")
        found = self.rows.records.get(id)
        return super().operation(id) if found is None else replace(found)

    def moves(self, id: str) -> list[OperationMove]:
        """SELECT its history."""
        self._ask("read")
        return super().moves(id)

    # === inside: by the indexes ===

    def _ask(self, what: str, statements: int = 1) -> None:
        """Count statements on our one connection, which is made anew after it broke.

        Raises:
            LedgerError: the server is away.
        """
        try:
            self._database.count(what, statements)
        except LedgerError:
            self._is_connected = False
            raise
        if not self._is_connected:
            self._is_connected = True
            self._database.count("connect")

    def _renewed(self, record: OperationRecord, changes: Mapping[str, Any], evidence: str) -> OperationRecord:
        if record.state is OperationState.ORPHANED:
            return super()._renewed(record, changes, evidence)
        return self._put(replace(record, **changes))

    def _given(self, record: OperationRecord) -> OperationRecord:
        return replace(record)

    def _named(self, upstream: str, key: str) -> list[OperationRecord]:
        found = [self.rows.records[id] for id in self._database.named(upstream, key)]
        return sorted(found, key=lambda record: (record.opened_at, record.id), reverse=True)

    def _held(self) -> list[OperationRecord]:
        return [self.rows.records[id] for id in self._database.held(self.instance)]

    def _put(self, record: OperationRecord) -> OperationRecord:
        """As a database would give it back: what changed and is no plain value goes the long way."""
        before = self.rows.records.get(record.id)
        if before is None or not _is_plain(before, record):
            put = super()._put(record)
        else:
            put = self.rows.records[record.id] = record
        self._database.keep(before, put)
        return replace(put)


def _is_plain(before: OperationRecord, after: OperationRecord) -> bool:
    """Only numbers within 64 bits and plain text have changed."""
    for name in after.__struct_fields__:
        value = getattr(after, name)
        if value is getattr(before, name):
            continue
        is_text = isinstance(value, str) and value.isascii() and value.isprintable()
        is_number = isinstance(value, PLAIN) and not (isinstance(value, int) and abs(value) >= 2**63)
        if not (is_text or is_number):
            return False
    return True

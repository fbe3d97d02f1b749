"""An `OperationLedger` (see `operations.py`) over any database that runs the statements of this room.

Here is what happens in which order and in which transaction; `operation_database.py` is what a database brings.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from sqlalchemy.sql import ClauseElement

from sidecar.clock import Moment
from sidecar.ledger.operation_database import Database, Execute, Reading
from sidecar.ledger.operation_questions import ALL_UNSETTLED, EXACTLY, NEWEST_OF_KEY, TYPICAL_SPEND
from sidecar.ledger.operation_reader import SqlOperationReader
from sidecar.ledger.operation_rows import (
    AFTERWARDS,
    SETTLING,
    Values,
    as_columns,
    as_evidence,
    as_record,
    as_row,
    check_changes,
    writable,
)
from sidecar.ledger.operation_statements import (
    APPEND_MOVE,
    EXPIRE_MOVES,
    EXPIRE_OPERATIONS,
    IDS,
    OPEN_OPERATION,
    RENEW_ALL,
    TAKE_OVER,
    marked_after,
    moved,
    noted,
    renewed,
    settled,
)
from sidecar.ledger.operations import POLL, opened_before
from sidecar.lifecycle.operation import MOVES, OperationEvent, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord


class SqlOperations(SqlOperationReader):
    """An `OperationLedger`. `reader` answers lists and histories where they are not to wait for whoever writes."""

    def __init__(self, database: Database, reading: Reading | None = None) -> None:
        super().__init__(reading or database.reading, database.where)
        self._database = database

    def now(self) -> Moment:
        """The present moment by the ledger's clock."""
        return self._database.now()

    def open(self, record: OperationRecord) -> OperationRecord:
        """Make the row of an operation that is about to be created; asked again, because no answer came, it is made once."""
        state = MOVES[OperationEvent.OPENED].becomes
        mine = replace(record, state=state, holder=self._database.instance, fence=1)
        with self._database.transaction() as execute:
            for row in execute(EXACTLY, {"operation": writable(mine.id)}):
                return opened_before(as_record(row), mine, self._where)
            (row,) = execute(OPEN_OPERATION, _new(as_row(mine)))
            self._append(execute, mine, OperationEvent.OPENED, mine.opened_at, "")
            return as_record(row)

    def move(
        self,
        id: str,
        event: OperationEvent,
        changes: Mapping[str, Any],
        evidence: str = "",
        fence: int | None = None,
    ) -> OperationRecord | None:
        """Make one move and set these fields with it."""
        check_changes(changes)
        with self._database.transaction() as execute:
            return self._moved(execute, id, event, changes, evidence, fence)

    def note(self, id: str, fence: int, changes: Mapping[str, Any]) -> bool:
        """Set fields of an unsettled operation without moving it."""
        check_changes(changes)
        with self._database.transaction() as execute:
            new = as_columns(changes)
            return bool(execute(noted(_names(new)), {"operation": id, "held_fence": fence, **_new(new)}))

    def renew(self, upstream: str, key: str, changes: Mapping[str, Any]) -> OperationRecord | None:
        """The caller of an operation was heard of. Where a create was sent twice there are two rows, and both are renewed."""
        check_changes(changes)
        asked = {"of": writable(upstream), "key": writable(key)}
        with self._database.transaction() as execute:
            new = as_columns(changes)
            rows = execute(renewed(_names(new)), {**asked, **_new(new)}) or execute(NEWEST_OF_KEY, asked)
            found = [self._returned(execute, as_record(row), POLL) for row in rows]
        return max(found, key=_age, default=None)

    def renew_all(self, ids: Sequence[str], at: Moment) -> list[OperationRecord]:
        """The callers of these were heard of."""
        if not ids:
            return []
        with self._database.transaction() as execute:
            return [
                self._returned(execute, as_record(row), POLL)
                for chunk in _chunks(sorted(set(ids)))
                for row in execute(RENEW_ALL, {**chunk, "at": at})
            ]

    def unsettled(self) -> list[OperationRecord]:
        """All unsettled operations of this instance, oldest first."""
        return self._held(ALL_UNSETTLED)

    def take_over(self, limit: int, reach: int | None = None) -> list[OperationRecord]:
        """Make unsettled operations of dead instances this one's: of all others, for nobody else can live."""
        parameters = {"me": self._database.instance, "now": self.now(), "most": limit}
        with self._database.transaction() as execute:
            taken = [as_record(row) for row in execute(TAKE_OVER, parameters)]
        return sorted(taken, key=lambda record: (record.due_at, record.id))

    def settle(self, id: str, fence: int, changes: Mapping[str, Any]) -> OperationRecord | None:
        """Fix outcome, usage and money, once, of an operation that has ended."""
        check_changes(changes, SETTLING)
        with self._database.transaction() as execute:
            new = as_columns({"settled_at": self.now(), **changes})
            rows = execute(settled(_names(new)), {"operation": id, "held_fence": fence, **_new(new)})
            return as_record(rows[0]) if rows else None

    def mark_after(self, id: str, field: str, at: Moment) -> bool:
        """Set `reclaimed_at` or `regretted_at` of a settled operation, if it is not set."""
        check_changes({field: at}, AFTERWARDS)
        with self._database.transaction() as execute:
            return bool(execute(marked_after(field), {"operation": id, f"new_{field}": at}))

    def typical_spend(self, upstream: str, model: str, kind: OperationKind, limit: int = 200) -> list[Decimal]:
        """What the latest operations cost that came to their natural end, newest first."""
        asked = {"of": writable(upstream), "model": writable(model), "kind": kind.value, "most": limit}
        with self._database.reading() as execute:
            return [Decimal(amount) for (amount,) in execute(TYPICAL_SPEND, asked)]

    def _held(self, question: ClauseElement, **parameters: object) -> list[OperationRecord]:
        with self._database.reading() as execute:
            return [as_record(row) for row in execute(question, {"me": self._database.instance, **parameters})]

    def _moved(
        self,
        execute: Execute,
        id: str,
        event: OperationEvent,
        changes: Mapping[str, Any],
        evidence: str,
        fence: int | None = None,
    ) -> OperationRecord | None:
        new = as_columns(changes)
        held = {} if fence is None else {"held_fence": fence}
        statement = moved(event, _names(new), is_fenced=fence is not None)
        rows = execute(statement, {"operation": id, **held, **_new(new)})
        if not rows:
            return None
        record = as_record(rows[0])
        self._append(execute, record, event, self.now(), evidence)
        return record

    def _returned(self, execute: Execute, record: OperationRecord, evidence: str) -> OperationRecord:
        """The operation, RUNNING again if its caller had been taken for gone. Its row was changed before, and so waits for us."""
        if record.state is not OperationState.ORPHANED:
            return record
        is_back = {"lapsed_at": None, "gone_reason": None}
        return self._moved(execute, record.id, OperationEvent.LEASE_RENEWED, is_back, evidence) or record

    def _append(
        self, execute: Execute, record: OperationRecord, event: OperationEvent, at: Moment, evidence: str
    ) -> None:
        line = {
            "operation_id": record.id, "at": at, "event": event.value, "state": record.state.value,
            "instance": self._database.instance, "evidence": as_evidence(evidence),
        }  # fmt: skip
        execute(APPEND_MOVE, {"operation": record.id, **_new(line)})


def expire(execute: Execute, before: Moment) -> int:
    """Delete a chunk of the operations that settled before a moment, and their history; returns how many."""
    ids = [id for (id,) in execute(EXPIRE_OPERATIONS, {"before": before})]
    for chunk in _chunks(ids):
        execute(EXPIRE_MOVES, chunk)
    return len(ids)


def _names(columns: Values) -> tuple[str, ...]:
    return tuple(sorted(columns))  # in one order, or there would be a statement for each order


def _new(columns: Mapping[str, Any]) -> Values:
    return {f"new_{name}": value for name, value in columns.items()}


def _chunks(ids: Sequence[str]) -> Iterator[Values]:
    for start in range(0, len(ids), IDS):
        chunk = ids[start : start + IDS]
        yield {f"operation_{place}": chunk[min(place, len(chunk) - 1)] for place in range(IDS)}


def _age(record: OperationRecord) -> tuple[Moment, str]:
    return record.opened_at, record.id

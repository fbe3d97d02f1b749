"""The same promises in a dict, for tests of whatever acts on operations."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from sidecar.clock import Clock, Moment
from sidecar.errors import LedgerError
from sidecar.ledger.operation_rows import (
    AFTERWARDS,
    RECORD_COLUMNS,
    SETTLING,
    as_evidence,
    as_record,
    as_row,
    check_changes,
    writable,
)
from sidecar.ledger.operations import POLL, OperationQuery, opened_before
from sidecar.ledger.pages import only_one
from sidecar.ledger.questions import is_asked_for
from sidecar.lifecycle.neighbors import gap_of
from sidecar.lifecycle.operation import MOVES, OPEN, OperationEvent, OperationKind, OperationState, becomes
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord, key_of

WHERE = "in memory"


class OperationRows:
    """What outlives an instance: operations, their histories, who is alive. May be given to several, as a database would be."""

    def __init__(self) -> None:
        self.records: dict[str, OperationRecord] = {}
        self.moves: dict[str, list[OperationMove]] = {}
        self.alive: set[str] = set()
        """Instances come here by themselves. To let one die, take it out: it knows of nothing."""
        self.lock = threading.RLock()


class MemoryOperations:
    """An `OperationLedger` (see `operations.py`). Everything written is at once as durable as it will be."""

    def __init__(self, instance: str, clock: Clock, rows: OperationRows | None = None) -> None:
        self.instance = instance
        self.rows = OperationRows() if rows is None else rows
        self.rows.alive.add(instance)
        self._clock = clock

    # --- acting

    def now(self) -> Moment:
        """The present moment by the clock."""
        return self._clock.now()

    def open(self, record: OperationRecord) -> OperationRecord:
        """Make the row of an operation that is about to be created."""
        with self.rows.lock:
            if (found := self.rows.records.get(record.id)) is not None:
                return replace(opened_before(found, record, WHERE))
            new = {"state": MOVES[OperationEvent.OPENED].becomes, "holder": self.instance, "fence": 1}
            mine = self._put(replace(record, **new))
            self._append(mine, OperationEvent.OPENED, record.opened_at, "")
            return mine

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
        with self.rows.lock:
            record = self._unsettled(id, fence)
            state = None if record is None else becomes(event, record.state)
            if record is None or state is None:
                return None
            moved = self._put(replace(record, **changes, state=state))
            self._append(moved, event, self.now(), evidence)
            return moved

    def note(self, id: str, fence: int, changes: Mapping[str, Any]) -> bool:
        """Set fields of an unsettled operation without moving it."""
        check_changes(changes)
        with self.rows.lock:
            record = self._unsettled(id, fence)
            if record is not None:
                self._put(replace(record, **changes))
            return record is not None

    def renew(self, upstream: str, key: str, changes: Mapping[str, Any]) -> OperationRecord | None:
        """The caller of an operation was heard of."""
        check_changes(changes)
        with self.rows.lock:
            named = self._named(writable(upstream), writable(key))
            unsettled = [record for record in named if record.settled_at is None]
            found = [self._renewed(record, changes, POLL) for record in unsettled] or named[:1]
            return self._given(found[0]) if found else None

    def renew_all(self, ids: Sequence[str], at: Moment) -> list[OperationRecord]:
        """The callers of these were heard of."""
        with self.rows.lock:
            found = [self._unsettled(id, None) for id in sorted(set(ids))]
            older = [record for record in found if record is not None and record.renewed_at < at]
            return [self._given(self._renewed(record, {"renewed_at": at}, POLL)) for record in older]

    def unsettled(self) -> list[OperationRecord]:
        """All unsettled operations of this instance, oldest first."""
        with self.rows.lock:
            return [self._given(record) for record in sorted(self._held(), key=_age)]

    def take_over(self, limit: int, reach: int | None = None) -> list[OperationRecord]:
        """Make unsettled operations of dead instances this one's."""
        with self.rows.lock:
            living = {self.instance, *self.rows.alive}
            gap = gap_of(self.instance, sorted(living), reach)
            free = [each for each in self._all_unsettled() if each.holder not in living and gap.holds(each.holder)]
            taken = sorted(free, key=_urgency)[:limit]
            return [self._put(replace(record, holder=self.instance, fence=record.fence + 1)) for record in taken]

    def settle(self, id: str, fence: int, changes: Mapping[str, Any]) -> OperationRecord | None:
        """Fix outcome, usage and money, once, of an operation that has ended."""
        check_changes(changes, SETTLING)
        with self.rows.lock:
            record = self._unsettled(id, fence)
            if record is None or record.state in OPEN:
                return None
            return self._put(replace(record, **{"settled_at": self.now(), **changes, "outcome": record.state.value}))

    def mark_after(self, id: str, field: str, at: Moment) -> bool:
        """Set `reclaimed_at` or `regretted_at` of a settled operation, if it is not set."""
        check_changes({field: at}, AFTERWARDS)
        with self.rows.lock:
            record = self.rows.records.get(id)
            if record is None or record.settled_at is None or getattr(record, field) is not None:
                return False
            self._put(replace(record, **{field: at}))
            return True

    def typical_spend(self, upstream: str, model: str, kind: OperationKind, limit: int = 200) -> list[Decimal]:
        """What the latest operations cost that came to their natural end, newest first."""
        asked = (upstream, model, kind, OperationState.SUCCEEDED.value, "exact")
        with self.rows.lock:
            spent = [
                record.spend_usd
                for record in self._newest_first()
                if (record.upstream, record.model, record.kind, record.outcome, record.basis) == asked
            ]
        return [amount for amount in spent if amount is not None][:limit]

    # --- reading

    def operations(self, query: OperationQuery) -> Iterator[OperationRecord]:
        """Operations, newest first."""
        with self.rows.lock:
            found = [record for record in self._newest_first() if _matches(record, query)]
        yield from map(self._given, found[: query.limit])

    def operation(self, id: str) -> OperationRecord | None:
        """The operation of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so.
        """
        with self.rows.lock:
            known = self.rows.records
            named = [id] if id in known else sorted(each for each in known if each.startswith(id))
            found = only_one([self.rows.records[each] for each in named], id, WHERE, "operation")
            return None if found is None else self._given(found)

    def moves(self, id: str) -> list[OperationMove]:
        """The history of an operation, oldest first; the id in full."""
        return list(self.rows.moves.get(id, ()))

    # --- inside, with the lock held

    def _given(self, record: OperationRecord) -> OperationRecord:
        return _copy(record)

    def _unsettled(self, id: str, fence: int | None) -> OperationRecord | None:
        record = self.rows.records.get(id)
        if record is None or record.settled_at is not None or fence not in {None, record.fence}:
            return None
        return record

    def _renewed(self, record: OperationRecord, changes: Mapping[str, Any], evidence: str) -> OperationRecord:
        renewed = self._put(replace(record, **changes))
        is_back = {"lapsed_at": None, "gone_reason": None}
        return self.move(record.id, OperationEvent.LEASE_RENEWED, is_back, evidence) or renewed

    def _named(self, upstream: str, key: str) -> list[OperationRecord]:
        return [record for record in self._newest_first() if _is_named(record, upstream, key)]

    def _held(self) -> list[OperationRecord]:
        return [record for record in self._all_unsettled() if record.holder == self.instance]

    def _all_unsettled(self) -> list[OperationRecord]:
        return [record for record in self.rows.records.values() if record.settled_at is None]

    def _newest_first(self) -> list[OperationRecord]:
        return sorted(self.rows.records.values(), key=_age, reverse=True)

    def _put(self, record: OperationRecord) -> OperationRecord:
        try:
            self.rows.records[record.id] = _copy(record)
        except (OverflowError, msgspec.MsgspecError) as error:
            raise LedgerError(WHERE, str(error)) from error
        return _copy(record)

    def _append(self, record: OperationRecord, event: OperationEvent, at: Moment, evidence: str) -> None:
        history = self.rows.moves.setdefault(record.id, [])
        told: dict[str, Any] = {"event": event, "state": record.state, "evidence": as_evidence(evidence)}
        history.append(OperationMove(number=len(history) + 1, at=at, instance=self.instance, **told))


def _copy(record: OperationRecord) -> OperationRecord:
    """A record as it would come back from a database."""
    row = as_row(record)
    return as_record([row[name] for name in RECORD_COLUMNS])


def _is_named(record: OperationRecord, upstream: str, key: str) -> bool:
    return record.upstream == upstream and record.provider_id is not None and key_of(record.provider_id) == key


def _age(record: OperationRecord) -> tuple[Moment, str]:
    return record.opened_at, record.id


def _urgency(record: OperationRecord) -> tuple[Moment, str]:
    return record.due_at, record.id


def _matches(record: OperationRecord, query: OperationQuery) -> bool:
    is_in_state = query.state in (None, record.state) or (query.state == "open" and record.state in OPEN)
    return is_in_state and is_asked_for(query, record, record.opened_at)

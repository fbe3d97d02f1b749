"""The same bill from records in memory: a row at a time, in plain Python. For tests of whatever makes or reads a bill."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import localcontext
from operator import attrgetter
from typing import Any, Final

import msgspec

from sidecar.clock import Moment
from sidecar.ledger.bill import AS_USUAL, ZERO, Bill, Enforcing, Foregone, Orphan
from sidecar.ledger.bill_reading import dearest_among
from sidecar.ledger.contract import By, CallQuery, TimeoutReport
from sidecar.ledger.foregone import Spared, foregone, is_enforcing, would_be_given
from sidecar.ledger.memory import MemoryLedger
from sidecar.ledger.operation_memory import MemoryOperations
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.questions import DAY, is_orphan
from sidecar.ledger.timeouts import is_mismatch
from sidecar.ledger.totals import EXACT, Sums, add, add_up
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord

_CALL_KEYS: Final[Mapping[By, Callable[[CallRecord], Any]]] = {
    **{by: attrgetter(by.value) for by in By if by not in {By.DAY, By.ROUTE, By.REASON}},
    By.DAY: lambda record: record.started_at // DAY,
    By.KIND: lambda record: record.kind.value,
    By.ROUTE: lambda record: record.method,
    By.REASON: lambda record: record.left_reason,
}
_OPERATION_KEYS: Final[Mapping[By, Callable[[OperationRecord], Any]]] = {
    **{by: attrgetter(by.value) for by in By if by not in {By.DAY, By.ROUTE, By.REASON}},
    By.MODEL: lambda record: record.served_model or record.model,
    By.DAY: lambda record: record.opened_at // DAY,
    By.KIND: lambda record: record.kind.value,
    By.ROUTE: lambda record: record.method,
    By.REASON: lambda record: record.gone_reason,
}


class MemoryBills:
    """A `BillReader` (see `bill.py`) over ledgers in memory."""

    def __init__(self, calls: MemoryLedger, operations: MemoryOperations) -> None:
        self._ledger = calls
        self._operations = operations

    def bill(
        self, query: CallQuery, by: By, *, top: int | None = None, dearest: int = 10, enforcing: Enforcing = AS_USUAL
    ) -> Bill:
        """The bill over the calls and operations asked for."""
        same = {name: getattr(query, name) for name in ("since", "until", "upstream", "model", "caller", "kind")}
        calls = list(self._ledger.calls(CallQuery(**same)))
        operations = list(self._operations.operations(OperationQuery(**same)))
        groups: dict[Any, Sums] = defaultdict(dict)
        with localcontext(EXACT):
            for call in calls:
                add(groups[_CALL_KEYS[by](call)], _of_call(call))
            for operation in operations:
                add(groups[_OPERATION_KEYS[by](operation)], _of_operation(operation))
        added = add_up(groups.items(), by, top)
        begun = [call.started_at for call in calls] + [operation.opened_at for operation in operations]
        return Bill(
            **added._asdict(),
            dearest=dearest_among([*_orphaned_calls(calls), *_orphaned_operations(operations)], dearest),
            foregone=self._foregone(calls, operations, enforcing),
            timeouts=self._timeouts(CallQuery(**same)),
            first_at=min(begun, default=None),
            last_at=max(begun, default=None),
        )

    def _timeouts(self, query: CallQuery) -> TimeoutReport:
        found = self._ledger.timeouts(query)
        return msgspec.structs.replace(found, lines=[line for line in found.lines if is_mismatch(line)])

    def _foregone(self, calls: list[CallRecord], operations: list[OperationRecord], enforcing: Enforcing) -> Foregone:
        written = self._ledger.rows
        enforced = {instance for record, instance in written.values() if is_enforcing(record)}
        given = [
            call.spend_usd
            for call in calls
            if call.spend_usd
            and call.attempt_of in written
            and written[call.id][1] not in enforced
            and would_be_given(call, written[call.attempt_of][0], enforcing)
        ]
        would = [each for each in operations if each.cancel_result == CancelResult.WOULD_CANCEL]
        return foregone(map(_spared, would), len(given), sum(given, ZERO), enforcing)


def _of_call(record: CallRecord) -> Sums:
    lost = _is_orphan(record)
    spend, orphaned, avoidable = (usd or ZERO for usd in (record.spend_usd, record.orphaned_usd, record.avoidable_usd))
    is_exact = record.basis == "exact"
    was_rescued = record.outcome == Outcome.RESCUED
    return {
        "calls": 1,
        "delivered": int(record.outcome == Outcome.DELIVERED),
        "orphaned": int(lost),
        "open": int(record.outcome is None),
        "unpriced": int(record.unpriced_reason is not None),
        "rescued": int(was_rescued),
        "microseconds": _ran_on(record.left_at, record.finished_at) if lost else 0,
        "spend_usd": spend,
        "orphaned_usd": orphaned,
        "avoidable_usd": avoidable,
        "estimated_usd": ZERO if is_exact else spend,
        "rescued_usd": spend if was_rescued else ZERO,
        "orphaned_estimated_usd": ZERO if is_exact else orphaned,
        "avoidable_estimated_usd": ZERO if (record.avoidable_basis or record.basis) == "exact" else avoidable,
    }


def _of_operation(record: OperationRecord) -> Sums:
    lost = _is_lost(record)
    spend, orphaned, avoidable = (usd or ZERO for usd in (record.spend_usd, record.orphaned_usd, record.avoidable_usd))
    inexact = record.basis != "exact"
    gone_at = record.lapsed_at or record.ended_at or record.opened_at
    is_ours = record.cancel_trigger in {CancelTrigger.ORPHANED, CancelTrigger.ASKED}
    return {
        "operations": 1,
        "delivered": int(record.outcome == OperationState.SUCCEEDED and not lost),
        "orphaned": int(lost),
        "open": int(record.outcome is None),
        "unpriced": int(record.unpriced_reason is not None),
        "cancelled": int(record.cancel_result == CancelResult.CONFIRMED and is_ours),
        "microseconds": _ran_on(gone_at, record.ended_at) if lost else 0,
        "spend_usd": spend,
        "orphaned_usd": orphaned,
        "avoidable_usd": avoidable,
        "estimated_usd": spend if inexact else ZERO,
        "avoided_usd": record.avoided_usd or ZERO,
        "regretted_usd": ZERO if record.regretted_at is None else spend,
        "reclaimed_usd": ZERO if record.reclaimed_at is None else orphaned,
        "orphaned_estimated_usd": orphaned if inexact else ZERO,
        "avoidable_estimated_usd": avoidable,
    }


def _ran_on(gone_at: Moment | None, ended_at: Moment | None) -> Moment:
    return 0 if gone_at is None or ended_at is None else max(0, ended_at - gone_at)


def _is_orphan(record: CallRecord) -> bool:
    return is_orphan(record.outcome, record.committed_at, record.left_at, record.finished_at)


def _is_lost(record: OperationRecord) -> bool:
    return bool(record.orphaned_usd) or (record.lapsed_at is not None and record.claimed_at is None)


def _orphaned_calls(calls: list[CallRecord]) -> Iterator[Orphan]:
    for each in calls:
        if each.orphaned_usd and _is_orphan(each):
            yield Orphan(
                sort="call", id=each.id, begun_at=each.started_at, gone_at=each.left_at, ended_at=each.finished_at,
                upstream=each.upstream, model=each.model, caller=each.caller, reason=each.left_reason,
                orphaned_usd=each.orphaned_usd, basis=each.basis,
            )  # fmt: skip


def _orphaned_operations(operations: list[OperationRecord]) -> Iterator[Orphan]:
    for each in operations:
        if each.orphaned_usd:
            yield Orphan(
                sort="operation", id=each.id, begun_at=each.opened_at, gone_at=each.lapsed_at, ended_at=each.ended_at,
                upstream=each.upstream, model=each.served_model or each.model, caller=each.caller,
                reason=each.gone_reason, orphaned_usd=each.orphaned_usd, basis=each.basis,
            )  # fmt: skip


def _spared(record: OperationRecord) -> Spared:
    spend, avoidable = (None if usd is None else str(usd) for usd in (record.spend_usd, record.avoidable_usd))
    return Spared(record.lapsed_at, record.ended_at, record.claimed_at, record.settled_at, spend, avoidable)

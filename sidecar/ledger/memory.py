"""The same promises in a dict, for tests of whatever writes or reads a ledger."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from sidecar.clock import Moment
from sidecar.ledger.contract import OPEN, CallQuery, LedgerHealth, TimeoutReport
from sidecar.ledger.pages import only_one
from sidecar.ledger.questions import is_asked_for, is_orphan
from sidecar.ledger.timeouts import Departure, Overview, Repeat, answers_of, has_ended, is_counted, report_of, sums_of
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallRecord

Rows = dict[str, tuple[CallRecord, str]]
"""What outlives a ledger: each call as last put, and the instance that put it."""


class MemoryLedger:
    """A `Ledger` and a `LedgerReader` (see `contract.py`). Everything put is at once as durable as it will be.

    `rows` may be given to a second instance, as a file would be.
    """

    def __init__(self, instance: str, rows: Rows | None = None) -> None:
        self.instance = instance
        self.rows: Rows = {} if rows is None else rows
        self._written = 0

    # --- write side

    def put(self, record: CallRecord) -> None:
        """Remember a call as it is now."""
        known = self.rows.get(record.id)
        if known is None or known[0].outcome is None:
            self.rows[record.id] = replace(record), self.instance
        self._written += 1

    def flush(self, timeout_seconds: float) -> bool:
        """True: nothing waits."""
        return True

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Settle what earlier instances left open as `lost`, and return those rows."""
        lost = [record for record, writer in self.rows.values() if record.outcome is None and writer != self.instance]
        for record in lost:
            self.rows[record.id] = _lost(record, now), self.rows[record.id][1]
        return [replace(self.rows[record.id][0]) for record in lost]

    def health(self) -> LedgerHealth:
        """All is well."""
        return LedgerHealth(rows_written=self._written)

    def close(self, timeout_seconds: float) -> bool:
        """True: nothing waits."""
        return True

    # --- read side

    def calls(self, query: CallQuery) -> Iterator[CallRecord]:
        """Calls, newest first."""
        for record in self._newest_first(query)[: query.limit]:
            yield replace(record)

    def call(self, id: str) -> CallRecord | None:
        """The call of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so.
        """
        named = sorted(each for each in self.rows if each.startswith(id))
        found = only_one([self.rows[each][0] for each in named], id, "in memory", "call")
        return None if found is None else replace(found)

    def timeouts(self, query: CallQuery) -> TimeoutReport:
        """How long callers wait, against how long the provider takes."""
        ended = [record for record in self._newest_first(query) if has_ended(record)]
        counted = [record for record in ended if is_counted(record)]
        told = [record for record in counted if record.caller_timeout_seconds is not None]
        left = {record.id: _departure(record) for record in told if record.left_at is not None}
        repeating = (record for record, _ in self.rows.values() if record.attempt_of in left)
        repeats = [Repeat(left[record.attempt_of or ""], _text(record.spend_usd)) for record in repeating]
        begun, live = [record.started_at for record in ended], len(ended) - len(counted)
        counts = (len(counted) - len(told), len(told), live)
        overview = Overview(*counts, min(begun, default=None), max(begun, default=None))
        return report_of(query, overview, answers_of(told), sums_of(left.values(), repeats))

    def _newest_first(self, query: CallQuery) -> list[CallRecord]:
        matching = [record for record, _ in self.rows.values() if _matches(record, query)]
        return sorted(matching, key=lambda record: (record.started_at, record.id), reverse=True)


def _lost(record: CallRecord, now: Moment) -> CallRecord:
    lost = replace(record, outcome=Outcome.LOST.value, settled_at=now)
    if record.left_reason is None and record.left_at is None and record.committed_at is not None:
        lost.left_reason = LeftReason.SIDECAR_LOST.value
    if record.spend_usd is None and record.unpriced_reason is None:
        lost.unpriced_reason = "lost"
    return lost


def _matches(record: CallRecord, query: CallQuery) -> bool:
    return (
        is_asked_for(query, record, record.started_at)
        and (query.outcome is None or query.outcome == (record.outcome or OPEN))
        and (not query.orphaned_only or _is_orphan(record))
    )


def _is_orphan(record: CallRecord) -> bool:
    return is_orphan(record.outcome, record.committed_at, record.left_at, record.finished_at)


def _departure(record: CallRecord) -> Departure:
    fields: dict[str, Any] = {name: getattr(record, name) for name in Departure._fields}
    return Departure(**(fields | {"orphaned_usd": _text(record.orphaned_usd)}))


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)

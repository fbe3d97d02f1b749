"""What the live page sees, and what has changed in it since somebody last looked: one picture for everybody who watches.

A look costs a comparison for each call in flight; only rows that changed are encoded. The state's sums are made from all metrics,
and operations are read from the ledger: both once a second at most. Messages are bytes, ready to be sent to all.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, Final

import msgspec
from pydantic import TypeAdapter

from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.control.asked import MOST
from sidecar.control.operation_reply import OperationReply, operation_reply
from sidecar.control.shown import CallInFlight, Prospect, call_row
from sidecar.control.state import StateReply, state_of
from sidecar.control.view import Sidecar
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord

RECENT: Final = 200
"""Settled calls in a snapshot."""
SLOW: Final[Moment] = SECOND
"""Between two looks at what takes longer to see."""
OPEN_OPERATIONS: Final = OperationQuery(state="open", limit=MOST)

_as_json: Final = msgspec.json.Encoder(enc_hook=str).encode
_state: Final = TypeAdapter(StateReply)
_operation: Final = TypeAdapter(OperationReply)
Row = Mapping[str, Any]


class Picture:
    """One while somebody watches. `look` and `snapshot` belong to the event loop's thread, and are quick."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar, self._shown = sidecar, sidecar.shown
        self._watch: Callable[[], Sequence[CallInFlight]] = sidecar.shown.watch_calls()
        self._calls: dict[str, CallInFlight] = {}
        self._operations: dict[str, Row] = {}
        self._read: dict[str, tuple[OperationRecord, Prospect, Row]] = {}
        self._state: dict[str, Any] = {}
        self._state_at: Moment = 0
        self._last = _last_of(sidecar.shown.recent())

    async def read_operations(self) -> None:
        """Read the open operations, for the next look. Where the ledger can't be read they stay as they were."""
        with contextlib.suppress(LedgerError):
            records = await self._sidecar.operations(OPEN_OPERATIONS)
            self._read = {record.id: self._known_or_made(record) for record in records}

    def _known_or_made(self, record: OperationRecord) -> tuple[OperationRecord, Prospect, Row]:
        prospect, known = self._shown.prospect(record), self._read.get(record.id)
        if known is not None and known[:2] == (record, prospect):
            return known
        return record, prospect, _operation.dump_python(operation_reply(record, prospect), mode="json")

    def look(self) -> bytes | None:
        """The message about everything that has changed since the last look; None when nothing has."""
        now = self._shown.now()
        changes = {
            **_differences("calls", self._calls, calls := {row.id: row for row in self._watch()}),
            **_differences(
                "operations", self._operations, operations := {id: each[2] for id, each in self._read.items()}
            ),
            "settled": self._settled(),
            "state": self._changed_state(now),
        }
        self._calls, self._operations = calls, operations
        changed = {name: what for name, what in changes.items() if what}
        return event("changes", {"now": rfc3339(now), **changed}) if changed else None

    def snapshot(self) -> bytes:
        """The message about everything as it was at the last look."""
        recent = islice(reversed(self._shown.recent()), RECENT)
        return event(
            "snapshot",
            {
                "now": rfc3339(self._shown.now()),
                "state": self._state,
                "calls": list(self._calls.values()),
                "operations": list(self._operations.values()),
                "recent": [call_row(record) for record in recent],
            },
        )

    def _settled(self) -> list[Any]:
        """The calls that have settled since the last look, newest first."""
        recent, last = self._shown.recent(), self._last
        self._last = _last_of(recent)
        return [call_row(record) for record in takewhile(lambda record: record is not last, reversed(recent))]

    def _changed_state(self, now: Moment) -> Row:
        if now - self._state_at < SLOW:
            return {}
        before, self._state_at = self._state, now
        self._state = _state.dump_python(state_of(self._sidecar), mode="json")
        return {name: what for name, what in self._state.items() if name != "now" and before.get(name) != what}


def _last_of(recent: Sequence[CallRecord]) -> CallRecord | None:
    return recent[-1] if recent else None


def _differences(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Rows that are new or different, by id, and the ids of those that are gone. An unchanged row is the same object."""
    changed = {id: row for id, row in after.items() if before.get(id) is not row}
    return {name: changed, f"{name}_gone": [id for id in before if id not in after]}


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """One server-sent event (HTML standard, 9.2.5). JSON holds no line break, so that one line of data is enough."""
    return b"event: " + name.encode() + b"\ndata: " + _as_json(data) + b"\n\n"

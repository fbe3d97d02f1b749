"""Calls as the API shows them, and a program that shows whatever one likes."""

import io
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sidecar.clock import SECOND, Moment, SystemClock
from sidecar.control.shown import CallInFlight, Prospect, Setting
from sidecar.errors import LedgerError
from sidecar.ledger.contract import CallQuery, LedgerHealth
from sidecar.ledger.spending import SpendStep
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.log import LogLevel, open_log
from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.totals import totals_of

STARTED = 1_790_000_000 * SECOND
NO_TOTALS = totals_of(Recorder("0", open_log(SystemClock(), file=io.BytesIO()), LedgerHealth).page().families)
"""What the metrics come to at the start."""


def in_flight(id: str = "c1", **fields: Any) -> CallInFlight:
    """A call whose caller is there."""
    usual: dict[str, Any] = {
        "upstream": "gemini", "dialect": "gemini", "model": "gemini-3-pro", "kind": "stream", "route": "streamGenerateContent",
        "caller": "nightly", "started_at": "2026-09-21T14:13:20.000000Z", "committed_at": None, "answered_at": None,
        "left_at": None, "left_reason": None, "finished_at": None, "age_seconds": 2.5, "downstream_state": "waiting",
        "upstream_state": "unsent", "attachment": Attachment.ATTACHED, "orphaned_since": None, "decision": None,
        "decision_reason": None, "taken_by": None, "waits_for": None,
    }  # fmt: skip
    return CallInFlight(id=id, **{**usual, **fields})


def settled(id: str = "c9", **fields: Any) -> CallRecord:
    """A call that was delivered."""
    usual: dict[str, Any] = {
        "upstream": "gemini", "provider": "gemini", "dialect": "gemini", "model": "gemini-3-pro", "kind": CallKind.UNARY,
        "started_at": STARTED, "settled_at": STARTED + SECOND, "outcome": "delivered", "http_status": 200,
        "usage": {"input": 3}, "spend_usd": Decimal("0.00012"), "orphaned_usd": Decimal(0), "avoidable_usd": Decimal(0),
        "basis": "exact", "method": "generateContent",
    }  # fmt: skip
    return CallRecord(id=id, **{**usual, **fields})


class FakeShown:
    """What such a program shows."""

    def __init__(self) -> None:
        self.log_level: LogLevel = "info"
        self.at = STARTED
        self.calls: list[CallInFlight] = []
        self.settled: deque[CallRecord] = deque(maxlen=1_000)
        self.kept: list[CallRecord] = []
        self.query: CallQuery | None = None
        self.steps: tuple[int, int, int] | None = None
        self.lines = [Setting("mode", "observe", "default"), Setting("ledger.url", "postgresql://me:***@db/x", None)]
        self.prospects: dict[str, Prospect] = {}
        self.sockets: dict[str, int] = {}
        self.open_tunnels = 0
        self.money: dict[str, object] = {**NO_TOTALS, "exposure_usd": "0"}
        self.trouble: LedgerError | None = None
        self.looks = 0

    def now(self) -> Moment:
        return self.at

    def attachments(self) -> Mapping[Attachment, int]:
        return Counter(call.attachment for call in self.calls)

    def live_sockets(self) -> Mapping[str, int]:
        return self.sockets

    def tunnels(self) -> int:
        return self.open_tunnels

    def watch_calls(self) -> Callable[[], Sequence[CallInFlight]]:
        return self._look

    def _look(self) -> Sequence[CallInFlight]:
        self.looks += 1
        return self.calls

    async def calls_in_flight(self) -> Sequence[CallInFlight]:
        return self.calls

    def recent(self) -> Sequence[CallRecord]:
        return self.settled

    def totals(self) -> Mapping[str, object]:
        return self.money

    def prospect(self, record: OperationRecord) -> Prospect:
        return self.prospects.get(record.id, Prospect())

    def settings(self) -> Sequence[Setting]:
        return self.lines

    async def history(self, query: CallQuery) -> Sequence[CallRecord]:
        self.query = query
        return self._readable()

    async def call(self, id: str) -> CallRecord | None:
        return next((record for record in self._readable() if record.id == id), None)

    async def spending(self, since: Moment, step: Moment, steps: int) -> Sequence[SpendStep]:
        self.steps = (since, step, steps)
        self._readable()
        return [SpendStep(at=since + place * step, calls=place) for place in range(steps)]

    def _readable(self) -> list[CallRecord]:
        if self.trouble is not None:
            raise self.trouble
        return self.kept

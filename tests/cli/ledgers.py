"""Ledger files for the commands to read: written through the ledger itself, as `serve` writes them."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.cli import OK
from sidecar.clock import SECOND, Moment, SystemClock, from_rfc3339
from sidecar.ledger.operations import OperationLedger
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.lifecycle.operation import OperationEvent, OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord

NOON: Moment = from_rfc3339("2026-11-20T12:00:00Z")


def call(number: int, **known) -> CallRecord:
    """A delivered call that started so many minutes after noon, but for what is `known`."""
    started = NOON + number * 60 * SECOND
    facts: dict[str, Any] = {
        "id": f"c{number:03}",
        "upstream": "gemini",
        "provider": "google",
        "dialect": "gemini",
        "model": "gemini-2.5-flash",
        "kind": CallKind.UNARY,
        "started_at": started,
        "committed_at": started + SECOND // 10,
        "finished_at": started + 10 * SECOND,
        "settled_at": started + 11 * SECOND,
        "outcome": "delivered",
        "http_status": 200,
        "usage": {"input": 1200, "output": 300},
        "spend_usd": Decimal("0.01"),
        "orphaned_usd": Decimal(0),
        "avoidable_usd": Decimal(0),
        "basis": "exact",
        "price_source": "genai-prices",
    }
    return CallRecord(**(facts | known))


def orphan(number: int, usd: str, **known) -> CallRecord:
    """A call whose caller left after two seconds; all of its bill went to nobody."""
    left = {"left_at": NOON + (number * 60 + 2) * SECOND, "left_reason": "rst", "outcome": "orphan_finished"}
    money = {"spend_usd": Decimal(usd), "orphaned_usd": Decimal(usd), "avoidable_usd": Decimal(usd) / 4}
    return call(number, **(left | money | known))


def gave_up(number: int, usd: str, **known) -> CallRecord:
    """An orphan whose caller had said that it waits two seconds, and left when they were over."""
    return orphan(number, usd, **({"caller_timeout_seconds": 2.0, "handed_over": "nothing"} | known))


def rescued(number: int, usd: str, by: str, **known) -> CallRecord:
    """A call whose caller left after two seconds; its retry was given the answer, and nothing went to nobody."""
    saved = {
        "outcome": "rescued",
        "rescued_by": by,
        "orphaned_usd": Decimal(0),
        "avoidable_usd": Decimal(0),
        "handed_over": "whole",
    }
    return orphan(number, usd, **(saved | {"decision": "follow", "decision_reason": "provider_runs_on"} | known))


def joined(number: int, first: str, **known) -> CallRecord:
    """A retry that was given the answer to another call, and cost nothing."""
    nothing: dict[str, Any] = {"committed_at": None, "usage": {}, "spend_usd": Decimal(0), "price_source": None}
    return call(number, **(nothing | {"outcome": "joined", "attempt_of": first} | known))


def operation(number: int, **known) -> OperationRecord:
    """A background response that opened so many minutes after noon, but for what is `known`."""
    opened = NOON + number * 60 * SECOND
    facts: dict[str, Any] = {
        "id": f"o{number:03}",
        "upstream": "openai",
        "provider": "openai",
        "dialect": "openai",
        "method": "responses.create",
        "kind": OperationKind.BACKGROUND,
        "model": "gpt-6",
        "opened_at": opened,
        "path": "/v1/responses",
        "lease_seconds": 60.0,
        "renewed_at": opened,
        "due_at": opened + 60 * SECOND,
    }
    return OperationRecord(**(facts | known))


class Lived(NamedTuple):
    """An operation, what happened to it, and with what it settled."""

    record: OperationRecord
    moves: Sequence[tuple[OperationEvent, dict[str, Any], str]] = ()
    """Event, fields that go with it, evidence."""
    settled: dict[str, Any] | None = None


def orphaned_operation(number: int, usd: str, **known) -> Lived:
    """One whose caller was found gone after a minute, that we cancelled, and of which all went to nobody."""
    record = operation(number, **known)
    lapsed, ended = record.opened_at + 60 * SECOND, record.opened_at + 70 * SECOND
    cancel = {"cancel_requested_at": lapsed, "cancel_trigger": "orphaned", "cancel_attempts": 1}
    money = {"spend_usd": Decimal(usd), "orphaned_usd": Decimal(usd), "avoidable_usd": Decimal(0), "basis": "exact"}
    moves: list[tuple[OperationEvent, dict[str, Any], str]] = [
        (OperationEvent.ACCEPTED, {"provider_id": f"resp_{number}"}, "HTTP 200"),
        (OperationEvent.LEASE_LAPSED, {"lapsed_at": lapsed, "gone_reason": "lease_lapsed"}, "no poll for 60 s"),
        (OperationEvent.CANCEL_CLAIMED, cancel, "its caller is gone"),
        (OperationEvent.OBSERVED_CANCELLED, {"ended_at": ended, "cancel_result": "confirmed"}, "HTTP 200, cancelled"),
    ]
    return Lived(record, moves, money | {"avoided_usd": Decimal("0.5"), "usage": {"output": 7}})


def write_ledger(path: Path, records: Iterable[CallRecord], operations: Iterable[Lived] = ()) -> str:
    """Write a ledger file; returns its address."""
    url = f"sqlite:///{path}"
    ledger = SqliteLedger.open(url, clock=SystemClock(), instance="test")
    for record in records:
        ledger.put(record)
    for lived in operations:
        _live(ledger.operations, lived)
    assert ledger.close(10)
    return url


def _live(operations: OperationLedger, lived: Lived) -> None:
    fence = operations.open(lived.record).fence
    for event, changes, evidence in lived.moves:
        assert operations.move(lived.record.id, event, changes, evidence, fence)
    if lived.settled is not None:
        assert operations.settle(lived.record.id, fence, lived.settled)


def ids(ran) -> list[str]:
    """Of the rows that a command printed as JSON."""
    assert ran.code == OK, ran.err
    return [row["id"] for row in json.loads(ran.out)]

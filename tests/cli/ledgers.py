"""Ledger files for the commands to read: written through the ledger itself, as `serve` writes them."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from sidecar.clock import SECOND, Moment, SystemClock, from_rfc3339
from sidecar.ledger.sqlite import SqliteLedger
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


def write_ledger(path: Path, records: Iterable[CallRecord]) -> str:
    """Write a ledger file; returns its address."""
    url = f"sqlite:///{path}"
    ledger = SqliteLedger.open(url, clock=SystemClock(), instance="test")
    for record in records:
        ledger.put(record)
    assert ledger.close(10)
    return url

from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.clock import SECOND, SystemClock
from sidecar.companion.typicals import Typicals, typical
from sidecar.companion.waiting_for import Orphan, Typical
from sidecar.ledger.by_address import open_ledger
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.record import CallKind, CallRecord

CALL = Orphan(upstream="gemini", model="gemini-2.5-pro", kind="unary", seconds=1.0)


def test_typical_is_the_middle_and_not_the_mean() -> None:
    latest = [(0, seconds * SECOND, Decimal(seconds)) for seconds in (1, 2, 3, 4, 100)]
    assert typical(latest) == Typical(3.0, Decimal(3))


def test_too_few_say_nothing() -> None:
    assert typical([(0, SECOND, Decimal(1))] * 4) == Typical()
    assert typical([(0, SECOND, None)] * 5) == Typical(1.0, None)
    assert typical([(0, None, Decimal(1))] * 5) == Typical(None, Decimal(1))


@pytest.mark.anyio
async def test_told_by_the_ledgers_latest_of_the_same_kind(tmp_path: Path) -> None:
    clock, url = SystemClock(), f"sqlite:///{tmp_path}/ledger.db"
    ledger = open_ledger(url, clock=clock, instance="test")
    began = clock.now() - 60 * SECOND
    for number in range(12):
        model, seconds = ("gemini-2.5-pro", 7) if number % 2 else ("gemini-2.5-flash", 1)
        ledger.put(
            CallRecord(
                id=f"c{number}", upstream="gemini", provider="gemini", dialect="gemini", model=model, kind=CallKind.UNARY,
                started_at=began + number, finished_at=began + number + seconds * SECOND, settled_at=began + number,
                outcome="delivered", spend_usd=Decimal("0.01"),
            )
        )  # fmt: skip
    assert ledger.flush(10)
    typicals = Typicals(url)
    assert await typicals.of(CALL) == Typical(7.0, Decimal("0.01"))
    ledger.close(10)
    assert await typicals.of(CALL) == Typical(7.0, Decimal("0.01")), "asked once"


@pytest.mark.anyio
async def test_ledger_can_not_be_read__then_nothing_is_told(tmp_path: Path) -> None:
    response = Orphan(upstream="openai", model="m", kind="background", state=OperationState.ORPHANED, seconds=1.0)
    typicals = Typicals(f"sqlite:///{tmp_path}/none.db")
    assert await typicals.of(CALL) == await typicals.of(response) == Typical()

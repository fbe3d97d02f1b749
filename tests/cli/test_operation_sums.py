"""One bill over calls and operations."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.cli.operation_sums import BillLine, bill, is_lost, total_of
from sidecar.clock import SECOND
from sidecar.ledger.contract import By, ReportLine
from sidecar.lifecycle.operation import OperationState
from tests.cli.ledgers import NOON, operation

FIGURES: dict[str, Any] = {name: Decimal(0) if name.endswith("usd") else 0 for name in ReportLine.__struct_fields__}
SETTLED = {"settled_at": NOON, "state": OperationState.SUCCEEDED, "outcome": "succeeded", "basis": "exact"}
FETCHED = SETTLED | {
    "spend_usd": Decimal(2),
    "orphaned_usd": Decimal(0),
    "avoidable_usd": Decimal(0),
    "claimed_at": NOON,
}
LOST = SETTLED | {
    "spend_usd": Decimal(3), "orphaned_usd": Decimal(3), "avoidable_usd": Decimal(1), "lapsed_at": NOON,
    "ended_at": NOON + 30 * SECOND, "basis": "estimated",
}  # fmt: skip
UNPRICED = SETTLED | {"basis": None, "unpriced_reason": "no_usage"}


def calls(key: str, **figures) -> ReportLine:
    return ReportLine(**(FIGURES | {"key": key, "calls": 4, "spend_usd": Decimal(1)} | figures))


def test_lines_of_one_key_are_one_line():
    (line,) = bill([calls("gpt-6")], [operation(1, **FETCHED), operation(2, **LOST), operation(3)], By.MODEL)
    assert (line.key, line.calls, line.operations, line.open) == ("gpt-6", 4, 3, 1)
    assert (line.delivered, line.orphaned, line.orphaned_seconds) == (1, 1, 30.0)
    money = (line.spend_usd, line.orphaned_usd, line.avoidable_usd, line.estimated_usd)
    assert money == tuple(map(Decimal, (6, 3, 1, 3)))


@pytest.mark.parametrize(
    ("by", "key"),
    [
        (By.MODEL, "gpt-6-2026"),
        (By.CALLER, "me"),
        (By.UPSTREAM, "openai"),
        (By.KIND, "background"),
        (By.OUTCOME, "succeeded"),
        (By.DAY, "2026-11-20"),
    ],
)
def test_an_operation_is_found_under_every_key(by: By, key: str):
    (line,) = bill([], [operation(1, caller="me", served_model="gpt-6-2026", **FETCHED)], by)
    assert (line.key, line.calls, line.operations) == (key, 0, 1)


def test_what_was_lost_stands_first_and_days_in_their_order():
    lines = bill([calls("a", spend_usd=Decimal(9))], [operation(1, **LOST)], By.MODEL)
    assert [line.key for line in lines] == ["gpt-6", "a"]
    lines = bill([calls("2026-11-21"), calls("2026-11-19")], [operation(1)], By.DAY)
    assert [line.key for line in lines] == ["2026-11-19", "2026-11-20", "2026-11-21"]


def test_what_has_not_settled_is_open_and_what_has_no_price_is_said():
    (line,) = bill([], [operation(1), operation(2, **UNPRICED)], By.UPSTREAM)
    assert (line.open, line.unpriced, line.spend_usd) == (1, 1, Decimal(0))


@pytest.mark.parametrize(
    ("known", "lost"),
    [
        ({}, False),
        (FETCHED, False),
        (LOST, True),
        ({"lapsed_at": NOON}, True),
        (UNPRICED | {"lapsed_at": NOON}, True),
        (UNPRICED | {"lapsed_at": NOON, "claimed_at": NOON}, False),
        (LOST | {"lapsed_at": None}, True),
    ],
)
def test_an_operation_is_lost_when_nobody_is_there_or_nobody_came(known, lost: bool):
    assert is_lost(operation(0, **known)) is lost
    assert bill([], [operation(0, **known)], By.KIND)[0].orphaned == lost


def test_total_is_exact_beyond_28_digits():
    parts = [
        BillLine(**(FIGURES | {"key": None, "spend_usd": amount})) for amount in (Decimal("1E-25"), Decimal(123456))
    ]
    assert total_of(parts).spend_usd == Decimal("123456.0000000000000000000000001")

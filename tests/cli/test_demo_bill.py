"""The demo's closing account."""

from decimal import Decimal

import pytest

from sidecar.cli.demo_bill import Account, Sums, closing, counted
from sidecar.cli.stage import Row
from sidecar.simulator.cast import scene

CAST = tuple(role for role in scene(60, 1, seed=7) if role.name in {"caller-01", "impatient", "forsaken"})
SETTLED: dict[str, list[Row]] = {
    "caller-01": [{"outcome": "orphan_finished", "spend_usd": "0.1", "orphaned_usd": "0.1", "avoidable_usd": "0.05"}],
    "impatient": [{"outcome": "rescued", "spend_usd": "0.2", "orphaned_usd": "0"}, {"outcome": "joined"}],
    "forsaken": [
        {"outcome": "cancelled", "cancel_result": "confirmed", "spend_usd": "0.300000001", "orphaned_usd": "0.300000001",
         "avoided_usd": "1.5"}
    ],
}  # fmt: skip
BILL: dict[str, list[Row]] = {
    "caller-01": [{"usd": "0.1"}],
    "impatient": [{"usd": "0.2"}],
    "forsaken": [{"usd": "0.300000001"}],
}


def test_accounts_agree__the_same_to_the_last_digit() -> None:
    lines = list(closing(Account(CAST, SETTLED, BILL)))
    assert list(Account(CAST, SETTLED, BILL).differences()) == []
    assert [line.split() for line in lines[:2]] == [
        ["calls", "operations", "total", "USD"],
        ["The", "provider", "billed", "0.300000000", "0.300000001", "0.600000001"],
    ]
    assert lines[2].split()[2:] == ["counted", *lines[1].split()[3:], "the", "same,", "to", "the", "last", "digit"]
    assert "66.7 %" in lines[3]
    assert lines[5].split()[:4] == ["rescued", "0.200000000", "0.000000000", "0.200000000"]
    assert lines[6].split()[:4] == ["avoided", "0.000000000", "1.500000000", "1.500000000"]
    assert lines[6].endswith("estimated, by 1 of 1 cancels")


def test_bill_differs_in_its_last_digit__says_where() -> None:
    account = Account(CAST, SETTLED, {**BILL, "forsaken": [{"usd": "0.300000002"}]})
    assert list(account.differences()) == ["forsaken: counted 0.300000001, billed 0.300000002"]
    assert any(line.endswith("NOT the same") for line in closing(account))


@pytest.mark.parametrize(
    ("settled", "bill", "told"),
    [
        ({**SETTLED, "impatient": SETTLED["impatient"][:1]}, BILL, ["impatient: 1 of 2 not settled"]),
        (
            {**SETTLED, "forsaken": [{"outcome": "cancelled", "unpriced_reason": "no_usage"}]},
            BILL,
            ["forsaken: counted 0, billed 0.300000001 (no_usage)"],
        ),
        (SETTLED, {**BILL, "": [{"usd": "7"}]}, ["nobody: billed 7, not asked"]),
    ],
)
def test_what_is_missing_is_a_difference(
    settled: dict[str, list[Row]], bill: dict[str, list[Row]], told: list[str]
) -> None:
    assert list(Account(CAST, settled, bill).differences()) == told


def test_cancel_that_nothing_can_be_compared_with__is_said_and_adds_nothing() -> None:
    row = {name: value for name, value in SETTLED["forsaken"][0].items() if name != "avoided_usd"}
    account = Account(CAST, {**SETTLED, "forsaken": [row]}, BILL)
    assert account.sums("avoided_usd") == Sums(Decimal(0), Decimal(0))
    assert list(closing(account))[-1].endswith("by 0 of 1 cancels; the rest has no bills to compare with")


def test_rows_without_a_field_add_nothing() -> None:
    assert counted([{"spend_usd": None}, {}, {"spend_usd": "0.5"}], "spend_usd") == Decimal("0.5")

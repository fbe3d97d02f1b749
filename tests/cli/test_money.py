"""Money in tables."""

from decimal import Decimal

import pytest

from sidecar.cli.money import amount, percent


@pytest.mark.parametrize(
    ("usd", "basis", "text"),
    [
        ("0.0123456", None, "0.012346"),
        ("0", "exact", "0.000000"),
        ("12.5", "exact", "12.500000"),
        ("0.01", "estimated", "~0.010000"),
        ("0.01", "at_least", ">=0.010000"),
        ("0.0000004", None, "<0.000001"),
        ("0.0000006", None, "0.000001"),
        ("1234567.891", None, "1234567.891000"),
    ],
)
def test_amount_has_six_decimals_and_its_mark(usd, basis, text):
    assert amount(Decimal(usd), basis) == text


def test_no_amount__nothing():
    assert amount(None) == ""


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        ("0.0123", "0.0871", "14.1 %"),
        ("0", "5", "0 %"),
        ("5", "5", "100 %"),
        ("0", "0", "0 %"),
        ("0.0001", "5", "0.1 %"),
        ("4.9999", "5", "99.9 %"),
    ],
)
def test_share_is_never_rounded_to_none_or_all(part, whole, text):
    assert percent(Decimal(part), Decimal(whole)) == text

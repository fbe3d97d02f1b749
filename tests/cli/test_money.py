"""Money in tables."""

from decimal import Decimal

import pytest

from sidecar.cli.money import amount, in_words, legend, orphaned, percent, spend
from tests.cli.ledgers import call, operation


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
        ("1" + "0" * 40, None, "1" + "0" * 40 + ".000000"),
    ],
)
def test_amount_has_six_decimals_and_its_mark(usd, basis, text):
    assert amount(Decimal(usd), basis) == text


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        ("0", "0.0000 USD"),
        ("0.02104", "0.0210 USD"),
        ("0.001", "0.0010 USD"),
        ("0.0000123", "0.000012 USD"),
        ("12", "12.0000 USD"),
    ],
)
def test_amount_in_a_sentence_has_four_decimals__more_where_it_is_small(usd, words):
    assert in_words(Decimal(usd)) == words


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


@pytest.mark.parametrize("of", [call, operation])
def test_a_bill__marked_and_what_nobody_received_stands_out(of):
    billed = of(1, spend_usd=Decimal("0.5"), orphaned_usd=Decimal("0.25"), basis="estimated")
    assert (spend(billed), orphaned(billed)) == ("~0.500000", "~0.250000")
    assert orphaned(of(1, spend_usd=Decimal("0.5"), orphaned_usd=Decimal(0), basis="exact")) == ""


@pytest.mark.parametrize("of", [call, operation])
def test_no_bill__unpriced_only_where_there_may_have_been_work(of):
    nothing = {"spend_usd": None, "orphaned_usd": None}
    assert spend(of(1, **nothing)) == orphaned(of(1, **nothing)) == ""
    assert spend(of(1, **nothing, unpriced_reason="no_price")) == "unpriced"


def test_legend_only_where_a_mark_stands():
    exact, unknown = operation(1, spend_usd=Decimal(1), basis="exact"), operation(2, basis="estimated")
    assert legend([exact, unknown]) == ""
    assert legend([exact, call(3, basis="at_least")]).startswith("\n~ estimated   >= at least")

"""What is told of a bill besides what a ledger sums."""

from decimal import Decimal

from sidecar.ledger.bill import BillLine, Foregone


def test_what_was_saved_is_what_was_avoided_less_what_was_regretted():
    line = BillLine(key=None, avoided_usd=Decimal("0.3"), regretted_usd=Decimal("0.5"))
    assert line.saved_usd == Decimal("-0.2")


def test_what_would_have_been_saved_is_net_of_those_who_came_back():
    foregone = Foregone(operations_usd=Decimal(3), repeats_usd=Decimal("0.5"), returned_usd=Decimal(1))
    assert foregone.saved_usd == Decimal("2.5")


def test_nothing_is_zero():
    assert BillLine(key="m").saved_usd == Foregone().saved_usd == 0

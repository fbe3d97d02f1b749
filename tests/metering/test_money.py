from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.money import SHARE_UNIT, less, plain, share

amounts = st.decimals(min_value=0, max_value=10**6, places=15)
counts = st.integers(min_value=0, max_value=10**9)


@given(amount=amounts, part=counts, whole=counts.filter(bool))
def test_a_share_and_the_rest_make_the_amount_again(amount, part, whole):
    taken = share(amount, part, whole)
    assert taken + less(amount, taken) == amount
    assert 0 <= taken <= amount


@given(amount=amounts, part=counts, whole=counts.filter(bool))
def test_a_share_is_true_to_its_unit_and_never_more(amount, part, whole):
    true = Fraction(amount) * Fraction(min(part, whole), whole)
    assert 0 <= true - Fraction(share(amount, part, whole)) < Fraction(SHARE_UNIT)


@given(amount=amounts, one=counts, other=counts, whole=counts.filter(bool))
def test_a_larger_part_is_never_a_smaller_share(amount, one, other, whole):
    assert share(amount, min(one, other), whole) <= share(amount, max(one, other), whole)


def test_a_share_of_the_whole_is_the_amount_digit_by_digit():
    assert str(share(Decimal("0.00012345678901234567"), 7, 7)) == "0.00012345678901234567"


def test_shares_do_not_depend_on_the_precision_somebody_else_has_set():
    with localcontext(prec=3):
        taken = share(Decimal("123.456789"), 1, 3)
        assert (taken, less(Decimal("123.456789"), taken)) == (Decimal("41.152263"), Decimal("82.304526"))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("7.5E-8", "0.000000075"),
        ("0.0013100", "0.00131"),
        ("1E+3", "1000"),
        ("100", "100"),
        ("0E-12", "0"),
        ("-0.0", "0"),
        ("12.000", "12"),
        ("-0.50", "-0.5"),
    ],
)
def test_money_is_shown_without_exponent_and_idle_zeros(amount, text):
    assert plain(Decimal(amount)) == text


@given(amount=st.decimals(min_value=-(10**9), max_value=10**9, places=20))
def test_money_that_is_shown_and_read_again_is_the_same(amount):
    assert Decimal(plain(amount)) == amount
    assert set(plain(amount)) <= set("-0123456789.")

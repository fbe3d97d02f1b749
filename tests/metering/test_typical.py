from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.typical import FEWEST, low_estimate

amounts = st.decimals(0, 1000, places=6)


@pytest.mark.parametrize(
    ("bills", "low"),
    [
        ([], None),
        (["1", "2", "3", "4"], None),
        (["5", "1", "4", "2", "3"], "2"),
        (["8", "7", "6", "5", "4", "3", "2", "1"], "2"),
        (["9", "8", "7", "6", "5", "4", "3", "2", "1"], "3"),
        (["2", "2", "2", "2", "100"], "2"),
    ],
)
def test_a_low_estimate_is_the_lower_quartile_of_at_least_five(bills: list[str], low: str | None):
    assert low_estimate([Decimal(bill) for bill in bills]) == (None if low is None else Decimal(low))


@given(st.lists(amounts, min_size=FEWEST, max_size=60))
def test_it_is_one_of_the_bills_and_three_in_four_are_not_below_it(bills: list[Decimal]):
    low = low_estimate(bills)
    assert low in bills
    assert sum(bill >= low for bill in bills) * 4 >= len(bills) * 3

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.rule import NoRule, Rule
from sidecar.metering.told import MOST_USD, bill_as_told
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import Usage

RULE = Rule(source="s", brackets=(Bracket(-1, UnitPrices(input=Decimal(1), output=Decimal(3))),))
USAGE = Usage(input=1, output=1)


def test_what_the_provider_tells_is_the_bill_divided_as_the_list_divides_it():
    assert bill_as_told(Decimal("0.8"), "openrouter", RULE, USAGE) == Bill(
        Decimal("0.2"), Decimal("0.6"), "told by openrouter", is_told=True
    )


@pytest.mark.parametrize(("rule", "usage"), [(NoRule(), USAGE), (RULE, None), (RULE, Usage())])
def test_where_no_list_divides_it_all_is_output(rule, usage):
    assert bill_as_told(Decimal("0.8"), "xai", rule, usage) == Bill(
        Decimal(0), Decimal("0.8"), "told by xai", is_told=True
    )


def test_told_for_free_is_a_bill_of_0():
    assert bill_as_told(Decimal(0), "openrouter", RULE, USAGE) == Bill(
        Decimal(0), Decimal(0), "told by openrouter", is_told=True
    )


def test_a_factor_multiplies_what_is_told():
    found = bill_as_told(Decimal(1), "openrouter", NoRule(factor=Decimal("0.9")), USAGE)
    assert found == Bill(Decimal(0), Decimal("0.9"), "told by openrouter x 0.9", is_told=True)


@pytest.mark.parametrize("told", ["-0.1", "NaN", "sNaN", "Infinity", MOST_USD, "1E+300"])
def test_what_is_no_amount_of_money_is_not_believed(told):
    assert bill_as_told(Decimal(told), "xai", RULE, USAGE) == RULE.bill(USAGE)
    assert bill_as_told(Decimal(told), "xai", NoRule(), USAGE) == Unpriced(UnpricedReason.UNKNOWN_MODEL)


@given(
    told=st.decimals(0, 10**5, places=12),
    usage=st.builds(Usage, input=st.integers(0, 10**7), output=st.integers(0, 10**7)),
)
def test_the_two_parts_are_what_was_told(told, usage):
    bill = bill_as_told(told, "xai", RULE, usage)
    assert isinstance(bill, Bill)
    assert bill.input_usd + bill.output_usd == told
    assert bill.input_usd >= 0
    assert bill.output_usd >= 0

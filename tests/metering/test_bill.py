from decimal import Decimal

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Doubt, UnpricedReason


def test_a_bill_is_exact_unless_it_says_otherwise():
    bill = Bill(Decimal(1), Decimal(2), "override:1")
    assert (bill.basis, bill.reason) == (Basis.EXACT, "")


def test_a_bill_cannot_be_changed():
    bill = Bill(Decimal(1), Decimal(2), "override:1")
    with pytest.raises(AttributeError):
        bill.output_usd = Decimal(0)  # type: ignore[misc]


def test_the_words_for_why_there_is_no_bill_are_these():
    assert {str(reason) for reason in UnpricedReason} == {
        "no_usage", "unknown_model", "no_price", "operation", "not_watched", "expired", "untraceable", "abandoned",
    }  # fmt: skip


@pytest.mark.parametrize("word", [*Doubt, *UnpricedReason])
def test_reasons_are_words_that_fit_a_metric_label(word):
    assert word.isidentifier()
    assert word == word.lower()

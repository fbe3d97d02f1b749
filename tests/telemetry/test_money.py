from collections.abc import Callable
from decimal import Decimal

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.metering.spend import NO_TOKENS, TokenFates
from sidecar.telemetry.calls import CallFamilies
from sidecar.telemetry.money import MoneyCells, add_amount
from sidecar.telemetry.series import Number

Record = Callable[..., CallRecord]


@pytest.fixture
def families() -> CallFamilies:
    return CallFamilies()


@pytest.fixture
def money(families: CallFamilies) -> MoneyCells:
    return MoneyCells(families, ("google", "gemini-3-pro", "stream"), ("no_price",))


def values(families: CallFamilies, name: str) -> dict[tuple[str, ...], object]:
    return {labels[3:]: value for labels, value in vars(families)[name].frozen().children if value}


def test_a_bill_is_split_by_fate(families: CallFamilies, money: MoneyCells, record: Record):
    money.count_money(
        record(spend_usd=Decimal(3), orphaned_usd=Decimal(2), avoidable_usd=Decimal("0.5"), basis="at_least")
    )
    assert values(families, "spend") == {("delivered", "at_least"): 1.0, ("orphaned", "at_least"): 2.0}
    assert values(families, "avoidable") == {(): 0.5}


def test_what_was_counted_is_returned_by_fate(money: MoneyCells, record: Record):
    assert money.count_money(record(spend_usd=Decimal(3), orphaned_usd=Decimal(2))) == (1.0, 2.0)
    assert money.count_money(record(spend_usd=None, unpriced_reason="no_price")) == (0.0, 0.0)
    assert money.count_money(record(spend_usd=Decimal(1), orphaned_usd=Decimal(2))) == (0.0, 0.0)


def test_a_call_without_a_bill_is_counted_by_reason_and_never_as_0_usd(
    families: CallFamilies, money: MoneyCells, record: Record
):
    money.count_money(record(spend_usd=None, orphaned_usd=None, avoidable_usd=None, unpriced_reason="no_price"))
    assert values(families, "unpriced") == {("no_price",): 1}
    assert values(families, "spend") == {}


def test_a_call_that_cost_nothing_is_not_unpriced(families: CallFamilies, money: MoneyCells, record: Record):
    money.count_money(record(outcome="refused", spend_usd=None, orphaned_usd=None, avoidable_usd=None))
    assert values(families, "unpriced") == values(families, "spend") == {}


@pytest.mark.parametrize(
    ("spend", "orphaned", "avoidable"),
    [
        ("-1", "0", "0"),
        ("NaN", "0", "0"),
        ("sNaN", "0", "0"),
        ("1e400", "0", "0"),
        ("1", "0", "sNaN"),
        ("Infinity", "0", "0"),
        ("1", "2", "0"),
        ("1", "0", "0.1"),
        ("1", "NaN", "0"),
    ],
)
def test_amounts_that_do_not_fit_together_are_added_to_no_sum(
    families: CallFamilies, money: MoneyCells, record: Record, spend: str, orphaned: str, avoidable: str
):
    amounts = {"spend_usd": Decimal(spend), "orphaned_usd": Decimal(orphaned), "avoidable_usd": Decimal(avoidable)}
    money.count_money(record(**amounts))
    assert values(families, "unpriced") == {("inconsistent",): 1}
    assert values(families, "spend") == values(families, "avoidable") == {}


def test_tokens_are_counted_class_by_class(families: CallFamilies, money: MoneyCells):
    money.count_tokens(TokenFates(NO_TOKENS, (1, 2, 3, 4, 5)))
    classes = ("input", "cached_input", "output", "reasoning", "tool_use")
    assert values(families, "tokens") == {("orphaned", name): n for name, n in zip(classes, range(1, 6), strict=True)}


def test_bills_are_counted_and_what_is_none_is_not(money: MoneyCells, record: Record):
    for changes in ({}, {"spend_usd": None}, {"spend_usd": Decimal("NaN")}, {"spend_usd": Decimal(0)}):
        money.count_money(record(**changes))
    assert money.billed == 2


@pytest.mark.parametrize("usd", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "1e400"])
def test_what_is_no_amount_is_added_to_no_number(usd: str):
    number = Number()
    add_amount(number, Decimal(usd))
    add_amount(number, None)
    assert number.value == 0
    add_amount(number, Decimal("1.5"))
    assert number.value == 1.5


def test_a_count_that_no_float_can_add_is_no_count(families: CallFamilies, money: MoneyCells):
    money.count_tokens(TokenFates((10**400, 2**53, 7, 0, 0), NO_TOKENS))
    assert values(families, "tokens") == {("delivered", "output"): 7}


def test_a_count_below_0_is_not_taken_from_the_sum(families: CallFamilies, money: MoneyCells):
    money.count_tokens(TokenFates((-1, 0, 7, 0, 0), NO_TOKENS))
    assert values(families, "tokens") == {("delivered", "output"): 7}

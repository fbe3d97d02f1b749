"""Sums are exact, and lines stand in their order."""

from decimal import Decimal, getcontext

import pytest

from sidecar.ledger.contract import By
from sidecar.ledger.totals import Facts, add_up


def facts(
    key: object, spend: str | None = None, orphaned: str | None = None, outcome: str | None = "delivered"
) -> Facts:
    return (key, outcome, 1, None, None, spend, orphaned, None, "exact", None)


def test_a_sum_of_more_digits_than_the_usual_context_has_is_not_rounded():
    (line,) = add_up(
        [facts("m", "12345678901234567890.000000000001"), facts("m", "0.0000000000000000000000000001")], By.MODEL
    )
    assert getcontext().prec == 28
    assert str(line.spend_usd) == "12345678901234567890.0000000000010000000000000001"


def test_a_float_would_have_erred():
    (line,) = add_up([facts("m", "0.1")] * 10, By.MODEL)
    assert line.spend_usd == Decimal(1)


def test_zero_is_a_decimal():
    (line,) = add_up([facts("m")], By.MODEL)
    assert (line.spend_usd, line.orphaned_usd, line.avoidable_usd, line.estimated_usd) == (Decimal(0),) * 4


@pytest.mark.parametrize(
    ("calls", "keys"),
    [
        ([facts("a", "9", "1"), facts("b", "5", "2")], ["b", "a"]),
        ([facts("a", "5", "1"), facts("b", "9", "1")], ["b", "a"]),
        ([facts("a", "5"), facts("b", "4"), facts("b", "1")], ["b", "a"]),
        ([facts("b"), facts("a"), facts(None)], [None, "a", "b"]),
    ],
)
def test_lines_stand_by_orphaned_then_spent_then_calls_then_name(calls: list[Facts], keys: list[str | None]):
    assert [line.key for line in add_up(calls, By.CALLER)] == keys


def test_what_was_rescued_was_spent_once_and_delivered():
    (line,) = add_up(
        [facts("m", "3", "0", "rescued"), facts("m", None, None, "rescued"), facts("m", "0", "0", "joined")], By.MODEL
    )
    assert (line.calls, line.rescued, line.rescued_usd) == (3, 2, Decimal(3))
    assert (line.spend_usd, line.orphaned_usd, line.orphaned, line.delivered) == (Decimal(3), Decimal(0), 0, 0)


def test_no_outcome_is_called_open():
    (line,) = add_up([facts(None, outcome=None)], By.OUTCOME)
    assert (line.key, line.open) == ("open", 1)


def test_a_day_is_named_in_utc():
    lines = add_up([facts(20_000), facts(0), facts(19_999)], By.DAY)
    assert [line.key for line in lines] == ["1970-01-01", "2024-10-03", "2024-10-04"]


def test_a_clock_that_stepped_back_adds_no_negative_seconds():
    (line,) = add_up([("m", "orphan_finished", 1, 9, 5, None, None, None, None, None)], By.MODEL)
    assert line.orphaned_seconds == 0.0

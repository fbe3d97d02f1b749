"""Sums are exact, lines stand in their order, and only as many are kept as were asked for."""

from decimal import Decimal, getcontext
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.ledger.contract import By
from sidecar.ledger.totals import add, add_up, line_of, named


def spent(spend: str, orphaned: str = "0", **more: Any) -> dict[str, Any]:
    return {"calls": 1, "spend_usd": Decimal(spend), "orphaned_usd": Decimal(orphaned), **more}


def test_a_sum_of_more_digits_than_the_usual_context_has_is_not_rounded():
    groups = [("a", spent("12345678901234567890.000000000001")), ("b", spent("0.0000000000000000000000000001"))]
    assert getcontext().prec == 28
    assert str(add_up(groups, By.MODEL, None).total.spend_usd) == "12345678901234567890.0000000000010000000000000001"


def test_what_is_not_there_is_zero_and_money_a_decimal():
    line = line_of({}, "m")
    assert (line.calls, line.spend_usd, type(line.spend_usd), line.orphaned_seconds) == (0, Decimal(0), Decimal, 0.0)


def test_more_is_added_to_what_is_there():
    sums: dict[str, Any] = {"calls": 1}
    add(sums, {"calls": 2, "open": 1, "rescued": 0})
    assert sums == {"calls": 3, "open": 1}


@pytest.mark.parametrize(
    ("groups", "keys"),
    [
        ([("a", spent("9", "1")), ("b", spent("5", "2"))], ["b", "a"]),
        ([("a", spent("5", "1")), ("b", spent("9", "1"))], ["b", "a"]),
        ([("a", spent("5")), ("b", spent("5", calls=2))], ["b", "a"]),
        ([("b", spent("5")), ("a", spent("5")), (None, spent("5"))], [None, "a", "b"]),
    ],
)
def test_lines_stand_by_orphaned_then_spent_then_number_then_name(groups: Any, keys: list[str | None]):
    assert [line.key for line in add_up(groups, By.CALLER, None).lines] == keys


def test_the_others_are_the_total_less_the_first_lines():
    groups = [(str(number), spent("1", str(number), microseconds=SECOND)) for number in range(1000)]
    added = add_up(groups, By.CALLER, 2)
    assert ([line.key for line in added.lines], added.others_count) == (["999", "998"], 998)
    assert (added.others.calls, added.others.orphaned_usd, added.others.orphaned_seconds) == (
        998,
        Decimal(497503),
        998.0,
    )


def test_days_stand_in_their_order__the_latest_of_them():
    days = [(day, spent("1")) for day in (20_000, 0, 19_999)]
    assert [line.key for line in add_up(days, By.DAY, None).lines] == ["1970-01-01", "2024-10-03", "2024-10-04"]
    assert [line.key for line in add_up(days, By.DAY, 2).lines] == ["2024-10-03", "2024-10-04"]


def test_no_outcome_is_called_open_and_no_caller_nothing():
    assert (named(None, By.OUTCOME), named(None, By.CALLER), named("m", By.MODEL)) == ("open", None, "m")

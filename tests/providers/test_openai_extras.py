from decimal import Decimal

import pytest

from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.openai_extras import cached_at, cost_at, in_turn, nested_usage

READ = Reported(Usage(input=10, output=5), "m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.00012, "0.00012"), (3, "3"), ("0.5", "0.5"), (1e-5, "0.00001"), (0.1 + 0.2, "0.30000000000000004")],
)
def test_a_cost_is_taken_as_it_was_written(value, expected):
    assert cost_at("cost")(READ, {"cost": value}).cost_usd == Decimal(expected)


@pytest.mark.parametrize("value", [None, -1, "x", True, [], {}, float("inf"), float("nan"), 10**9, "1e5"])
def test_what_is_no_cost_changes_nothing(value):
    assert cost_at("cost")(READ, {"cost": value}) == READ
    assert cost_at("cost")(READ, {}) == READ


def test_a_cost_may_be_counted_in_small_units():
    ticks = cost_at("cost_in_usd_ticks", 10**10)
    for count, usd in ((37_756_000, "0.0037756"), (123_456_789_012, "12.3456789012"), (0, "0"), (10**15, "100000")):
        assert ticks(READ, {"cost_in_usd_ticks": count}).cost_usd == Decimal(usd)


@pytest.mark.parametrize(("value", "cached"), [(4, 4), (10, 10), (99, 10), (0, 0), (-1, 0), ("x", 0), (None, 0)])
def test_cached_tokens_are_a_part_of_the_input(value, cached):
    got = cached_at("hit")(READ, {"hit": value})
    assert got.usage == Usage(input=10 - cached, cached_input=cached, output=5)


def test_cached_tokens_that_openais_details_tell_are_not_counted_twice():
    told = Reported(Usage(input=6, cached_input=4, output=5))
    assert cached_at("hit")(told, {"hit": 4}) == told


def test_amendments_are_made_one_after_the_other():
    got = in_turn(cost_at("cost"), cached_at("hit"))(READ, {"cost": 2, "hit": 3})
    assert (got.cost_usd, got.usage) == (Decimal(2), Usage(input=7, cached_input=3, output=5))


def test_usage_within_another_object_is_found_or_not_there():
    assert nested_usage({"usage": {"a": 1}}) == {"a": 1}
    assert [nested_usage(odd) for odd in (None, 7, {}, {"usage": 3})] == [{}] * 4

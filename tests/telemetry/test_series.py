import math

import pytest
from hypothesis import given, strategies as st

from sidecar.telemetry.family import Family
from sidecar.telemetry.series import Distribution, distributions, numbers

COUNTED = Family("a_total", "counter", "A.", ("x", "y"))
MEASURED = Family("b_seconds", "histogram", "B.", (), "seconds", (1.0, 10.0))


def test_a_child_is_born_at_0_and_found_again():
    series = numbers(COUNTED)
    series.of("1", "2").value += 3
    assert series.of("1", "2").value == 3
    assert series.of("1", "3").value == 0
    assert len(series) == 2


def test_too_few_label_values_are_an_error():
    with pytest.raises(ValueError, match="a_total has the labels"):
        numbers(COUNTED).of("1")


def test_a_frozen_family_does_not_change_any_more():
    series = numbers(COUNTED)
    child = series.of("1", "2")
    frozen = series.frozen()
    child.value = 9
    assert frozen.children == [(("1", "2"), 0)]


def test_an_amount_on_a_bound_belongs_to_its_bucket():
    cell = distributions(MEASURED).of()
    for amount in (0, 1, 1.1, 10, 11):
        cell.observe(amount)
    assert cell.frozen().counts == (2, 2, 1)
    assert cell.frozen().total == pytest.approx(23.1)


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf, -1.0])
def test_what_is_no_duration_counts_as_0(amount: float):
    cell = Distribution((1.0,))
    cell.observe(amount)
    assert (cell.frozen().counts, cell.frozen().total) == ((1, 0), 0.0)


def test_the_newest_example_of_a_bucket_is_kept():
    cell = Distribution((1.0,))
    cell.observe_with(0.5, {"call_id": "c1"}, 100.0)
    cell.observe_with(0.6, {"call_id": "c2"}, 200.0)
    assert cell.frozen().exemplars == {0: ({"call_id": "c2"}, 0.6, 200.0)}


def test_an_example_too_long_to_be_scraped_is_left_out_but_counted():
    cell = Distribution((1.0,))
    cell.observe_with(0.5, {"call_id": "c" * 122}, 100.0)
    assert cell.frozen().counts == (1, 0)
    assert cell.frozen().exemplars == {}


@pytest.mark.parametrize("amount", [math.nan, math.inf, -1.0])
def test_an_example_of_no_duration_lies_in_the_bucket_that_it_stands_at(amount: float):
    cell = Distribution((1.0,))
    cell.observe_with(amount, {"call_id": "c1"}, 100.0)
    assert cell.frozen().exemplars == {0: ({"call_id": "c1"}, 0.0, 100.0)}


@given(st.lists(st.floats()))
def test_every_amount_is_in_exactly_one_bucket(amounts: list[float]):
    cell = Distribution((0.1, 1.0, 10.0))
    for amount in amounts:
        cell.observe(amount)
    assert sum(cell.frozen().counts) == len(amounts)
    assert cell.frozen().total >= 0

import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.figures import Figures, decimal_of


@pytest.mark.parametrize(
    ("value", "count", "is_sound"),
    [
        (None, 0, True), (0, 0, True), (7, 7, True), (7.0, 7, True), ("7", 7, True), ("7.0", 7, True),
        (2**31 - 1, 2**31 - 1, True),
        (7.5, 7, False), (-1, 0, False), ("-1", 0, False), (2**31, 0, False), (10**400, 0, False), ("9" * 100, 0, False),
        (True, 0, False), ("", 0, False), (".", 0, False), ("1e5", 0, False), ("seven", 0, False), ("\u0667", 0, False),
        ([], 0, False), ({}, 0, False), (float("inf"), 0, False), (float("nan"), 0, False), ("NaN", 0, False),
    ],
)  # fmt: skip
def test_a_count_is_read_or_doubted(value, count, is_sound):
    figures = Figures({"n": value})
    assert (figures.count("n"), figures.is_sound) == (count, is_sound)


@pytest.mark.parametrize(
    ("value", "usd"),
    [
        (0.00014, "0.00014"), (1.4e-06, "0.0000014"), ("0.1", "0.1"), (3, "3"), (0, "0"),
        (None, None), (-0.1, None), (1e400, None), (10**7, None), ("x", None), (False, None), ([1], None),
    ],
)  # fmt: skip
def test_dollars_are_what_was_written_or_nothing(value, usd):
    assert Figures({"cost": value}).usd("cost") == (None if usd is None else Decimal(usd))


def test_seconds_are_rounded_to_the_millisecond():
    assert Figures({"t": 0.012683}).milliseconds("t") == 13
    assert Figures({"t": 1.001}).milliseconds("t") == 1001
    assert Figures({}).milliseconds("t") == 0


@pytest.mark.parametrize("value", [[], "x", 7, True])
def test_what_is_no_object_has_nothing_in_it_and_is_doubted(value):
    inside = Figures({"usage": value}).inside("usage")
    assert not inside
    assert inside.judged(Usage()).reason == "malformed_usage"


def test_what_is_absent_is_not_doubted():
    inside = Figures(None).inside("usage")
    assert not inside
    assert not inside.has("n")
    assert inside.judged(Usage()).basis is Basis.EXACT


def test_a_doubt_makes_a_lower_bound():
    figures = Figures({"input": 3, "output": "many"})
    got = figures.judged(Usage(input=figures.count("input"), output=figures.count("output")), "m", Decimal(1))
    assert (got.usage, got.model, got.basis, got.reason, got.cost_usd) == (
        Usage(input=3), "m", Basis.AT_LEAST, "malformed_usage", Decimal(1),
    )  # fmt: skip


def test_nothing_is_not_told():
    assert Figures({"input": 0}).told(Usage()) is None
    assert Figures({}).told(Usage(input=3), "m") == Reported(Usage(input=3), "m")
    doubted = Figures({"input": "many"})
    doubted.count("input")
    assert doubted.told(Usage()) == Reported(Usage(), basis=Basis.AT_LEAST, reason="malformed_usage")


def test_a_name_is_looked_up_too():
    assert Figures({"model": "llama"}).name("model") == "llama"
    assert Figures({"model": 7}).name("model") == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda one: st.lists(one, max_size=2)
)


@given(JSON)
def test_no_value_raises_or_is_negative(value):
    figures = Figures({"n": value})
    assert figures.count("n") >= 0
    assert figures.milliseconds("n") >= 0
    assert (figures.usd("n") or 0) >= 0
    decimal_of(value)


@given(st.integers(0, 2**31 - 1))
def test_a_count_is_the_same_in_every_spelling(number):
    for text in (f"{number}", f'"{number}"', f"{number}.0"):
        figures = Figures({"n": json.loads(text)})
        assert (figures.count("n"), figures.is_sound) == (number, True)

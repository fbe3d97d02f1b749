"""Durations and sizes."""

import math
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from sidecar.config.quantities import GIB, KIB, MIB, parse_bytes, parse_seconds, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        ("250ms", 0.25),
        ("5m", 300),
        ("1.5h", 5400),
        ("7d", 604_800),
        ("1 w", 604_800),
        (25, 25),
    ],
)
def test_duration_as_people_write_it(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    "value", ["", "s", "-1", "1e3", "1h30m", "5 parsecs", "٣s", "1.s", ".5s", -1, math.inf, math.nan, True, None, [1]]
)
def test_what_is_no_duration__refused(value):
    with pytest.raises(ValueError):
        parse_seconds(value)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("100", 100),
        ("64KiB", 64 * KIB),
        ("64kib", 64 * KIB),
        ("64Mi", 64 * MIB),
        ("1.5GiB", 3 * GIB // 2),
        ("10MB", 10**7),
        (7, 7),
    ],
)
def test_size_as_people_write_it(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize("value", ["64M", "0.5", "1.0001KiB", "-1KiB", 1.5, -1, True, None])
def test_what_is_no_size__refused(value):
    with pytest.raises(ValueError):
        parse_bytes(value)


@given(st.integers(0, 1 << 50))
def test_size_reads_back(count):
    assert parse_bytes(size(count)) == count


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text):
    with suppress(ValueError):
        assert parse_seconds(text) >= 0


@pytest.mark.parametrize("value", [10**400, "1" * 400, float("inf"), float("nan"), "1" * 308 + "w"])
@pytest.mark.parametrize("parse", [parse_seconds, parse_bytes])
def test_more_than_a_float_holds_is_refused(parse, value):
    with pytest.raises(ValueError):
        parse(value)

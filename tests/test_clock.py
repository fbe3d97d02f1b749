"""Moments: whole microseconds, UTC, and text that sorts as they do."""

from datetime import UTC, datetime

import pytest
from freezegun import freeze_time
from hypothesis import given, strategies as st

from sidecar.clock import FIRST, LAST, MILLISECOND, SECOND, SystemClock, from_rfc3339, rfc3339, seconds_between

YEAR_9999 = 253_402_300_799 * SECOND
moments = st.integers(0, YEAR_9999)

TEXTS = [
    (0, "1970-01-01T00:00:00.000000Z"),
    (1, "1970-01-01T00:00:00.000001Z"),
    (1_795_168_800 * SECOND, "2026-11-20T10:00:00.000000Z"),
    (1_795_168_800 * SECOND + 250 * MILLISECOND, "2026-11-20T10:00:00.250000Z"),
    (1_709_164_800 * SECOND - 1, "2024-02-28T23:59:59.999999Z"),
]


@pytest.mark.parametrize(("moment", "text"), TEXTS)
def test_a_moment_and_its_text(moment: int, text: str) -> None:
    assert rfc3339(moment) == text
    assert from_rfc3339(text) == moment


@pytest.mark.parametrize(
    "text", ["2026-11-20T10:00:00", "2026-11-20 10:00:00Z", "2026-11-20T11:30:00+01:30", "2026-11-20T10:00:00.000Z"]
)
def test_other_ways_to_write_the_same_moment(text: str) -> None:
    assert from_rfc3339(text) == 1_795_168_800 * SECOND


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "1790000000"])
def test_text_that_is_no_moment__refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_rfc3339(text)


@given(moments)
def test_text_read_back_is_the_moment(moment: int) -> None:
    assert from_rfc3339(rfc3339(moment)) == moment


@given(moments, moments)
def test_texts_sort_as_their_moments(one: int, other: int) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)


def test_a_moment_before_1970() -> None:
    assert from_rfc3339("1969-12-31T23:59:59.999999Z") == -1
    assert rfc3339(-1) == "1969-12-31T23:59:59.999999Z"


def test_seconds_between_two_moments() -> None:
    assert seconds_between(SECOND, 3 * SECOND + 500 * MILLISECOND) == 2.5


def test_a_clock_that_stepped_back_gives_no_negative_duration() -> None:
    assert seconds_between(SECOND, 0) == 0.0


def test_the_system_clock_is_asked_anew() -> None:
    with freeze_time("2026-11-20T10:00:00.123456Z"):
        assert rfc3339(SystemClock().now()) == "2026-11-20T10:00:00.123456Z"


def test_the_system_clock_tells_the_present() -> None:
    before = datetime.now(UTC).timestamp()
    now = SystemClock().now() / SECOND
    assert before - 0.001 <= now <= datetime.now(UTC).timestamp()


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_ns() for _ in range(1000)]
    assert readings == sorted(readings)


@pytest.mark.parametrize(
    ("moment", "told"),
    [(2**63, "9999-12-31T23:59:59.999999Z"), (LAST, "9999-12-31T23:59:59.999999Z"), (FIRST, "0001-01-01T00:00:00.000000Z"),
     (-(2**63), "0001-01-01T00:00:00.000000Z")],
)  # fmt: skip
def test_a_moment_for_which_there_are_no_words_is_told_as_the_nearest_that_has_some(moment, told):
    assert rfc3339(moment) == told

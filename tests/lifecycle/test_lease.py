"""Leases: asked for, learned, lapsing."""

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.lease import LONGEST_LEARNED_SECONDS, Habit, lapses_at, lease_in
from tests.lifecycle.rows import NOW, row

ASKED = [
    ("90", 90), ("90s", 90), (" 90S ", 90), ("5m", 300), ("2h", 7_200), ("1d", 86_400), ("1.5h", 5_400), ("1", 1),
    ("30d", 2_592_000),
]  # fmt: skip
WRONG = ["", "s", "-5", "+5", "5 m", "1e3", "inf", "nan", "5w", "0x10", "٩", "5m5s", "9" * 40]
OUT_OF_BOUNDS = ["0", "0.5", "31d", "999999999"]


@pytest.mark.parametrize(("text", "seconds"), ASKED)
def test_a_lease_as_people_write_it(text: str, seconds: float) -> None:
    assert lease_in(text) == seconds


@pytest.mark.parametrize("text", WRONG)
def test_no_lease__a_sentence_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="must be seconds, or a number with a unit such as 90s, 5m, 2h"):
        lease_in(text)


@pytest.mark.parametrize("text", OUT_OF_BOUNDS)
def test_too_short_or_too_long__the_bounds_are_said(text: str) -> None:
    with pytest.raises(ValueError, match="must be between 1s and 30d"):
        lease_in(text)


@given(st.text(max_size=20))
def test_any_text__a_lease_within_the_bounds_or_an_error(text: str) -> None:
    try:
        seconds = lease_in(text)
    except ValueError:
        return
    assert 1 <= seconds <= 30 * 86_400


# === learned ===


def habit_of(*pauses: float) -> Habit:
    at, habit = NOW, Habit().polled(NOW)
    for pause in pauses:
        at += int(pause * SECOND)
        habit = habit.polled(at)
    return habit


def test_one_poll__nothing_is_learned() -> None:
    assert habit_of().term_seconds(60) == 60


def test_polls_once_a_minute__five_minutes() -> None:
    assert habit_of(60, 60).term_seconds(60) == 300


def test_polls_often__the_lease_stays_as_it_is_set() -> None:
    assert habit_of(1, 1, 1).term_seconds(60) == 60


def test_a_long_pause_counts_at_once() -> None:
    assert habit_of(5, 5, 40).term_seconds(60) == 200


def test_a_single_long_pause_is_forgotten__the_lease_shrinks_to_what_is_set() -> None:
    habit = habit_of(300, *[5] * 60)
    assert habit.term_seconds(1_500, least_seconds=60) == 60
    assert habit.term_seconds(1_500) == 1_500


def test_jitter__the_lease_is_not_written_anew_with_every_poll() -> None:
    lease, written = 60.0, 0
    habit = habit_of(30)
    for number in range(50):
        habit = habit.polled((habit.polled_at or 0) + (25 + number % 7) * SECOND)
        term = habit.term_seconds(lease, least_seconds=60)
        written, lease = written + (term != lease), term
    assert written <= 3


def test_never_longer_than_a_day_by_habit() -> None:
    assert habit_of(500_000).term_seconds(60) == LONGEST_LEARNED_SECONDS


def test_a_longer_lease_that_was_asked_for__kept() -> None:
    assert habit_of(500_000).term_seconds(20 * 86_400) == 20 * 86_400


@given(st.lists(st.floats(-100, 1e5), max_size=30), st.floats(1, 1e6), st.floats(1, 1e6))
def test_any_polls__never_below_what_is_set(pauses: list[float], lease: float, least: float) -> None:
    habit = habit_of(*pauses)
    assert habit.term_seconds(lease) >= lease
    assert habit.term_seconds(lease, least) >= min(lease, least)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=30))
def test_any_polls__the_last_pause_fits_into_the_lease_five_times(pauses: list[float]) -> None:
    assert habit_of(*pauses).term_seconds(1, 1) >= min(5 * pauses[-1], LONGEST_LEARNED_SECONDS) * 0.999


# === lapsing ===


def test_it_lapses_one_lease_after_the_last_poll() -> None:
    assert lapses_at(row(renewed_at=NOW), watched_from=NOW - SECOND) == NOW + 60 * SECOND


def test_it_was_not_heard_since__one_lease_after_somebody_listens() -> None:
    assert lapses_at(row(renewed_at=NOW), watched_from=NOW + 500 * SECOND) == NOW + 560 * SECOND


def test_a_longer_lease_lapses_later() -> None:
    longer = msgspec.structs.replace(row(renewed_at=NOW), lease_seconds=90.5)
    assert lapses_at(longer, 0) == NOW + int(90.5 * SECOND)

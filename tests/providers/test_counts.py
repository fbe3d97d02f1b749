import pytest
from hypothesis import given, strategies as st

from sidecar.providers.counts import MOST, Parts, careful_count, cut_down, minus, within

SMALL = st.integers(0, 50)
PARTS = st.builds(Parts, SMALL, SMALL, SMALL)


@pytest.mark.parametrize(
    ("value", "count", "is_sound"),
    [
        (None, 0, True), (0, 0, True), (7, 7, True), (7.0, 7, True), ("7", 7, True), (MOST, MOST, True),
        (7.5, 0, False), (-1, 0, False), ("-1", 0, False), (MOST + 1, 0, False), (10**400, 0, False), ("9" * 100, 0, False),
        (True, 0, False), ("", 0, False), ("seven", 0, False), ("\u0667", 0, False), ([], 0, False), ({}, 0, False),
        (float("inf"), 0, False), (float("nan"), 0, False),
    ],
)  # fmt: skip
def test_a_count_is_read_or_doubted(value, count, is_sound):
    assert careful_count(value) == (count, is_sound)


@given(st.lists(SMALL).map(tuple), st.integers(-10, 200))
def test_an_excess_is_taken_from_the_front(classes, excess):
    left = cut_down(classes, excess)
    assert sum(classes) - sum(left) == max(0, min(excess, sum(classes)))
    cut = [before - after for before, after in zip(classes, left, strict=True)]
    whole = [place for place, taken in enumerate(cut) if taken]
    assert all(left[place] == 0 for place in whole[:-1])


@given(PARTS, SMALL)
def test_parts_never_exceed_their_class(parts, count):
    cut, was_over = within(parts, count)
    assert cut.audio + cut.image + cut.video <= count
    assert (cut == parts) is not was_over


@given(PARTS, PARTS)
def test_what_is_left_is_never_negative(whole, part):
    left = minus(whole, part)
    assert min(left.audio, left.image, left.video) >= 0
    assert minus(whole, Parts()) == whole

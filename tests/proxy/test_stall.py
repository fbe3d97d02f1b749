"""Only a figure that does not change at all for the whole time stands still."""

from hypothesis import given, strategies as st

from sidecar.proxy.stall import Standstill

SECOND = 1_000_000_000


def test_figure_that_does_not_change__still_from_the_first_look_on() -> None:
    watch = Standstill[str](2.0)
    assert watch.look([("a", 7)], 0) == []
    assert watch.look([("a", 7)], 2 * SECOND - 1) == []
    assert watch.look([("a", 7)], 2 * SECOND) == ["a"]
    assert watch.look([("a", 7)], 3 * SECOND) == ["a"]


def test_figure_that_changes__another_period_begins() -> None:
    watch = Standstill[str](2.0)
    for at, figure in enumerate((7, 7, 6, 6)):
        assert watch.look([("a", figure)], at * SECOND) == []
    assert watch.look([("a", 6)], 4 * SECOND) == ["a"]


def test_who_is_not_named_is_forgotten() -> None:
    watch = Standstill[str](2.0)
    watch.look([("a", 7)], 0)
    watch.look([], SECOND)
    assert watch.look([("a", 7)], 3 * SECOND) == []


def test_each_is_judged_by_itself() -> None:
    watch = Standstill[str](2.0)
    watch.look([("a", 7), ("b", 1)], 0)
    assert watch.look([("a", 7), ("b", 2), ("c", 7)], 2 * SECOND) == ["a"]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_still_exactly_when_the_last_looks_all_saw_the_same(figures: list[int]) -> None:
    watch = Standstill[str](3.0)
    for at, figure in enumerate(figures):
        still = watch.look([("a", figure)], at * SECOND)
        lately = figures[max(0, at - 3) : at + 1]
        assert bool(still) == (len(lately) == 4 and set(lately) == {figure})

"""Whoever dies stands in the gap of somebody who lives, and of one alone; and further looks find what a neighbor leaves."""

from hypothesis import given, strategies as st

from sidecar.lifecycle.neighbors import Gap, gap_of, reach_of

NAMES = st.text("abc", min_size=1, max_size=3)


def test_every_second_look_is_at_the_next_alone__and_the_rarer_the_further() -> None:
    assert [reach_of(look) for look in range(1, 17)] == [1, 2, 1, 4, 1, 2, 1, 8, 1, 2, 1, 4, 1, 2, 1, 16]


def test_the_gap_is_what_stands_before_the_next_who_lives() -> None:
    gap = gap_of("b", ["b", "e", "h"], 1)
    assert [name for name in "abcdefghi" if gap.holds(name)] == ["c", "d"]


def test_the_last_ones_gap_goes_around() -> None:
    gap = gap_of("h", ["b", "e", "h"], 1)
    assert [name for name in "abcdefghi" if gap.holds(name)] == ["a", "i"]


def test_a_further_look_reaches_over_those_who_live() -> None:
    assert gap_of("b", ["b", "e", "h"], 2) == Gap("b", "h")


def test_who_lives_alone_looks_at_all() -> None:
    gap = gap_of("b", ["b"], 1)
    assert [name for name in "abc" if gap.holds(name)] == ["a", "c"]


def test_a_look_that_reaches_around_the_whole_ring__all() -> None:
    assert gap_of("b", ["b", "e"], 2) == gap_of("b", ["b", "e"], None) == Gap("b", "b")


@given(st.sets(NAMES, min_size=1), NAMES)
def test_whoever_is_dead_stands_in_exactly_one_gap(living: set[str], dead: str) -> None:
    ring = sorted(living - {dead})
    assert sum(gap_of(name, ring, 1).holds(dead) for name in ring) == (1 if ring else 0)


@given(st.sets(NAMES, min_size=2), NAMES, st.data())
def test_one_who_looks_finds_any_dead__whoever_else_does_not(living: set[str], dead: str, data: st.DataObject) -> None:
    ring = sorted(living - {dead})
    looker = data.draw(st.sampled_from(ring))
    reaches = [reach_of(look) for look in range(1, 2 * len(ring) + 1)]
    assert any(gap_of(looker, ring, reach).holds(dead) for reach in reaches)

"""How far work has come, reckoned."""

from math import inf
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.course import Course
from sidecar.simulator.plan import Plan
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script

ROUTE, MODEL = Route(Dialect.GEMINI, "interactions", "gemini-2.5-flash"), CATALOG["gemini-2.5-flash"]


def course(seconds: float = 10.0, steps: int = 5, **script: Any) -> Course:
    plan = Plan(route=ROUTE, model=MODEL, script=Script(**script), seconds=seconds, steps=steps)
    return Course(plan, 100.0)


def test_left_alone__a_step_in_its_time():
    work = course(think=0.0)
    assert [work.made(second) for second in (99.0, 100.0, 101.9, 102.0, 109.9, 110.0, 999.0)] == [
        None,
        0,
        0,
        1,
        4,
        5,
        5,
    ]
    assert work.ends_at == 110.0


def test_thinking__nothing_before_it():
    work = course(think=5.0)
    assert (work.made(104.9), work.made(105.0), work.made(106.0), work.ends_at) == (None, 0, 1, 110.0)


def test_never_ending__every_step_but_the_last():
    work = course(never_ending=True)
    assert (work.made(999.0), work.ends_at) == (4, inf)


def test_never_ending_but_finished__every_step():
    work = course(never_ending=True)
    work.finish(120.0)
    assert (work.made(119.0), work.made(120.0)) == (4, 5)


def test_held__until_it_is_released_then_what_is_overdue():
    work = course(hold=2)
    assert (work.made(108.0), work.ends_at) == (2, inf)
    work.release(108.0)
    assert (work.made(107.9), work.made(108.0), work.ends_at) == (2, 4, 110.0)


def test_released_before_it_is_held__not_held():
    work = course(hold=2)
    work.release(101.0)
    assert work.ends_at == 110.0


def test_stopped__nothing_more():
    work = course()
    work.stop(104.5)
    work.stop(108.0)
    assert work.made(999.0) == 2


@pytest.mark.parametrize(("fail_after", "fails", "made"), [(2, True, 2), (5, True, 5), (9, False, 5), (None, False, 5)])
def test_failing__after_its_step(fail_after: int | None, fails: bool, made: int):
    work = course(fail_after=fail_after)
    assert (work.fails, work.made(999.0), work.ends_at) == (fails, made, 100.0 + 2 * made)


@given(st.lists(st.floats(100, 130), min_size=2).map(sorted), st.integers(1, 40), st.floats(0, 20))
def test_steps__are_never_unmade(seconds: list[float], steps: int, lasts: float):
    work = course(lasts, steps)
    made = [-1 if (step := work.made(second)) is None else step for second in seconds]
    assert made == sorted(made)
    assert all(step <= steps for step in made)

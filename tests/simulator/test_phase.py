"""Where an operation stood, and when."""

import pytest
from hypothesis import given, strategies as st

from sidecar.simulator.phase import History, Phase


def test_left_alone__queued_then_running():
    history = History(10.0, 12.0)
    assert [history.at(second) for second in (0.0, 10.0, 11.9, 12.0, 99.0)] == [
        *[Phase.QUEUED] * 3,
        *[Phase.RUNNING] * 2,
    ]


def test_cancelled_while_queued__never_runs():
    history = History(10.0, 12.0)
    history.enter(Phase.CANCELLED, 11.0)
    assert [history.at(second) for second in (10.5, 11.0, 13.0)] == [Phase.QUEUED, Phase.CANCELLED, Phase.CANCELLED]


def test_what_was__stays_known():
    history = History(0.0, 0.0)
    history.enter(Phase.CANCELLING, 5.0)
    history.enter(Phase.SUCCEEDED, 6.0)
    assert [history.at(second) for second in (1.0, 5.5, 7.0)] == [Phase.RUNNING, Phase.CANCELLING, Phase.SUCCEEDED]


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(Phase)), min_size=1))
def test_entered_in_order__the_last_one_holds(entered: list[tuple[float, Phase]]):
    history = History(0.0, 50.0)
    for second, phase in sorted(entered, key=lambda each: each[0]):
        history.enter(phase, second)
        assert history.at(second) is history.at(1e9) is phase


@pytest.mark.parametrize("phase", Phase)
def test_an_end__is_one_of_three(phase: Phase):
    assert phase.is_end == (phase in ("succeeded", "failed", "cancelled"))

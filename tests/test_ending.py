"""The time there is at the end, by a clock that is moved by hand."""

import pytest

from sidecar.config.ending import Drain
from sidecar.ending import HURRIED_CALLS_SECONDS, HURRY_SECONDS, LEAST_SECONDS, SPARE_SECONDS, Ending, patience
from tests.clocks import HandClock

KILLED_AFTER_SECONDS = 2.0
"""What Kubernetes gives a native sidecar when the pod's grace is over (KEP-753)."""
IN_POD = Drain(callers_are_gone=True, pod_grace_seconds=30, deadline_seconds=25)


@pytest.mark.parametrize(
    ("announced", "seconds"), [(None, 25), (0.0, 25), (1.9, 25), (2.5, 24.5), (10.0, 17.0), (25.0, 2.0)]
)
def test_of_a_pods_grace_the_application_has_used_some(announced: float | None, seconds: float) -> None:
    given = patience(IN_POD, announced)
    assert (given.calls, given.cancels, given.all) == (seconds, seconds, seconds)


@pytest.mark.parametrize("announced", [25.7, 29.9, 30.0, 300.0])
def test_it_has_used_all__then_what_is_left_is_enough_for_everything_in_its_order(announced: float) -> None:
    given = patience(IN_POD, announced)
    assert given.is_hurry
    assert 0 < given.calls < given.cancels < given.all == HURRY_SECONDS < KILLED_AFTER_SECONDS


@pytest.mark.parametrize("announced", [0.0, 7.0, 20.0, 25.5, 25.7, 31.0])
def test_the_end_is_never_after_the_kill(announced: float) -> None:
    killed_at = max(IN_POD.pod_grace_seconds, announced + KILLED_AFTER_SECONDS)
    assert announced + patience(IN_POD, announced).all < killed_at


def test_outside_a_pod_an_announcement_shortens_nothing() -> None:
    assert patience(Drain(deadline_seconds=25), 600.0).all == 25


def test_a_grace_shorter_than_what_we_keep_spare_is_a_hurry_from_the_start() -> None:
    assert patience(Drain(callers_are_gone=True, pod_grace_seconds=SPARE_SECONDS), 0.0).is_hurry


def test_what_is_left_is_counted_from_the_end_of_the_announced_grace() -> None:
    clock = HandClock()
    ending = Ending(IN_POD, clock)
    ending.announce()
    clock.seconds += 17
    ending.begin()
    assert ending.patience.calls == 10
    clock.seconds += 4
    assert (ending.rest(), ending.rest_for_cancels()) == (6, 6)
    clock.seconds += 20
    assert (ending.rest(), ending.rest(3.0), ending.rest_for_cancels()) == (LEAST_SECONDS,) * 3


def test_where_nobody_counts_a_step_may_be_given_the_least_that_it_needs() -> None:
    clock = HandClock()
    ending = Ending(Drain(deadline_seconds=1), clock)
    ending.begin()
    clock.seconds += 20
    assert (ending.rest(), ending.rest(3.0)) == (0, 3)


def test_in_a_hurry_nobody_is_given_more_than_there_is() -> None:
    clock = HandClock()
    ending = Ending(IN_POD, clock)
    ending.announce()
    clock.seconds += 30
    ending.begin()
    clock.seconds += HURRIED_CALLS_SECONDS
    assert ending.rest(10.0) == pytest.approx(HURRY_SECONDS - HURRIED_CALLS_SECONDS)


def test_the_last_announcement_counts() -> None:
    """Somebody tried it out an hour ago; the pod is deleted now."""
    clock = HandClock()
    ending = Ending(IN_POD, clock)
    ending.announce()
    clock.seconds += 3600
    ending.announce()
    ending.begin()
    assert ending.patience.all == 25

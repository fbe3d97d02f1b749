"""The table of an operation's moves: what it promises, searched exhaustively."""

import pytest

from sidecar.lifecycle.operation import (
    KNOWN,
    MOVES,
    OPEN,
    REVISABLE,
    OperationEvent as E,
    OperationState as S,
    becomes,
)

OBSERVATIONS = {E.OBSERVED_SUCCEEDED, E.OBSERVED_FAILED, E.OBSERVED_CANCELLED, E.OBSERVED_MISSING}


def reachable(start: S) -> set[S]:
    found = {start}
    while new := {to for at in found for event in E if (to := becomes(event, at)) is not None} - found:
        found |= new
    return found


def test_every_event_has_a_passage() -> None:
    assert set(MOVES) == set(E)


def test_every_state_can_be_reached() -> None:
    assert reachable(MOVES[E.OPENED].becomes) == set(S)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_can_come_to_an_end(state: S) -> None:
    assert reachable(state) - OPEN


@pytest.mark.parametrize("state", sorted(set(S) - OPEN))
def test_what_has_ended_never_opens_again(state: S) -> None:
    assert not reachable(state) & OPEN


@pytest.mark.parametrize("state", sorted(set(S) - OPEN - REVISABLE))
def test_the_last_word_is_the_last(state: S) -> None:
    assert reachable(state) == {state}


@pytest.mark.parametrize("event", sorted(OBSERVATIONS))
@pytest.mark.parametrize("state", sorted(KNOWN))
def test_an_end_may_be_observed_in_every_state_in_which_it_is_known(event: E, state: S) -> None:
    assert becomes(event, state) is MOVES[event].becomes


def test_cancelled_is_written_by_observing_it_and_by_nothing_else() -> None:
    assert {event for event in E if MOVES[event].becomes is S.CANCELLED} == {E.OBSERVED_CANCELLED}


def test_a_caller_that_came_back__no_settings_may_cancel_it() -> None:
    assert becomes(E.ORPHAN_CLAIMED, S.RUNNING) is None
    assert becomes(E.ORPHAN_CLAIMED, S.ORPHANED) is S.CANCELLING


@pytest.mark.parametrize("state", [S.RUNNING, S.ORPHANED])
def test_somebody_asks__claimed_whether_its_caller_is_there_or_not(state: S) -> None:
    assert becomes(E.CANCEL_CLAIMED, state) is S.CANCELLING


def test_a_cancelled_one_that_completed_after_all__succeeded() -> None:
    assert becomes(E.OBSERVED_SUCCEEDED, S.CANCELLED) is S.SUCCEEDED

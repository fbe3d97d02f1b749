"""The exhaustive search of the call machine: every state that events can lead to, and every event in each of them."""

from collections import deque

import pytest

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.call import LIVE_UPSTREAM, OUTCOMES, Call, Downstream, Outcome, Upstream
from sidecar.lifecycle.events import AnswerTaken, DownstreamTookReply
from sidecar.lifecycle.halves import LEGAL_MOVES
from tests.lifecycle.moves import BY_NAME, after, everything_in

Path = tuple[str, ...]
State = tuple[object, ...]

HANDED_OVER = {"handed_over", "took_reply", "taken"}
"""The ways in which an answer reaches somebody."""
AFTER_ALL = (DownstreamTookReply, AnswerTaken)
"""What changes a judgment: the answer reached somebody after all."""


def _state(call: Call) -> State:
    """Everything of a call but its moments, whose presence follows from the rest."""
    return (call.downstream, call.upstream, call.is_orphaned, call.left_before_sent, call.status)


def _search() -> tuple[dict[State, Path], dict[State, dict[str, State]]]:
    """The shortest path to every state, and every legal move between states."""
    start: State = _state(Call())
    paths: dict[State, Path] = {start: ()}
    moves: dict[State, dict[str, State]] = {}
    to_visit = deque([start])
    while to_visit:
        state = to_visit.popleft()
        moves[state] = {}
        for name, event in BY_NAME.items():
            call = after(" ".join(paths[state]))
            try:
                call.receive(event)
            except IllegalEvent:
                continue
            becomes = moves[state][name] = _state(call)
            if becomes not in paths:
                paths[becomes] = (*paths[state], name)
                to_visit.append(becomes)
    return paths, moves


PATHS, MOVES = _search()
OUTCOME = {state: after(" ".join(path)).outcome for state, path in PATHS.items()}
JOINT = {state[:3] for state in PATHS}


def _name(state: State) -> str:
    return "/".join(getattr(part, "name", str(part)) for part in state)


states = pytest.mark.parametrize("state", PATHS, ids=_name)


def test_forty_three_joint_states_can_be_reached() -> None:
    assert len(JOINT) == 43


def test_the_settled_states_are_the_rows_of_the_outcomes_table() -> None:
    assert {state[:3] for state, outcome in OUTCOME.items() if outcome is not None} == set(OUTCOMES)


def test_a_state_is_settled_when_the_caller_s_half_has_ended_and_nothing_of_its_own_runs_at_the_provider() -> None:
    ended = {Downstream.SERVED, Downstream.HUNG_UP, Downstream.GONE, Downstream.TAKEN}
    by_halves = {state for state in PATHS if state[0] in ended and state[1] not in LIVE_UPSTREAM}
    assert {state for state, outcome in OUTCOME.items() if outcome is not None} == by_halves


def test_every_outcome_but_lost_can_be_reached() -> None:
    assert {outcome for outcome in OUTCOME.values() if outcome is not None} == set(Outcome) - {Outcome.LOST}


@states
def test_every_state_can_settle(state: State) -> None:
    seen, to_visit = {state}, [state]
    while to_visit:
        here = to_visit.pop()
        if OUTCOME[here] is not None:
            return
        fresh = set(MOVES[here].values()) - seen
        seen |= fresh
        to_visit += fresh
    pytest.fail("no settled state can be reached from here")


@states
def test_what_has_settled_keeps_its_outcome__unless_the_answer_reached_somebody_after_all(state: State) -> None:
    if OUTCOME[state] is None:
        return
    for name, becomes in MOVES[state].items():
        if not isinstance(BY_NAME[name], AFTER_ALL):
            assert OUTCOME[becomes] is OUTCOME[state], name


@states
def test_an_illegal_event_changes_nothing(state: State) -> None:
    for name in BY_NAME.keys() - MOVES[state].keys():
        call = after(" ".join(PATHS[state]))
        before = everything_in(call)
        with pytest.raises(IllegalEvent):
            call.receive(BY_NAME[name])
        assert everything_in(call) == before


@states
def test_an_answer_is_handed_over_at_most_once(state: State) -> None:
    assert len(HANDED_OVER & set(PATHS[state])) <= 1
    if state[0] in (Downstream.SERVED, Downstream.TAKEN):
        assert not HANDED_OVER & MOVES[state].keys()


@states
def test_a_caller_that_left_stays_gone__was_served__or_its_retry_has_the_answer(state: State) -> None:
    if state[0] is Downstream.GONE:
        ends = {Downstream.GONE, Downstream.SERVED, Downstream.TAKEN}
        assert {becomes[0] for becomes in MOVES[state].values()} <= ends


@states
def test_only_those_whose_caller_left_are_orphaned(state: State) -> None:
    downstream, _, is_orphaned, *_ = state
    assert downstream in (Downstream.GONE, Downstream.TAKEN) or not is_orphaned


@states
def test_a_retry_that_joined_has_no_work_of_its_own(state: State) -> None:
    call = after(" ".join(PATHS[state]))
    if "joined" in PATHS[state]:
        assert (call.committed_at, call.finished_at, call.is_orphaned) == (None, None, False)
    else:
        assert call.upstream not in (Upstream.JOINED, Upstream.GIVEN)


@states
def test_a_retry_that_joined_is_never_rescued_itself(state: State) -> None:
    if state[1] in (Upstream.JOINED, Upstream.GIVEN):
        assert "taken" not in MOVES[state]


def test_every_legal_move_of_a_reachable_state_is_used() -> None:
    used = {
        (after(" ".join(PATHS[state])).downstream, after(" ".join(PATHS[state])).upstream, type(BY_NAME[name]))
        for state, moves in MOVES.items()
        for name in moves
    }
    declared = {
        (downstream, upstream, kind)
        for downstream, by_upstream in LEGAL_MOVES.items()
        for upstream, kinds in by_upstream.items()
        if any(joint[:2] == (downstream, upstream) for joint in JOINT)
        for kind in kinds
    }
    assert used == declared

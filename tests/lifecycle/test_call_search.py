"""The exhaustive search of the call machine: every state that events can lead to, and every event in each of them."""

from collections import deque

import pytest

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.call import LEGAL_MOVES, OUTCOMES, Call, Downstream, Outcome, Upstream
from sidecar.lifecycle.events import DownstreamTookReply
from tests.lifecycle.moves import BY_NAME, after, everything_in

Path = tuple[str, ...]
State = tuple[object, ...]


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


def test_thirty_two_joint_states_can_be_reached() -> None:
    assert len(JOINT) == 32


def test_the_settled_states_are_the_rows_of_the_outcomes_table() -> None:
    assert {state[:3] for state, outcome in OUTCOME.items() if outcome is not None} == set(OUTCOMES)


def test_a_state_is_settled_when_both_halves_have_ended__or_no_upstream_is_needed() -> None:
    ended_down = {Downstream.SERVED, Downstream.HUNG_UP, Downstream.GONE}
    ended_up = {Upstream.FINISHED, Upstream.FAILED, Upstream.CUT, Upstream.UNSENT}
    by_halves = {state for state in PATHS if state[0] in ended_down and state[1] in ended_up}
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
def test_what_has_settled_keeps_its_outcome__unless_the_caller_took_the_reply(state: State) -> None:
    if OUTCOME[state] is None:
        return
    for name, becomes in MOVES[state].items():
        if not isinstance(BY_NAME[name], DownstreamTookReply):
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
def test_a_caller_that_left_stays_gone_or_turns_out_to_be_served(state: State) -> None:
    if state[0] is Downstream.GONE:
        assert {becomes[0] for becomes in MOVES[state].values()} <= {Downstream.GONE, Downstream.SERVED}


@states
def test_only_the_gone_are_orphaned(state: State) -> None:
    downstream, _, is_orphaned, *_ = state
    assert downstream is Downstream.GONE or not is_orphaned


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

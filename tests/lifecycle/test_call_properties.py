"""Events in any order: a call settles at most once, and remembers what it was told first."""

from hypothesis import given, settings, strategies as st

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.call import LIVE_UPSTREAM, Call, Downstream, Outcome
from sidecar.lifecycle.events import (
    AnswerTaken,
    DownstreamLeft,
    DownstreamTookReply,
    Event,
    LeftReason,
    UpstreamAnswered,
    UpstreamJoined,
)
from tests.lifecycle.moves import BY_NAME, everything_in

KINDS = [type(event) for event in BY_NAME.values() if not isinstance(event, DownstreamLeft | UpstreamAnswered)]

moments = st.integers(0, 10**15)
events = st.one_of(
    st.sampled_from(KINDS).flatmap(lambda kind: moments.map(kind)),
    st.builds(DownstreamLeft, moments, st.sampled_from(LeftReason)),
    st.builds(UpstreamAnswered, moments, st.sampled_from([100, 200, 302, 400, 503])),
)
any_order = st.lists(events, max_size=40)


def _legal(order: list[Event]) -> list[tuple[Call, Event, Outcome | None]]:
    """Give a call all events; what was legal, with the outcome after it. The call is the same in every row."""
    call, told = Call(), []
    for event in order:
        before = everything_in(call)
        try:
            call.receive(event)
        except IllegalEvent:
            assert everything_in(call) == before
        else:
            told.append((call, event, call.outcome))
    return told


@settings(max_examples=200)
@given(any_order)
def test_a_call_settles_at_most_once(order: list[Event]) -> None:
    outcomes = [
        outcome
        for _, event, outcome in _legal(order)
        if outcome is not None and not isinstance(event, DownstreamTookReply | AnswerTaken)
    ]
    assert len(set(outcomes)) <= 1


@settings(max_examples=200)
@given(any_order)
def test_a_moment_once_known_stays(order: list[Event]) -> None:
    call = Call()
    for event in order:
        known = {
            name: getattr(call, name) for name in ("committed_at", "answered_at", "finished_at", "status", "left_at")
        }
        try:
            call.receive(event)
        except IllegalEvent:
            continue
        if isinstance(event, DownstreamTookReply):
            del known["left_at"]
        assert all(getattr(call, name) == value for name, value in known.items() if value is not None)


@settings(max_examples=200)
@given(any_order)
def test_orphaned_means_left_while_the_provider_had_the_request(order: list[Event]) -> None:
    call, left_a_live_provider = Call(), False
    for event in order:
        was_live = call.upstream in LIVE_UPSTREAM
        try:
            call.receive(event)
        except IllegalEvent:
            continue
        if isinstance(event, DownstreamLeft):
            left_a_live_provider = was_live
        elif isinstance(event, DownstreamTookReply):
            left_a_live_provider = False
        assert call.is_orphaned is left_a_live_provider


@settings(max_examples=200)
@given(any_order)
def test_the_moment_of_leaving_is_known_exactly_for_those_who_left(order: list[Event]) -> None:
    for call, _, _ in _legal(order)[-1:]:
        has_left = call.downstream in (Downstream.GONE, Downstream.TAKEN)
        assert (call.left_at is not None) == has_left == (call.left_reason is not None)


@settings(max_examples=200)
@given(any_order)
def test_what_was_answered_was_committed__by_itself_or_by_the_call_that_it_repeats(order: list[Event]) -> None:
    legal = _legal(order)
    has_joined = any(isinstance(event, UpstreamJoined) for _, event, _ in legal)
    for call, _, _ in legal[-1:]:
        assert call.answered_at is None or (call.committed_at is None) == has_joined
        assert call.finished_at is None or call.answered_at is not None

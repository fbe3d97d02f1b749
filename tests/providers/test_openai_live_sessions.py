import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.live import Asked, Began, Declined, Ended
from sidecar.providers.openai_live_sessions import open_live_session
from tests.providers.live_listener import Listener
from tests.providers.live_wire import (
    SESSION_START,
    SESSION_STARTED,
    SOUND,
    event,
    live as live_event,
    nested,
    response,
    session_closed,
    session_used,
    text_delta,
    tokens,
)

MODEL, BACKEND = "gpt-live-1", "gpt-5.6"
ERROR = live_event("error", error={"type": "invalid_request_error", "code": "unknown_parameter", "message": "no"})
CLOSE = {"type": "session.close"}


@pytest.fixture
def live() -> Listener:
    return Listener(open_live_session("/v1/live/sessions"))


def test_a_session_is_one_turn_and_its_last_figure_counts(live):
    assert live.says(SESSION_START) == [Asked(1, MODEL)]
    assert live.hears(SESSION_STARTED) == [Began(1, MODEL)]
    assert not live.hears(session_used(10.2), live_event("session.output_audio.delta", delta=SOUND), session_used(20.4))
    assert live.reported() == Reported(Usage(audio_seconds=20), basis=Basis.AT_LEAST, reason="unfinished")
    assert live.hears(session_closed(31.4)) == [Ended(1)]
    assert live.reported() == Reported(Usage(audio_seconds=31))


def test_a_session_without_a_figure_reports_nothing(live):
    live.says(SESSION_START)
    live.hears(SESSION_STARTED)
    assert live.reported() is None


def test_a_session_that_its_caller_has_closed_is_whole_although_the_last_figure_never_came(live):
    live.says(SESSION_START)
    live.hears(SESSION_STARTED, session_used(10.2))
    assert not live.turns[1].is_terminal
    live.says(CLOSE)
    assert live.turns[1].is_terminal
    assert live.take(live.reader.closed()) == [Ended(1)]
    assert live.reported() == Reported(Usage(audio_seconds=10), basis=Basis.AT_LEAST, reason="unfinished")


def test_a_session_that_is_closed_before_it_has_started_ends_when_its_provider_says_so(live):
    live.says(SESSION_START, CLOSE)
    assert not live.reader.closed()
    assert live.hears(session_closed(0)) == [Began(1, MODEL), Ended(1)]


def test_the_end_of_the_socket_does_not_end_a_session_in_order(live):
    live.says(CLOSE, SESSION_START)
    live.hears(SESSION_STARTED)
    assert not live.reader.closed()


def test_an_error_before_its_start_refuses_a_session__and_it_may_be_started_again(live):
    assert not live.hears(ERROR)
    live.says(SESSION_START)
    assert live.hears(ERROR) == [Declined(1)]
    assert live.says(SESSION_START) == [Asked(2, MODEL)]
    assert live.hears(SESSION_STARTED, ERROR) == [Began(2, MODEL)]


def test_a_session_starts_once(live):
    assert live.says(SESSION_START, SESSION_START) == [Asked(1, MODEL)]
    assert live.hears(SESSION_STARTED, SESSION_STARTED) == [Began(1, MODEL)]


def test_a_session_whose_start_was_not_seen_is_a_turn_too(live):
    assert live.hears(session_used(5)) == [Began(1)]
    assert live.hears(session_closed(7)) == [Ended(1)]
    assert live.reported() == Reported(Usage(audio_seconds=7))


def test_what_a_session_delegates_are_turns_of_the_model_that_does_it(live):
    live.says(SESSION_START)
    live.hears(SESSION_STARTED)
    created = event("response.created", response=response("in_progress"))
    assert live.hears(nested(created), nested(created, "del_2"), nested(text_delta())) == [
        Began(2, BACKEND),
        Began(3, BACKEND),
    ]
    done = nested(event("response.completed", response=response("completed", tokens(100, 10))), "del_2")
    assert live.hears(done) == [Ended(3)]
    assert live.reported(3) == Reported(Usage(input=100, output=10), BACKEND)
    assert live.reported(1) is None


def test_a_decision_is_a_turn(live):
    decision = {"model": BACKEND, "answers": [], "usage": tokens(50, 5)}
    decided = live_event("decision.event", event={"type": "decision.completed", "decision": decision})
    assert live.hears(decided) == [Began(1, BACKEND), Ended(1)]
    assert live.reported() == Reported(Usage(input=50, output=5), BACKEND)


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "decision.event"},
        {"type": "decision.event", "event": {"decision": 5}},
        {"type": "decision.event", "event": {"decision": {"usage": None}}},
        {"type": "response.event"},
        {"type": "response.event", "event": None},
        {"type": 5},
    ],
    ids=str,
)
def test_an_odd_event_opens_no_turn(live, odd):
    assert not live.hears(odd)


def test_a_session_may_name_no_model(live):
    assert live.says({"type": "session.start", "session": 5}) == [Asked(1)]
    assert live.hears(SESSION_STARTED) == [Began(1, MODEL)]

"""A Live session as it stands, and the events that tell it."""

import json

import pytest

from sidecar.simulator.declined import Declined
from sidecar.simulator.live_connection import Closing
from sidecar.simulator.live_session_speech import LiveSessionSpeech, Session
from sidecar.simulator.prices import Used
from sidecar.simulator.speech import Naming


@pytest.mark.parametrize(("heard", "seconds"), [(0, 0), (1, 1), (48_000, 1), (48_001, 2)])
def test_second_that_has_begun__counts(heard: int, seconds: int):
    session = Session({"model": "gpt-live-1"})
    session.heard_bytes = heard
    assert session.used() == Used(audio_seconds=seconds)
    assert session.usage() == {"seconds": heard / 48_000}


@pytest.mark.parametrize(
    ("delegation", "model"),
    [(None, None), ({"type": "client"}, None), ({"type": "responses", "responses": {"model": "gpt-5-mini"}}, "gpt-5-mini")],
)  # fmt: skip
def test_delegate__the_model_that_is_named(delegation: object, model: str | None):
    assert Session({"model": "gpt-live-1", "delegation": delegation}).delegate == model


def test_session__is_told_as_it_was_wished_for_with_a_name():
    session = Session({"model": "gpt-live-1", "instructions": "Be brief."})
    session.begin(Naming(4, 1_000_000))
    (started,) = LiveSessionSpeech(session).piece(0)
    assert isinstance(started, bytes)
    told = json.loads(started)["session"]
    assert (told["id"], told["instructions"], told["expires_at"]) == ("live_simulated_4", "Be brief.", 3601)
    assert LiveSessionSpeech(session).piece(1) == ()


@pytest.mark.parametrize(("ending", "reason"), [("closing", "close_requested"), ("failure", "remote_hangup")])
def test_end__closed_with_a_reason_and_so_is_the_socket(ending: str, reason: str):
    closed, closing = getattr(LiveSessionSpeech(Session({"model": "gpt-live-1"})), ending)()
    assert (json.loads(closed)["reason"], closing) == (reason, Closing())


def test_refusal__an_error_and_the_end_of_the_socket():
    error, closing = LiveSessionSpeech(Session({})).refusal(Declined(404, "no such model"))
    assert isinstance(error, bytes)
    assert json.loads(error)["type"] == "error"
    assert closing == Closing(reason="no such model")

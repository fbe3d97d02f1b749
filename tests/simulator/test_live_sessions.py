"""OpenAI's Live sessions: one call for the seconds, and one for each response that is delegated."""

import base64
from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosedOK

from sidecar.simulator.server import RunningSimulator
from tests.simulator.live_callers import SESSIONS, Event, LiveCaller, live_caller

QUICK = "seconds=0 output=20 chunks=2"
A_SECOND = base64.b64encode(bytes(48_000)).decode()
DELEGATION = {"type": "responses", "responses": {"model": "gpt-5-mini"}}
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why is the sky blue?"}]}


def started(caller: LiveCaller, **wished: object) -> Event:
    caller.say({"type": "session.start", "session": {"model": "gpt-live-1", **wished}})
    (event,) = caller.hear_until("session.started")
    session: Event = event["session"]
    return session


def speak(caller: LiveCaller, seconds: int) -> None:
    for _ in range(seconds):
        caller.say({"type": "session.input_audio.append", "audio": A_SECOND})


def test_session__is_charged_by_its_seconds(simulator: RunningSimulator):
    with live_caller(simulator, SESSIONS, tag="a session") as caller:
        assert started(caller)["model"] == "gpt-live-1"
        speak(caller, 12)
        caller.say({"type": "session.close"})
        (closed,) = caller.hear_until("session.closed")
        with pytest.raises(ConnectionClosedOK):
            caller.hear()
    simulator.reached("a session", "billed")
    assert (closed["reason"], closed["usage"]) == ("close_requested", {"seconds": 12.0})
    (entry,) = simulator.bill.of("a session/1")
    assert (entry.method, entry.usage, entry.usd) == ("live.sessions", {"audio_seconds": 12}, Decimal("0.01"))
    assert (entry.finished_how, entry.caller_left_at) == ("completed", None)


def test_delegated_response__is_a_call_of_its_own(simulator: RunningSimulator):
    with live_caller(simulator, SESSIONS, f"; {QUICK}", "delegates") as caller:
        started(caller, delegation=DELEGATION)
        speak(caller, 2)
        caller.say({"type": "response.item.create", "item": ITEM})
        caller.say({"type": "response.create"})
        events = caller.hear_until("response.completed")
    assert events[0]["delegation"]["response_id"] == events[-1]["event"]["response"]["id"]
    assert {event["delegation_id"] for event in events if event["type"] == "response.event"} == {"delegation_1"}
    (used,) = [event["usage"] for event in events if event["type"] == "session.usage.updated"]
    assert used == {"seconds": 2.0}
    simulator.reached("delegates", "billed")
    (entry,) = simulator.bill.of("delegates/2")
    assert (entry.method, entry.model) == ("responses", "gpt-5-mini")
    assert entry.usage == {"prompt_tokens": 8, "output_tokens": 20}


def test_caller_that_leaves__ends_the_session(simulator: RunningSimulator):
    with live_caller(simulator, SESSIONS, tag="left session") as caller:
        started(caller)
        speak(caller, 3)
    simulator.reached("left session", "billed")
    (entry,) = simulator.bill.of("left session/1")
    assert (entry.finished_how, entry.usage) == ("stopped", {"audio_seconds": 3})
    assert entry.caller_left_at is not None


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "response.create"}, "delegation_required"),
        ({"type": "session.sing"}, "unknown_event"),
        ({"type": 7}, "invalid_event"),
    ],
)
def test_what_can_not_be_done__is_complained_of(simulator: RunningSimulator, event: Event, code: str):
    with live_caller(simulator, SESSIONS) as caller:
        started(caller)
        caller.say(event)
        assert caller.hear()["error"]["code"] == code


def test_before_its_start__nothing_can_be_done(simulator: RunningSimulator):
    with live_caller(simulator, SESSIONS) as caller:
        caller.say({"type": "response.create", "event_id": "mine"})
        error = caller.hear()
    assert (error["error"]["code"], error["client_event_id"]) == ("session_not_started", "mine")


def test_model_that_is_none__no_session(simulator: RunningSimulator):
    with live_caller(simulator, SESSIONS, tag="no session") as caller:
        caller.say({"type": "session.start", "session": {"model": "gpt-5-mini"}})
        assert caller.hear()["type"] == "error"
        with pytest.raises(ConnectionClosedOK):
            caller.hear()
    simulator.reached("no session", "billed")
    assert simulator.bill.of("no session/1")[0].http_status == 404

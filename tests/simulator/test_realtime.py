"""OpenAI's Realtime API: a conversation of items, and responses to it."""

import base64
from typing import Any

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.live_callers import REALTIME, Event, LiveCaller, live_caller

QUICK = "seconds=0 output=20 chunks=2"
A_SECOND = base64.b64encode(bytes(48_000)).decode()
TEXT = {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}}
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why is the sky blue?"}]}
CREATE: Event = {"type": "response.create"}


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def response(caller: LiveCaller, **wished: Any) -> Event:
    caller.say({**CREATE, "response": wished})
    caller.hear_until("response.done")
    done: Event = caller.heard[-1]["response"]
    caller.hear_until("rate_limits.updated")
    return done


def test_socket__begins_with_its_session(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME) as caller:
        created = caller.hear()
    assert (created["type"], created["session"]["model"]) == ("session.created", "gpt-realtime")


def test_items__are_acknowledged_and_read_by_every_response(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, QUICK) as caller:
        caller.hear()
        caller.say(TEXT)
        assert caller.hear()["session"]["output_modalities"] == ["text"]
        caller.say({"type": "conversation.item.create", "item": ITEM})
        assert kinds([caller.hear(), caller.hear()]) == ["conversation.item.added", "conversation.item.done"]
        assert [response(caller)["usage"]["input_tokens"] for _ in range(3)] == [5, 25, 45]


def test_response_of_its_own__reads_nothing_else(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, QUICK) as caller:
        caller.say({"type": "conversation.item.create", "item": ITEM})
        done = response(caller, input=[ITEM, ITEM], output_modalities=["text"], max_output_tokens="inf")
    assert (done["usage"]["input_tokens"], done["usage"]["output_token_details"]["text_tokens"]) == (10, 20)


def test_speech__heard_and_spoken_is_counted_as_such(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, QUICK) as caller:
        caller.say({"type": "input_audio_buffer.append", "audio": A_SECOND})
        caller.say({"type": "input_audio_buffer.commit"})
        events = caller.hear_until("response.done")
    assert "input_audio_buffer.committed" in kinds(events)
    usage = events[-1]["response"]["usage"]
    assert usage["input_token_details"]["audio_tokens"] == usage["input_tokens"] == 10
    assert usage["output_token_details"]["audio_tokens"] == usage["output_tokens"] == 20


def test_without_turn_detection__a_commit_is_not_answered(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, QUICK) as caller:
        caller.say({"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}})
        caller.say({"type": "input_audio_buffer.append", "audio": A_SECOND})
        caller.say({"type": "input_audio_buffer.commit"})
        caller.hear_until("conversation.item.done")
        caller.say({"type": "session.update", "session": {}})
        assert caller.hear()["type"] == "session.updated"


def test_cancelled_response__has_usage_of_what_was_made(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, f"{QUICK} prompt=9 hold=1", "cancelled response") as caller:
        caller.say(CREATE)
        simulator.reached("cancelled response/1", "held")
        caller.say({"type": "response.cancel"})
        done = caller.hear_until("response.done")[-1]["response"]
        assert (done["status"], done["usage"]["output_tokens"]) == ("cancelled", 10)
    simulator.reached("cancelled response", "billed")
    (entry,) = simulator.bill.of("cancelled response/1")
    assert (entry.finished_how, entry.usage) == ("cancelled", {"prompt_tokens": 9, "audio_output_tokens": 10})


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([{"type": "response.cancel", "event_id": "mine"}], "response_cancel_not_active"),
        ([{"type": "input_audio_buffer.commit", "event_id": "mine"}], "input_audio_buffer_commit_empty"),
        ([{"type": "sing", "event_id": "mine"}], "invalid_value"),
        ([CREATE, {**CREATE, "event_id": "mine"}], "conversation_already_has_active_response"),
        ([{"type": 7}], "invalid_event"),
    ],
)
def test_what_can_not_be_done__is_complained_of(simulator: RunningSimulator, events: list[Event], code: str):
    with live_caller(simulator, REALTIME, "output=1 hold=0 seconds=0 on_close=stops") as caller:
        for event in events:
            caller.say(event)
        error = caller.hear_until('"error"')[-1]["error"]
    assert (error["code"], error["event_id"]) == (code, "mine" if "event_id" in events[-1] else None)


def test_declined_response__is_an_error_and_the_next_one_may_come(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, f"status=429; {QUICK}", "declined response") as caller:
        caller.say(CREATE)
        assert caller.hear_until('"error"')[-1]["error"]["code"] == "rate_limit_exceeded"
        assert response(caller)["status"] == "completed"
    simulator.reached("declined response", "billed")
    assert [simulator.bill.of(f"declined response/{nth}")[0].http_status for nth in (1, 2)] == [429, 101]

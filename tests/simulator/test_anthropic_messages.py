"""Messages, whole and streamed."""

from typing import Any

import pytest

from sidecar.simulator.anthropic_messages import usage
from sidecar.simulator.declined import Declined
from sidecar.simulator.prices import Used
from tests.simulator.spoken import TURN, spoken

BODY: dict[str, Any] = {"model": "claude-haiku-4-5", "messages": TURN, "max_tokens": 1000}
STREAM = {**BODY, "stream": True}
SCRIPT = "prompt=200 cached=20 cache_write=30 cache_write_hour=40 output=9 thoughts=5 chunks=3"
USAGE = {
    "input_tokens": 110,
    "cache_creation_input_tokens": 70,
    "cache_read_input_tokens": 20,
    "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
    "output_tokens": 14,
    "output_tokens_details": {"thinking_tokens": 5},
    "service_tier": "standard",
}


def test_usage__the_classes_of_input_are_apart():
    used = Used(prompt_tokens=100, cached_tokens=60, output_tokens=1)
    assert usage(used)["input_tokens"] + usage(used)["cache_read_input_tokens"] == 100
    assert "output_tokens_details" not in usage(used)


def test_whole__the_answer_and_its_usage():
    reply = spoken("/v1/messages", BODY, SCRIPT).document
    assert (reply["type"], reply["usage"], reply["stop_reason"]) == ("message", USAGE, "end_turn")
    assert len(reply["content"][0]["text"]) == 36


def test_streamed__exact_input_first_and_output_last():
    events = spoken("/v1/messages", STREAM, SCRIPT).events
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * 3,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    begun = events[0]["message"]["usage"]
    assert (begun["input_tokens"], begun["cache_read_input_tokens"], begun["output_tokens"]) == (110, 20, 1)
    assert events[-2]["usage"] == USAGE
    assert (
        "".join(event["delta"]["text"] for event in events[3:6])
        == spoken("/v1/messages", BODY, SCRIPT).document["content"][0]["text"]
    )


def test_every_event__is_named_by_its_type():
    stream = spoken("/v1/messages", STREAM, SCRIPT).stream
    assert stream.count(b"event: content_block_delta\ndata: {") == 3
    assert stream.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_a_bound__is_the_reason():
    assert spoken("/v1/messages", {**BODY, "max_tokens": 2}).document["stop_reason"] == "max_tokens"


def test_counted_tokens():
    assert spoken("/v1/messages/count_tokens", BODY).document == {"input_tokens": 8}


@pytest.mark.parametrize("body", [BODY, STREAM])
def test_usage_kept_silent__nowhere(body: dict[str, Any]):
    call = spoken("/v1/messages", body, "usage=none output=2")
    assert b'"usage"' not in (call.stream if "stream" in body else call.speech.whole())


def test_claude_on_vertex__the_same_words():
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-haiku-4-5"
    call = spoken(f"{path}:streamRawPredict", {"messages": TURN, "max_tokens": 9}, SCRIPT)
    assert (call.plan.route.dialect, call.plan.is_stream) == ("vertex", True)
    assert call.events[-2]["usage"] == USAGE
    assert spoken(f"{path}:rawPredict", {"messages": TURN}, SCRIPT).document["usage"] == USAGE


def test_trouble__in_the_shape_of_anthropic():
    speech = spoken("/v1/messages", STREAM).speech
    assert speech.failure().startswith(b'event: error\ndata: {"type":"error","error":{"type":"api_error"')
    assert b'"type":"overloaded_error"' in speech.refusal(Declined(529, "later"))

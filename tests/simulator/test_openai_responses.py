"""Responses, whole and streamed."""

from sidecar.simulator.declined import Declined
from tests.simulator.spoken import QUESTION, spoken

BODY = {"model": "gpt-5-mini", "input": QUESTION}
SCRIPT = "prompt=120 cached=20 output=3 thoughts=40 cache_write=10"
USAGE = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 10},
    "output_tokens": 43,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 163,
}


def test_whole__the_answer_and_its_usage():
    reply = spoken("/v1/responses", BODY, SCRIPT).document
    assert (reply["object"], reply["status"], reply["usage"]) == ("response", "completed", USAGE)
    assert len(reply["output"][0]["content"][0]["text"]) == 12


def test_streamed__numbered_events_and_usage_in_the_last():
    events = spoken("/v1/responses", {**BODY, "stream": True}, SCRIPT).events
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 3,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert events[0]["response"]["usage"] is None
    assert events[-1]["response"]["usage"] == USAGE
    assert "".join(event["delta"] for event in events if "delta" in event) == events[-4]["text"]


def test_events__are_named_by_their_type():
    assert b"event: response.created\ndata: {" in spoken("/v1/responses", {**BODY, "stream": True}).stream


def test_a_bound__an_incomplete_response_with_usage():
    reply = spoken("/v1/responses", {**BODY, "stream": True, "max_output_tokens": 2}).events[-1]
    assert (reply["type"], reply["response"]["status"]) == ("response.incomplete", "incomplete")
    assert reply["response"]["usage"]["output_tokens"] == 2


def test_usage_kept_silent__null():
    assert spoken("/v1/responses", BODY, "usage=none").document["usage"] is None


def test_trouble__in_the_shape_of_openai():
    speech = spoken("/v1/responses", {**BODY, "stream": True}).speech
    assert b"event: response.failed\n" in speech.failure()
    assert speech.refusal(Declined(400, "what?")).startswith(b'{"error":{"message":"what?"')

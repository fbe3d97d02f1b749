"""Chat completions, whole and streamed."""

from typing import Any

import pytest

from sidecar.simulator.declined import Declined
from tests.simulator.spoken import TURN, Spoken, spoken

CHAT = {"model": "gpt-5-mini", "messages": TURN}
SCRIPT = "prompt=120 cached=20 output=5 thoughts=40"
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 45,
    "total_tokens": 165,
    "prompt_tokens_details": {"cached_tokens": 20, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 40,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def streamed(script: str = SCRIPT, **options: Any) -> Spoken:
    body = {**CHAT, "stream": True, **({"stream_options": options} if options else {})}
    return spoken("/v1/chat/completions", body, script)


def deltas(events: list[Any]) -> list[str]:
    return [event["choices"][0]["delta"].get("content") for event in events[:-1] if event["choices"]]


def test_whole__the_answer_and_its_usage():
    reply = spoken("/v1/chat/completions", CHAT, SCRIPT).document
    assert (reply["object"], reply["usage"]) == ("chat.completion", USAGE)
    assert (reply["model"], reply["service_tier"], reply["created"]) == ("gpt-5-mini", "default", 1795168800)
    assert len(reply["choices"][0]["message"]["content"]) == 20


def test_streamed__the_role_a_token_a_chunk_a_reason_and_done():
    *events, done = streamed().events
    assert done == "[DONE]"
    assert [event["choices"][0]["finish_reason"] for event in events] == [None] * 6 + ["stop"]
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [len(delta or "") for delta in deltas([*events, done])] == [0, 4, 4, 4, 4, 4, 0]


def test_streamed_with_chunks_scripted__several_tokens_a_chunk():
    assert [len(delta or "") for delta in deltas(streamed("output=10 chunks=3").events)] == [0, 12, 12, 16, 0]


def test_usage_not_asked_for__nowhere():
    assert not any("usage" in event for event in streamed().events[:-1])


def test_usage_asked_for__null_and_in_a_chunk_without_choices():
    *events, usage, _ = streamed(include_usage=True).events
    assert {event["usage"] for event in events} == {None}
    assert (usage["choices"], usage["usage"]) == ([], USAGE)


@pytest.mark.parametrize("script", [f"{SCRIPT} usage=every", SCRIPT])
def test_usage_of_an_engine__in_every_chunk_so_far(script: str):
    options = {} if "every" in script else {"include_usage": True, "continuous_usage_stats": True}
    *events, usage, _ = streamed(script, **options).events
    assert [event["usage"]["completion_tokens"] for event in events] == [40, 41, 42, 43, 44, 45, 45]
    assert usage["usage"] == USAGE


def test_usage_kept_silent__whatever_is_asked_for():
    assert not any("usage" in event for event in streamed(f"{SCRIPT} usage=none", include_usage=True).events[:-1])
    assert "usage" not in spoken("/v1/chat/completions", CHAT, "usage=none").document


def test_a_bound__is_the_reason():
    reply = spoken("/v1/chat/completions", {**CHAT, "max_completion_tokens": 3}).document
    assert (reply["choices"][0]["finish_reason"], reply["usage"]["completion_tokens"]) == ("length", 3)


def test_a_tier__is_said():
    assert spoken("/v1/chat/completions", CHAT, "tier=flex").document["service_tier"] == "flex"


def test_the_older_completions__text_without_roles():
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "Why is the sky blue?"}
    whole = spoken("/v1/completions", body, "output=2").document
    assert (whole["object"], len(whole["choices"][0]["text"])) == ("text_completion", 8)
    assert whole["usage"]["prompt_tokens"] == 3 + 5
    events = spoken("/v1/completions", {**body, "stream": True}, "output=2").events
    assert [len(event["choices"][0]["text"]) for event in events[:-1]] == [4, 4, 0]


def test_trouble__in_the_shape_of_openai():
    speech = streamed().speech
    assert speech.failure().startswith(b'data: {"error":{"message":"The work failed')
    assert b'"type":"requests"' in speech.refusal(Declined(429, "slower"))

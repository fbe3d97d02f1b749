"""Interactions, whole and streamed, in the order of google-wire 2.3."""

from typing import Any

import pytest

from sidecar.simulator.declined import Declined
from sidecar.simulator.interactions import InteractionSpeech
from tests.simulator.spoken import QUESTION, spoken

BODY = {"model": "gemini-2.5-flash", "input": QUESTION}
SCRIPT = "prompt=120 cached=20 audio=30 output=40 thoughts=7 chunks=2"
USAGE = {
    "total_input_tokens": 120,
    "input_tokens_by_modality": [{"modality": "text", "tokens": 90}, {"modality": "audio", "tokens": 30}],
    "total_cached_tokens": 20,
    "total_output_tokens": 40,
    "output_tokens_by_modality": [{"modality": "text", "tokens": 40}],
    "total_thought_tokens": 7,
    "total_tool_use_tokens": 0,
    "total_tokens": 167,
}


def speech(script: str = SCRIPT) -> InteractionSpeech:
    said = spoken("/v1beta/interactions", {**BODY, "stream": True}, script).speech
    assert isinstance(said, InteractionSpeech)
    return said


def test_whole__its_steps_and_its_usage():
    reply = spoken("/v1beta/interactions", BODY, SCRIPT).document
    assert (reply["object"], reply["status"], reply["usage"]) == ("interaction", "completed", USAGE)
    assert len(reply["steps"][0]["content"][0]["text"]) == 160


def test_streamed__numbered_events_and_usage_on_the_way():
    said = spoken("/v1beta/interactions", {**BODY, "stream": True}, SCRIPT)
    events = said.events
    assert said.stream.endswith(b"event: done\ndata: [DONE]\n\n")
    assert [event["event_id"] for event in events[:-1]] == [f"e{number}" for number in range(1, len(events))]
    kinds = ["interaction.created", "step.start", "step.delta", "step.delta", "step.stop", "interaction.completed"]
    assert [event["event_type"] for event in events[:-1]] == kinds
    totals = [event["metadata"]["total_usage"]["total_output_tokens"] for event in events[2:4]]
    assert (totals, events[5]["interaction"]["usage"]) == ([20, 40], USAGE)


def test_usage_kept_silent__nowhere():
    script = f"{SCRIPT} usage=none"
    assert "usage" not in spoken("/v1beta/interactions", BODY, script).document
    assert b"usage" not in b"".join(map(speech(script).piece, range(3)))


@pytest.mark.parametrize(("more", "status"), [({}, "completed"), ({"max_output_tokens": 1}, "incomplete")])
def test_a_bound__an_incomplete_interaction(more: Any, status: str):
    assert spoken("/v1beta/interactions", {**BODY, "generation_config": more}).document["status"] == status


def test_an_agent__is_a_model_of_the_house():
    assert spoken("/v1beta/interactions", {"agent": "deep-research", "input": "hi"}).plan.model.name == "gemini-2.5-pro"


def test_trouble__in_the_shape_of_google():
    assert b'"event_type": "error"' in speech().failure()
    assert b'"status": "INVALID_ARGUMENT"' in speech().refusal(Declined(400, "what?"))
    assert b'"total_output_tokens": 20' in speech().cancelled(1)
    assert b'"total_tokens": 0' in speech().cancelled(None)

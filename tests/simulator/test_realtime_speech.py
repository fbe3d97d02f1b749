"""The events of a response of the Realtime API."""

import json
from typing import Any

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.live_connection import Word
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.realtime_speech import Events, RealtimeSpeech, item_of_caller, realtime_usage
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import ReportsUsage, Script
from sidecar.simulator.speech import Naming


def speech(used: Used, script: Script | None = None, finish_reason: str = "STOP") -> RealtimeSpeech:
    route = Route(Dialect.OPENAI, "realtime", "gpt-realtime", asks_stream=True)
    plan = Plan(
        route=route,
        model=CATALOG[route.model],
        script=script or Script(),
        used=used,
        steps=2,
        finish_reason=finish_reason,
    )
    return RealtimeSpeech(plan, Naming(7, 0), Events())


def read(words: Any) -> list[dict[str, Any]]:
    def event(word: Word) -> dict[str, Any]:
        assert isinstance(word, bytes)
        told: dict[str, Any] = json.loads(word)
        return told

    return [event(word) for word in words]


WRITTEN, SPOKEN = Used(prompt_tokens=10, output_tokens=20), Used(prompt_tokens=10, audio_output_tokens=20)


@pytest.mark.parametrize(
    ("used", "pieces", "endings"),
    [
        (WRITTEN, ["output_text.delta"], ["output_text.done"]),
        (
            SPOKEN,
            ["output_audio_transcript.delta", "output_audio.delta"],
            ["output_audio.done", "output_audio_transcript.done"],
        ),
    ],
)
def test_response__created_told_and_done(used: Used, pieces: list[str], endings: list[str]):
    said = speech(used)
    events = read([*said.piece(0), *said.piece(1), *said.piece(2), *said.closing()])
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds[:4] == ["created", "output_item.added", "conversation.item.added", "content_part.added"]
    assert kinds[4:-4] == [*pieces, *pieces, *endings, "content_part.done"][: len(kinds) - 8]
    assert kinds[-4:] == ["content_part.done", "output_item.done", "conversation.item.done", "done"]
    assert [event["event_id"] for event in events] == [f"event_{nth + 1}" for nth in range(len(events))]


def test_words__are_those_of_the_deltas():
    said = speech(WRITTEN)
    events = read([*said.piece(1), *said.piece(2), *said.closing()])
    assert "".join(event["delta"] for event in events[:2]) == events[2]["text"]
    assert len(events[2]["text"]) == 80


@pytest.mark.parametrize(("finish_reason", "status"), [("STOP", "completed"), ("MAX_TOKENS", "incomplete")])
def test_last_event__says_how_it_ended_and_what_it_used(finish_reason: str, status: str):
    (*_, done) = read(speech(WRITTEN, finish_reason=finish_reason).closing())
    assert (done["response"]["id"], done["response"]["status"]) == ("resp_simulated_7", status)
    assert done["response"]["usage"]["total_tokens"] == 30


def test_usage_none_and_failure__no_usage():
    (*_, done) = read(speech(WRITTEN, Script(usage=ReportsUsage.NONE)).closing())
    (failed,) = read(speech(WRITTEN).failure())
    assert done["response"]["usage"] is failed["response"]["usage"] is None
    assert failed["response"]["status"] == "failed"


def test_usage__parts_of_either_side():
    used = Used(
        prompt_tokens=100, cached_tokens=20, audio_tokens=30, output_tokens=5, thought_tokens=2, audio_output_tokens=40
    )
    assert realtime_usage(used) == {
        "total_tokens": 147,
        "input_tokens": 100,
        "output_tokens": 47,
        "input_token_details": {
            "text_tokens": 70,
            "audio_tokens": 30,
            "image_tokens": 0,
            "cached_tokens": 20,
            "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 7, "audio_tokens": 40},
    }


def test_item_of_the_caller__keeps_the_name_it_was_given():
    assert item_of_caller({"id": "mine"}, 3)["id"] == "mine"
    assert item_of_caller({}, 3)["id"] == "item_3"

"""The messages of an answer of Gemini Live."""

import json
from typing import Any

import msgspec
import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.declined import Declined
from sidecar.simulator.gemini_live_speech import GeminiLiveSpeech
from sidecar.simulator.live_connection import Closing, Word
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import ReportsUsage, Script

USED = Used(prompt_tokens=100, cached_tokens=20, audio_tokens=30, tool_tokens=4, output_tokens=40, thought_tokens=6)
SPOKEN = msgspec.structs.replace(USED, output_tokens=0, audio_output_tokens=40)


def speech(
    used: Used = USED, script: Script | None = None, dialect: Dialect = Dialect.GEMINI, *, transcribes: bool = False
) -> GeminiLiveSpeech:
    route = Route(dialect, "bidiGenerateContent", "gemini-live-2.5-flash", asks_stream=True)
    plan = Plan(route=route, model=CATALOG[route.model], script=script or Script(), used=used, steps=2)
    return GeminiLiveSpeech(plan, transcribes=transcribes)


def content_of(word: Word) -> dict[str, Any]:
    assert isinstance(word, bytes)
    content: dict[str, Any] = json.loads(word)["serverContent"]
    return content


def test_text__a_message_a_step_and_nothing_for_thinking():
    (first,), (second,) = speech().piece(1), speech().piece(2)
    texts = [content_of(word)["modelTurn"]["parts"][0]["text"] for word in (first, second)]
    assert [len(text) for text in texts] == [80, 80]
    assert speech().piece(0) == ()


def test_session_that_tells_handles__has_none_while_it_answers():
    plan = Plan(
        route=Route(Dialect.GEMINI, "", ""), model=CATALOG["gemini-live-2.5-flash"], script=Script(), used=USED, steps=2
    )
    (word,) = GeminiLiveSpeech(plan, is_resumable=True).piece(0)
    assert word == b'{"sessionResumptionUpdate":{"resumable":false}}'


def test_sound__and_what_is_said_in_it_where_that_is_wished_for():
    (alone,) = speech(SPOKEN).piece(1)
    sound, said = speech(SPOKEN, transcribes=True).piece(1)
    assert sound == alone
    assert len(content_of(sound)["modelTurn"]["parts"][0]["inlineData"]["data"]) == 20 * 1_920 * 4 // 3
    assert len(content_of(said)["outputTranscription"]["text"]) == 80


def test_complete__with_the_usage_of_the_whole_context():
    generated, complete = speech().closing()
    assert content_of(generated) == {"generationComplete": True}
    assert content_of(complete) == {"turnComplete": True}
    assert isinstance(complete, bytes)
    assert json.loads(complete)["usageMetadata"] == {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 20,
        "responseTokenCount": 40,
        "toolUsePromptTokenCount": 4,
        "thoughtsTokenCount": 6,
        "totalTokenCount": 150,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 70}, {"modality": "AUDIO", "tokenCount": 30}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
        "responseTokensDetails": [{"modality": "TEXT", "tokenCount": 40}],
    }


def test_vertex__calls_the_answers_tokens_otherwise():
    *_, complete = speech(SPOKEN, dialect=Dialect.VERTEX).closing()
    assert isinstance(complete, bytes)
    usage = json.loads(complete)["usageMetadata"]
    assert (usage["candidatesTokenCount"], usage["trafficType"]) == (40, "ON_DEMAND")
    assert usage["candidatesTokensDetails"] == [{"modality": "AUDIO", "tokenCount": 40}]


@pytest.mark.parametrize(
    ("says", "usages"), [(ReportsUsage.NONE, [False]), (ReportsUsage.LATE, [False, True]), (ReportsUsage.LAST, [True])]
)
def test_usage__where_the_script_says(says: ReportsUsage, usages: list[bool]):
    _, *ending = speech(script=Script(usage=says)).closing()
    assert [b"usageMetadata" in word for word in ending if isinstance(word, bytes)] == usages


def test_interrupted__usage_of_what_was_made():
    interrupted, complete = speech().interrupted(1)
    assert content_of(interrupted) == {"interrupted": True}
    assert isinstance(complete, bytes)
    assert json.loads(complete)["usageMetadata"]["responseTokenCount"] == 20


def test_no_answer__the_socket_ends_with_a_reason_that_fits():
    assert speech().failure() == (Closing(1011, "The work failed, as its script says."),)
    (closing,) = speech().refusal(Declined(404, "ü" * 200))
    assert isinstance(closing, Closing)
    assert (closing.code, len(closing.reason.encode())) == (1008, 120)

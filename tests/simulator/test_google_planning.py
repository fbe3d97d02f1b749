"""From a request of Google's to a plan."""

import json
from typing import Any

import msgspec
import pytest

from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import plan_call
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings

QUESTION = {"contents": [{"parts": [{"text": "Why is the sky blue?"}]}]}


def planned(
    method: str = "generateContent",
    model: str = "gemini-2.5-flash",
    body: Any = QUESTION,
    script: str = "",
    settings: Settings | None = None,
    **fields: Any,
) -> Plan:
    held = json.dumps(body).encode()
    request = Request("POST", "/", {}, {"x-simulator": script}, "00", len(held), held, 0)
    route = Route(Dialect.GEMINI, method, model)
    return plan_call(route, msgspec.structs.replace(request, **fields), settings or Settings())


def test_nothing_scripted__the_same_question_gets_the_same_answer():
    first, again = planned(), planned(method="streamGenerateContent")
    assert first.used == again.used
    assert first.used.prompt_tokens == 5
    assert 16 <= first.used.output_tokens < 256
    other = planned(body={"contents": [{"parts": [{"text": "Why is the sea green?"}]}]})
    assert other.used.output_tokens != first.used.output_tokens


def test_nothing_scripted__time_follows_from_the_pace():
    plan = planned(settings=Settings(tokens_per_second=100.0))
    assert plan.seconds == pytest.approx(plan.used.output_tokens / 100)


def test_a_bound_on_the_answer__is_kept_and_said():
    plan = planned(body={**QUESTION, "generationConfig": {"maxOutputTokens": 3}})
    assert (plan.used.output_tokens, plan.finish_reason) == (3, "MAX_TOKENS")


def test_everything_scripted__as_scripted():
    plan = planned(script="prompt=120 output=300 thoughts=40 cached=20 audio=10 tool=5 images=1 seconds=2 chunks=4")
    assert plan.used == Used(
        prompt_tokens=120,
        output_tokens=300,
        thought_tokens=40,
        cached_tokens=20,
        audio_tokens=10,
        tool_tokens=5,
        image_tokens=1290,
    )
    assert (plan.seconds, plan.steps) == (2.0, 4)


def test_cached_tokens_scripted_alone__the_prompt_has_them():
    assert planned(script="cached=70").used.prompt_tokens == 70


def test_settings__stand_where_the_header_says_nothing():
    plan = planned(script="output=9", settings=Settings(script=Script(seconds=3.0, output=8)))
    assert (plan.seconds, plan.used.output_tokens) == (3.0, 9)


def test_a_blocked_prompt__input_only():
    plan = planned(script="filtered=1 thoughts=5 output=7 prompt=10 images=1")
    assert plan.used == Used(prompt_tokens=10)


def test_counting__is_free_and_counts_the_prompt():
    plan = planned("countTokens")
    assert (plan.used, plan.is_billable) == (Used(prompt_tokens=5), False)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("embedContent", {"content": {"parts": [{"text": "twelve chars"}]}, "outputDimensionality": 4}),
        (
            "embedContent",
            {"content": {"parts": [{"text": "twelve chars"}]}, "embedContentConfig": {"outputDimensionality": 4}},
        ),
        (
            "batchEmbedContents",
            {"requests": [{"content": {"parts": [{"text": "twelve chars"}]}, "outputDimensionality": 4}]},
        ),
        ("predict", {"instances": [{"content": "twelve chars"}], "parameters": {"outputDimensionality": 4}}),
    ],
)
def test_embedding__every_way_to_ask_for_it(method: str, body: dict[str, Any]):
    plan = planned(method, "gemini-embedding-001", body)
    assert (plan.used, plan.pieces, plan.dimensions) == (Used(prompt_tokens=3), (3,), 4)


def test_embedding__a_scripted_prompt_is_shared_out():
    body = {"instances": [{"content": "a"}, {"content": "b"}, {"content": "c"}]}
    plan = planned("predict", "gemini-embedding-001", body, "prompt=11")
    assert (plan.pieces, plan.used.prompt_tokens, plan.dimensions) == ((4, 4, 3), 11, 3072)


def test_embedding_by_the_character__characters_are_used():
    plan = planned("predict", "text-embedding-005", {"instances": [{"content": "a b c"}, {"content": "defgh"}]})
    assert (plan.used, plan.pieces, plan.dimensions) == (Used(characters=8), (1, 1), 768)


@pytest.mark.parametrize(
    ("parameters", "script", "images", "steps"),
    [({}, "", 4, 4), ({"sampleCount": 2}, "", 2, 2), ({"sampleCount": 2}, "images=3", 3, 3), ({}, "filtered=1", 3, 4)],
)
def test_images__as_asked_for_less_those_withheld(parameters: dict[str, int], script: str, images: int, steps: int):
    body = {"instances": [{"prompt": "a cat"}], "parameters": parameters}
    plan = planned("predict", "imagen-4.0-generate-001", body, script)
    assert (plan.used.images, plan.steps) == (images, steps)
    assert plan.seconds == pytest.approx(0.5 * steps)


def test_a_body_too_long_to_hold__judged_by_its_length():
    assert planned(length=8_000_000, held=None).used.prompt_tokens == 2_000_000
    assert planned("embedContent", "gemini-embedding-001", length=4000, held=None).used == Used(prompt_tokens=1000)


@pytest.mark.parametrize(
    "arguments",
    [
        {"body": []},
        {"body": {"contents": []}},
        {"method": "batchEmbedContents", "model": "gemini-embedding-001", "body": {}},
    ],
)
def test_a_body_that_asks_for_nothing__declined(arguments: dict[str, Any]):
    plan = planned(**arguments)
    assert plan.declined is not None
    assert plan.declined.status == 400

"""What the body of a chat says."""

from typing import Any

import msgspec
import pytest

from sidecar.simulator.chat_prompt import ChatBody, texts_in, tokens_in

TEXT = "twelve chars"


def body(**fields: Any) -> ChatBody:
    return msgspec.convert(fields, ChatBody)


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": TEXT}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]},
        {"messages": [{"role": "user", "content": [{"text": TEXT}]}]},
        {"input": TEXT},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": TEXT}]}]},
        {"prompt": TEXT},
        {"prompt": [TEXT]},
        {"prompt": [1, 2, 3]},
    ],
)
def test_one_turn__in_every_form(fields: dict[str, Any]):
    assert body(**fields).tokens == 3 + 3


@pytest.mark.parametrize("told", [{"system": TEXT}, {"system": [{"text": TEXT}]}, {"instructions": TEXT}])
def test_what_the_model_is_told__is_a_turn_too(told: dict[str, Any]):
    assert body(input="hi", **told).tokens == (3 + 1) + (3 + 3)


def test_nothing_asked__no_turns():
    assert body(system=TEXT).turns == []


def test_pictures__count_as_files():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert tokens_in({"role": "user", "content": [{"type": "text", "text": TEXT}, picture]}) == 3 + 258


def test_texts__in_the_order_of_the_turn():
    assert list(texts_in({"content": [{"text": "a"}, {"type": "tool_result", "content": [{"text": "b"}]}, 3]})) == [
        "a",
        "b",
    ]
    assert body(messages=[{"content": "a"}, {"content": "b"}], system="c").text == "a\nb\nc"


@pytest.mark.parametrize(
    ("fields", "bound"),
    [
        ({}, None),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 7}, 7),
        ({"max_output_tokens": 7}, 7),
        ({"inferenceConfig": {"maxTokens": 7}}, 7),
        ({"options": {"num_predict": 7}}, 7),
        ({"options": {"num_predict": -1}}, None),
    ],
)
def test_the_bound__under_every_name(fields: dict[str, Any], bound: int | None):
    assert body(**fields).bound == bound

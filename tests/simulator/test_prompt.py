"""How a prompt is read and counted."""

import contextlib

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.simulator.declined import Declined
from sidecar.simulator.prompt import (
    BatchEmbedBody,
    ContentBody,
    PredictBody,
    characters_of,
    read_body,
    text_of,
    tokens_of,
    tokens_of_text,
)


def test_a_content_request__its_turns_and_bounds():
    body = read_body(
        b'{"contents":[{"parts":[{"text":"one"},{"text":"two"}]}],"systemInstruction":{"parts":[{"text":"be brief"}]},'
        b'"generationConfig":{"maxOutputTokens":7,"temperature":0},"somethingNew":{}}',
        ContentBody,
    )
    assert text_of(body.turns()) == "one\ntwo\nbe brief"
    assert body.generation_config.max_output_tokens == 7


def test_a_picture_in_the_prompt__258_tokens():
    body = read_body(b'{"contents":[{"parts":[{"text":"what is it?!"},{"inlineData":{"data":"AAAA"}}]}]}', ContentBody)
    assert tokens_of(body.contents[0]) == 3 + 258


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcdefgh", 2)])
def test_four_characters__one_token(text: str, tokens: int):
    assert tokens_of_text(text) == tokens


def test_white_space__is_not_charged_for():
    assert characters_of(" a b\n\tc ") == 3


def test_a_body_too_long_to_hold__an_empty_one():
    assert read_body(None, BatchEmbedBody) == BatchEmbedBody()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"instances":3}', b'{"parameters":{"sampleCount":9}}', b"\xff\xfe"]
)
def test_what_is_no_such_json__declined(body: bytes):
    with pytest.raises(Declined) as caught:
        read_body(body, PredictBody)
    assert caught.value.status == 400


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes__are_read_or_declined(body: bytes):
    with contextlib.suppress(Declined):
        assert isinstance(read_body(body, ContentBody), ContentBody)

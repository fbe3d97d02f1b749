"""Embeddings and images."""

import base64
import struct
from typing import Any

import pytest

from sidecar.simulator.declined import Declined
from sidecar.simulator.openai_pieces import coded
from tests.simulator.spoken import spoken

EMBED: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["twelve chars", "eight ch"], "dimensions": 4}
PAINT = {"model": "gpt-image-1.5", "prompt": "a ship at sea", "n": 2}


def test_embeddings__one_for_each_text_and_one_usage():
    reply = spoken("/v1/embeddings", EMBED).document
    assert [entry["index"] for entry in reply["data"]] == [0, 1]
    assert reply["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


def test_embeddings_in_base64__the_same_numbers():
    plain = spoken("/v1/embeddings", EMBED).document["data"][0]["embedding"]
    packed = spoken("/v1/embeddings", {**EMBED, "encoding_format": "base64"}).document["data"][0]["embedding"]
    assert struct.unpack("<4f", base64.b64decode(packed)) == pytest.approx(plain)


def test_coded__four_bytes_a_number():
    assert len(base64.b64decode(coded(1536))) == 4 * 1536


def test_images_by_the_token__in_the_reply_with_usage():
    reply = spoken("/v1/images/generations", PAINT, "image_bytes=12").document
    assert [image["b64_json"] for image in reply["data"]] == ["iVBORw0KGgoAAQID"] * 2
    assert reply["usage"]["output_tokens"] == 2 * 1056


def test_images_by_the_piece__as_addresses_and_without_usage():
    reply = spoken("/v1/images/generations", {**PAINT, "model": "dall-e-3", "n": 1}).document
    assert [image["url"] for image in reply["data"]] == ["https://images.invalid/7-0.png"]
    assert "usage" not in reply


@pytest.mark.parametrize(("path", "body"), [("embeddings", EMBED), ("images/generations", PAINT)])
def test_usage_kept_silent__nowhere(path: str, body: dict[str, Any]):
    assert "usage" not in spoken(f"/v1/{path}", body, "usage=none").document


def test_nothing_streams():
    call = spoken("/v1/embeddings", EMBED)
    assert (call.stream, call.speech.failure()) == (b"", b"")
    assert b"error" in call.speech.refusal(Declined(429, "slower"))

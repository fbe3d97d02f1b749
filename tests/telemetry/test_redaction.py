from typing import Any

import pytest

from sidecar.telemetry.redaction import MASK, masked, redact


@pytest.mark.parametrize(
    "key",
    ["authorization", "Proxy-Authorization", "x-goog-api-key", "api_key", "apikey", "client_secret", "password", "token",
     "access_token", "Cookie", "credential", "private_key", "headers", "request_body", "prompt", "contents"],
)  # fmt: skip
def test_what_stands_under_a_secret_key_is_masked(key: str):
    assert masked("anything", key) == MASK
    assert masked([b"anything"], key) == [MASK]


@pytest.mark.parametrize("key", ["tokens", "key", "model", "event", "output_tokens", "path", "author", "monkey"])
def test_ordinary_keys_show_their_text(key: str):
    assert masked("anything", key) == "anything"


def test_a_count_under_a_secret_looking_key_is_shown():
    assert masked({"token": 5, "headers": 3, "secret": None}) == {"token": 5, "headers": 3, "secret": None}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /v1/models?key=abc123&alt=sse", f"GET /v1/models?key={MASK}&alt=sse"),
        ("said Bearer abc.def-123 twice", f"said Bearer {MASK} twice"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv", MASK),
        ("ya29.a0AfH6SMBx-yz12345", MASK),
        ("the key sk-proj-abcdef123456 is no good", f"the key {MASK} is no good"),
        ("postgresql://me:pass@db/sidecar", f"postgresql:{MASK}@db/sidecar"),
        ("http://127.0.0.1:8780/gemini", "http://127.0.0.1:8780/gemini"),
    ],
)
def test_a_secret_is_known_by_its_shape_as_well(text: str, shown: str):
    assert masked(text, "problem") == shown


def test_secrets_are_found_at_any_depth():
    event: dict[str, Any] = {"event": "x", "settings": [{"upstream": {"api_key": "abc", "url": "http://u"}}]}
    assert redact(None, "info", event)["settings"] == [{"upstream": {"api_key": MASK, "url": "http://u"}}]


def test_an_error_is_shown_as_its_sentence_without_its_secrets():
    assert masked(ValueError("no such key: AIzaSyA1234567890abcdefghijklmnopqrstuv")) == f"no such key: {MASK}"

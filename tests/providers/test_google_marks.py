import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import UNREADABLE
from sidecar.providers.google_marks import MARKS, Marks, carefully, text_bytes_in
from tests.providers.wire import event, usage


def marks_of(event: bytes) -> Marks:
    try:
        return MARKS.decode(event)
    except UNREADABLE:
        return carefully(event)


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("used", "are_there"),
    [
        (usage(3), True), ({"totalTokenCount": "7"}, True), ({"promptTokenCount": 0}, True),
        ({}, False), (None, False), ({"trafficType": "ON_DEMAND"}, False), ({"promptTokenCount": None}, False),
        ({"promptTokenCount": [1]}, True), (7, False), ([], False),
    ],
)  # fmt: skip
def test_usage_is_there_when_it_has_numbers(used, are_there):
    marks = marks_of(encoded({"usageMetadata": used}))
    assert (marks.usage_metadata is not None and marks.usage_metadata.are_there()) is are_there


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"7", b"not json", b'{"candidates": 7}', b'{"candidates": [7]}', b"\xff"]
)
def test_what_is_no_event_has_no_marks(payload):
    marks = marks_of(payload)
    assert (marks.usage_metadata, marks.candidates, marks.prompt_feedback) == (None, None, None)


def parts(*of: object) -> bytes:
    return encoded({"candidates": [{"content": {"parts": of}}]})


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        (parts({"text": "abc"}), 3),
        (parts({"text": "h\u00e9\n"}), 4),
        (parts({"text": "abc"}, {"text": "de", "thought": True}), 5),
        (parts({"functionCall": {"name": "f"}}), len('{"name": "f"}')),
        (parts({"executableCode": {"code": "1"}}), len('{"code": "1"}')),
        (parts({"inlineData": {"mimeType": "image/png", "data": "A" * 999}}), 0),
        (parts({"text": "", "thoughtSignature": "A" * 999}), 0),
        (parts({"text": None, "functionCall": None}), 0),
        (encoded(event("abc")), 3),
        (
            encoded({"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}}]}),
            2,
        ),
        (encoded({"candidates": [{"content": {}}, {}]}), 0),
        (encoded({"candidates": None}), 0),
        (encoded({"candidates": [{"content": {"parts": [{"text": 7}]}}]}), 0),
        (b"", 0),
    ],
)
def test_text_is_what_the_model_wrote(payload, size):
    assert text_bytes_in(payload) == size


@given(st.binary(max_size=60))
def test_no_bytes_raise(payload):
    marks_of(payload)
    assert text_bytes_in(payload) == 0

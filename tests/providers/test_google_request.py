import json

import pytest
from hypothesis import given, strategies as st
from msgspec import Raw

from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, RequestReader
from sidecar.providers.google_continuation import digest_of
from sidecar.providers.google_request import (
    named,
    open_generate_request,
    open_interaction_request,
    open_named_request,
)
from tests.bodies.cutting import cut, in_two, zipped
from tests.providers.wire import Json

PROMPT = {"contents": [{"parts": [{"text": "hi"}], "role": "user"}], "generationConfig": {"temperature": 0.0}}
TOKEN = "Q29udGludWU="


def read(reader: RequestReader, *pieces: bytes) -> RequestFacts:
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.facts()


def generate(document: object) -> RequestFacts:
    return read(open_generate_request(RequestHead()), json.dumps(document).encode())


def interaction(document: object) -> RequestFacts:
    return read(open_interaction_request(RequestHead()), json.dumps(document).encode())


def test_a_continuation_is_known_at_every_cut():
    body = json.dumps(PROMPT | {"continuationToken": TOKEN}).encode()
    for pieces in in_two(body):
        assert read(open_generate_request(RequestHead()), *pieces).continues == digest_of(TOKEN)
    assert read(open_generate_request(RequestHead("", "gzip")), zipped(body)).continues == digest_of(TOKEN)


def test_both_names_of_the_token_are_taken():
    assert generate({"continuation_token": TOKEN}) == generate({"continuationToken": TOKEN})


@pytest.mark.parametrize(
    "document",
    [
        PROMPT,
        PROMPT | {"continuationToken": None},
        PROMPT | {"continuationToken": 7},
        PROMPT | {"continuationToken": ""},
        {"contents": [{"parts": [{"text": '"continuationToken": "x"'}]}]},
        {"contents": [{"continuationToken": TOKEN}]},
        {"generationConfig": {"continuationToken": TOKEN}},
        [],
        ["continuationToken"],
    ],
)
def test_other_requests_go_on_with_nothing(document):
    assert generate(document) == NO_FACTS


def test_the_text_of_a_prompt_is_counted_without_its_images():
    def text_bytes(*parts: Json) -> int:
        reader = open_generate_request(RequestHead())
        read(reader, *cut(json.dumps({"contents": [{"parts": parts}]}).encode(), range(0, 3_000_000, 65_536)))
        return reader.text_bytes()

    plain = text_bytes({"text": "word " * 400})
    assert plain == 2_000
    for size in (2_000, 100_000, 2_000_000):
        image = {"inlineData": {"mimeType": "image/png", "data": "iVBO" * (size // 4)}}
        assert plain < text_bytes({"text": "word " * 400}, image) < plain + 200


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        ({"model": "gemini-3-flash", "input": "hi"}, RequestFacts("gemini-3-flash")),
        ({"model": "models/gemini-3-flash", "input": "hi", "stream": True}, RequestFacts("gemini-3-flash", True)),
        ({"model": "m", "stream": False, "background": False}, RequestFacts("m", False)),
        ({"agent": "deep-research-preview", "background": True}, RequestFacts("deep-research-preview", is_background=True)),
        ({"model": "m", "stream": True, "background": True}, RequestFacts("m", True, is_background=True)),
        ({"model": "m", "continuation_token": TOKEN}, RequestFacts("m", continues=digest_of(TOKEN))),
        ({"continuationToken": TOKEN, "previous_interaction_id": "i1"}, RequestFacts(continues=digest_of(TOKEN))),
        ({"model": 7, "agent": "a", "stream": "true", "background": 1}, RequestFacts("a")),
        ({"model": "m", "webhook_config": {"uris": ["u"]}}, RequestFacts("m", has_webhook=True)),
        ({"model": 7, "agent": "a", "webhookConfig": {"uris": ["u"]}}, RequestFacts("a", has_webhook=True)),
        ({"model": "m", "webhook_config": None, "webhookConfig": {}}, RequestFacts("m")),
        ({}, RequestFacts()),
        ([], NO_FACTS),
        ("x", NO_FACTS),
    ],
)  # fmt: skip
def test_an_interaction_says_what_it_is_in_its_body(document, facts):
    assert interaction(document) == facts


def test_it_is_read_behind_a_large_input():
    body = json.dumps({"input": [{"type": "image", "data": "A" * 3_000_000}], "model": "m", "stream": True}).encode()
    assert read(open_interaction_request(RequestHead()), *cut(body, range(0, len(body), 65_536))) == RequestFacts(
        "m", True
    )


def test_a_long_token_in_a_large_request_is_not_taken_for_another():
    body = {"input": "A" * 3_000_000, "model": "m", "continuation_token": "t" * 500}
    assert interaction(body).continues == ""


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gemini-3-flash", "gemini-3-flash"),
        ("models/gemini-3-flash", "gemini-3-flash"),
        ("publishers/google/models/gemini-3-pro", "gemini-3-pro"),
        ("projects/p/locations/l/publishers/google/models/gemini-3-pro@001", "gemini-3-pro@001"),
        ("tunedModels/t1", "tunedModels/t1"),
        ("x" * 129, ""),
        ("models/" + "x" * 1_000, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_model_is_named_plainly(name, plain):
    assert named(Raw(json.dumps(name).encode())) == plain
    assert read(open_named_request(RequestHead()), json.dumps({"model": name}).encode()) == RequestFacts(plain)


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b'{"continuationToken": ', b'"a"', b"}", b'{"model": "']), max_size=4
    )
)
def test_no_bytes_raise(pieces):
    for opened in (open_generate_request, open_interaction_request, open_named_request):
        read(opened(RequestHead()), *pieces)

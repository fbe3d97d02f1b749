"""Other publishers' replies through Google's routes: Anthropic's shapes (google-wire 2), OpenAI's shapes, Google's own names."""

import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts, RequestHead, Role, Route
from sidecar.providers.google_publishers import openai_route, publishers_route
from sidecar.providers.google_routes import route_of
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.wire import JSON, SSE, Json, read, whole

IN_PROJECT = "/v1/projects/P/locations/R"
CLAUDE = f"{IN_PROJECT}/publishers/anthropic/models/claude-x@20250101"


def routed(path: str, verb: str = "POST") -> Route:
    route = route_of(verb, path)
    assert route is not None
    return route


def facts_of(path: str, document: Json) -> RequestFacts:
    opened = routed(path).open_request
    assert opened is not None
    reader = opened(RequestHead())
    reader.feed(json.dumps(document).encode())
    reader.finish()
    return reader.facts()


def events(*documents: Json, named: bool = False) -> bytes:
    heads = [f"event: {one['type']}\n" if named else "" for one in documents]
    return "".join(f"{head}data: {json.dumps(one)}\n\n" for head, one in zip(heads, documents, strict=True)).encode()


# Claude

MESSAGE: Json = {
    "id": "msg_vrtx_1", "type": "message", "role": "assistant", "model": "claude-x-20250101", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Hi"}],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 7},
}  # fmt: skip
STREAM: list[Json] = [
    {"type": "message_start", "message": MESSAGE | {"content": [], "usage": {"input_tokens": 10, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]


def test_a_message_of_claude_is_read_by_anthropics_reader():
    body = whole(MESSAGE)
    for head, pieces in [(JSON, two) for two in in_two(body)] + [(ReplyHead(200, "", "gzip"), (zipped(body), b""))]:
        got = read(routed(f"{CLAUDE}:rawPredict").open_reply(head, NO_FACTS), *pieces)
        assert got is not None
        assert got.usage == Usage(input=10, cached_input=4, output=7)


def test_a_stream_of_claude_is_read_at_every_cut():
    body = events(*STREAM, named=True)
    for pieces in [bytewise(body), *in_two(body)]:
        reader = routed(f"{CLAUDE}:streamRawPredict").open_reply(SSE, NO_FACTS)
        got = read(reader, *pieces)
        assert got is not None
        assert got.usage == Usage(input=10, output=7)
        assert reader.is_terminal


def test_a_request_of_claude_needs_no_model_in_its_body():
    facts = facts_of(f"{CLAUDE}:rawPredict", {"anthropic_version": "vertex-2023-10-16", "messages": [], "stream": True})
    assert (facts.model, facts.is_stream) == ("", True)


def test_a_prefix_that_names_another_publisher_does_not_matter():
    path = f"/publishers/meta/models/x/..{CLAUDE}:rawPredict"
    assert routed(path).open_reply is routed(f"{CLAUDE}:rawPredict").open_reply


def test_only_claudes_own_methods_are_anthropics():
    assert publishers_route(f"{CLAUDE}:generateContent") is None
    assert routed(f"{CLAUDE}:generateContent").method == "generateContent"


# OpenAI's shapes

COMPLETION: Json = {
    "id": "c1", "object": "chat.completion", "model": "mistral-large-2411",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17},
}  # fmt: skip
CHUNKS: list[Json] = [
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}}]},
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"id": "c1", "model": "m", "choices": [], "usage": COMPLETION["usage"]},
]
IN_OPENAIS_SHAPE = [
    f"{IN_PROJECT}/publishers/mistralai/models/mistral-large@2411:rawPredict",
    f"{IN_PROJECT}/publishers/meta/models/llama-4:streamRawPredict",
    f"{IN_PROJECT}/endpoints/123:rawPredict",
    f"{IN_PROJECT}/endpoints/openapi/chat/completions",
    f"{IN_PROJECT}/endpoints/openapi/completions",
    f"{IN_PROJECT}/endpoints/123/chat/completions",
    "/v1beta/openai/chat/completions",
]


@pytest.mark.parametrize("path", IN_OPENAIS_SHAPE)
def test_openais_replies_are_read_at_every_cut(path):
    body, stream = whole(COMPLETION), events(*CHUNKS) + b"data: [DONE]\n\n"
    for head, text in ((JSON, body), (SSE, stream), (ReplyHead(200, "text/event-stream", "gzip"), zipped(stream))):
        for pieces in [bytewise(text), *in_two(text)]:
            got = read(routed(path).open_reply(head, NO_FACTS), *pieces)
            assert got is not None
            assert got.usage == Usage(input=10, output=7)


@pytest.mark.parametrize("path", IN_OPENAIS_SHAPE)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"usage": null}', b'{"usage": {"prompt_tokens": -1}}', b'{"usage": 7}', b"\xff"]
)
def test_hostile_replies_report_nothing(path, body):
    got = read(routed(path).open_reply(JSON, NO_FACTS), body)
    assert got is None or got.usage.counts() == {}


@pytest.mark.parametrize("path", IN_OPENAIS_SHAPE)
def test_the_body_says_whether_it_is_a_stream(path):
    facts = facts_of(path, {"model": "google/gemini-2.5-flash", "messages": [], "stream": True})
    assert (facts.model, facts.is_stream) == ("google/gemini-2.5-flash", True)


def test_a_response_of_another_publisher_is_openais():
    route = routed(f"{IN_PROJECT}/publishers/xai/v1/responses")
    body = whole(
        {"id": "r1", "status": "completed", "model": "grok-4", "usage": {"input_tokens": 10, "output_tokens": 7}}
    )
    got = read(route.open_reply(JSON, NO_FACTS), body)
    assert got is not None
    assert (got.usage, got.model, route.kind) == (Usage(input=10, output=7), "grok-4", CallKind.UNARY)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/openai", "/v1/openai/", "/v1/publishers/openai/models/gpt-oss", "/v1/publishers/openai/chat/completions",
        "/v1/chat/completions", "/v1/endpoints/1", "/v1/publishers/xai/responses", "openai/chat/completions", "",
    ],
)  # fmt: skip
def test_other_paths_are_not_openais(path):
    assert openai_route("POST", path) is None
    assert publishers_route(path) is None


def test_nothing_reported_is_none():
    assert read(routed(f"{CLAUDE}:rawPredict").open_reply(JSON, NO_FACTS), b'{"type": "error", "error": {}}') is None
    assert isinstance(read(routed(IN_OPENAIS_SHAPE[0]).open_reply(JSON, NO_FACTS), whole(COMPLETION)), Reported)


# routes

RAW = [
    (
        f"{IN_PROJECT}/publishers/anthropic/models/claude-x@20250101:rawPredict",
        "claude-x@20250101",
        Role.CALL,
        CallKind.UNARY,
    ),
    (
        f"{IN_PROJECT}/publishers/anthropic/models/claude-x@20250101:streamRawPredict",
        "claude-x@20250101",
        Role.CALL,
        CallKind.STREAM,
    ),
    (f"{IN_PROJECT}/publishers/anthropic/models/count-tokens:rawPredict", "", Role.FREE, CallKind.UNARY),
    (
        f"{IN_PROJECT}/publishers/mistralai/models/mistral-large@2411:rawPredict",
        "mistral-large@2411",
        Role.CALL,
        CallKind.UNARY,
    ),
    (f"{IN_PROJECT}/publishers/meta/models/llama-4:streamRawPredict", "llama-4", Role.CALL, CallKind.STREAM),
    (f"{IN_PROJECT}/publishers/openai/models/gpt-oss-120b:rawPredict", "gpt-oss-120b", Role.CALL, CallKind.UNARY),
    (f"{IN_PROJECT}/endpoints/123:rawPredict", "123", Role.CALL, CallKind.UNARY),
    ("/v1/publishers/anthropic/models/claude-x%40001:rawPredict", "claude-x@001", Role.CALL, CallKind.UNARY),
]


@pytest.mark.parametrize(("path", "model", "role", "kind"), RAW)
def test_other_publishers_models_are_known_by_the_path(path, model, role, kind):
    route = routed(path)
    assert (route.role, route.kind, route.needs_body) == (role, kind, False)
    if role is Role.CALL:
        assert route.model == model
        assert route.on_close is not None, "Google's statement is not about them"
        assert route.on_close.of(CallKind.UNARY) is route.on_close.of(CallKind.STREAM) is OnClose.UNKNOWN


OPENAI = [
    ("POST", "/v1beta/openai/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/v1beta/openai/embeddings", "embeddings", Role.CALL),
    ("POST", "/v1beta/openai/images/generations", "images.generations", Role.CALL),
    ("POST", "/v1beta/openai/responses", "responses", Role.CALL),
    ("POST", "/v1beta/openai/videos", "videos", Role.SUBMIT),
    ("POST", "/v1beta/openai/batches", "batches", Role.SUBMIT),
    ("GET", "/v1beta/openai/batches/b1", "batches.get", Role.POLL),
    ("GET", "/v1beta/openai/models", "models", Role.FREE),
    ("POST", f"{IN_PROJECT}/endpoints/openapi/chat/completions", "chat.completions", Role.CALL),
    ("POST", f"{IN_PROJECT}/endpoints/openapi/completions", "completions", Role.CALL),
    ("POST", f"{IN_PROJECT}/endpoints/openapi/embeddings", "embeddings", Role.CALL),
    ("POST", f"{IN_PROJECT}/endpoints/openapi/responses", "responses", Role.CALL),
    ("POST", f"{IN_PROJECT}/endpoints/123/chat/completions", "chat.completions", Role.CALL),
    ("POST", f"{IN_PROJECT}/publishers/xai/v1/responses", "responses", Role.CALL),
    ("GET", f"{IN_PROJECT}/publishers/xai/v1/responses/r1", "responses.get", Role.POLL),
    ("POST", f"{IN_PROJECT}/publishers/xai/v1/responses/r1/cancel", "responses.cancel", Role.CANCEL),
    ("DELETE", f"{IN_PROJECT}/publishers/xai/v1/responses/r1", "responses.delete", Role.FREE),
]


@pytest.mark.parametrize(("verb", "path", "method", "role"), OPENAI)
def test_openais_language_is_read_by_openais_dialect(verb, path, method, role):
    route = routed(path, verb)
    assert (route.method, route.role, route.needs_body) == (method, role, role is Role.CALL or route.needs_body)


def test_what_a_close_does_is_known_where_only_googles_models_answer():
    assert routed("/v1beta/openai/chat/completions").on_close is None
    elsewhere = routed(f"{IN_PROJECT}/endpoints/openapi/chat/completions").on_close
    assert elsewhere is not None
    assert elsewhere.stream is OnClose.UNKNOWN

import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import (
    NO_FACTS,
    ReplyHead,
    ReplyReader,
    Reported,
    RequestFacts,
    RequestHead,
    Role,
    Route,
)
from sidecar.providers.ollama import OLLAMA
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

LINES = ReplyHead(200, "application/x-ndjson")

ROUTED = [
    # verb, path, method, role, kind: providers-wire 3, ollama
    ("POST", "/api/chat", "chat", Role.CALL, CallKind.STREAM),
    ("POST", "/api/generate", "generate", Role.CALL, CallKind.STREAM),
    ("POST", "/api/embed", "embed", Role.CALL, CallKind.UNARY),
    ("POST", "/api/embeddings", "embed", Role.CALL, CallKind.UNARY),
    ("POST", "/v1/chat/completions", "chat.completions", Role.CALL, CallKind.UNARY),
    ("POST", "/v1/completions", "completions", Role.CALL, CallKind.UNARY),
    ("POST", "/v1/embeddings", "embeddings", Role.CALL, CallKind.UNARY),
    ("GET", "/v1/models", "models", Role.FREE, CallKind.UNARY),
    ("POST", "/v1/messages", "messages", Role.CALL, CallKind.UNARY),
    ("GET", "/api/tags", "models", Role.FREE, CallKind.UNARY),
    ("GET", "/api/ps", "models", Role.FREE, CallKind.UNARY),
    ("GET", "/api/version", "models", Role.FREE, CallKind.UNARY),
    ("POST", "/api/show", "models", Role.FREE, CallKind.UNARY),
    ("POST", "/api/pull", "models", Role.FREE, CallKind.UNARY),
    ("DELETE", "/api/delete", "models", Role.FREE, CallKind.UNARY),
    ("POST", "/api/blobs/sha256:29fd", "blobs", Role.FREE, CallKind.UNARY),
    ("HEAD", "/api/blobs/sha256:29fd", "blobs", Role.FREE, CallKind.UNARY),
]


def line(text: str, **more: object) -> Json:
    """A line of `/api/chat`."""
    said = {"role": "assistant", "content": text}
    return {"model": "llama3.2", "created_at": "2026-11-20T08:52:19Z", "message": said, "done": False} | more


def last(prompt: object = 26, answer: object = 3, **more: object) -> Json:
    """The line that ends a stream; the same document answers a call that declined one."""
    counts = {"prompt_eval_count": prompt, "eval_count": answer, "total_duration": 4883583458, "eval_duration": 427000}
    return line("", done=True, done_reason="stop") | counts | more


def ndjson(*lines: Json) -> bytes:
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in lines)


STREAM = ndjson(line("Hel"), line('lo \\ "done": true'), line("!", thinking="x"), last())
WHOLE = Reported(Usage(input=26, output=3), "llama3.2")


def route(verb: str, path: str) -> Route:
    found = OLLAMA.route(verb, path)
    assert found is not None
    return found


def reader(head: ReplyHead = LINES, path: str = "/api/chat") -> ReplyReader:
    return route("POST", path).open_reply(head, NO_FACTS)


def counted(tokens: int) -> Reported:
    return Reported(Usage(output=tokens), basis=Basis.ESTIMATED, reason="counted_deltas")


@pytest.mark.parametrize(("verb", "path", "method", "role", "kind"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role, kind):
    found = route(verb, path)
    assert (found.method, found.role, found.kind, found.model) == (method, role, kind, "")


@pytest.mark.parametrize(
    ("verb", "path"), [("GET", "/api/chat"), ("POST", "/api"), ("POST", "/api/chats"), ("GET", "/")]
)
def test_everything_else_passes(verb, path):
    assert OLLAMA.route(verb, path) is None


@pytest.mark.parametrize(
    ("path", "asked", "is_stream"),
    [
        ("/api/chat", {}, True),
        ("/api/generate", {}, True),
        ("/api/chat", {"stream": True}, True),
        ("/api/chat", {"stream": False}, False),
        ("/api/generate", {"stream": None}, True),
        ("/api/embed", {}, None),
    ],
)
def test_a_request_asks_for_a_stream_unless_it_declines(path, asked, is_stream):
    found = route("POST", path)
    assert found.open_request is not None
    assert found.needs_body
    request = found.open_request(RequestHead())
    request.feed(json.dumps({"model": "llama3.2", "messages": [{"content": "hi"}]} | asked).encode())
    request.finish()
    assert request.facts() == RequestFacts("llama3.2", is_stream)


def test_a_stream_is_read_the_same_at_every_cut():
    for head, body in ((LINES, STREAM), (ReplyHead(200, "application/x-ndjson", "gzip"), zipped(STREAM))):
        for pieces in [bytewise(body), *in_two(body)]:
            one = reader(head)
            assert read(one, *pieces) == WHOLE
            assert (one.is_terminal, one.gave_up) == (True, "")


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_a_stream_is_read_the_same_at_many_cuts(places):
    assert read(reader(), *cut(STREAM, places)) == WHOLE


def test_a_stream_that_breaks_off_is_counted_by_its_lines():
    lines = STREAM.splitlines(keepends=True)
    for end in range(len(STREAM) - 2):
        got = read(reader(), STREAM[:end])
        assert got is None or got.usage.output <= len(lines)
    one = reader()
    for number in range(3):
        one.feed(lines[number])
        assert one.reported() == counted(number + 1)
        assert not one.is_terminal


def test_one_document_is_read_too():
    assert read(reader(JSON), whole(last())) == WHOLE
    assert read(reader(JSON, "/api/generate"), whole({"response": "x"} | last())) == WHOLE


def test_embeddings_count_the_prompt():
    body = whole({"model": "all-minilm", "embeddings": [[0.1] * 5000], "total_duration": 1, "prompt_eval_count": 8})
    assert read(reader(JSON, "/api/embed"), body) == Reported(Usage(input=8), "all-minilm")
    assert read(reader(JSON, "/api/embeddings"), whole({"embedding": [0.1]})) is None


def test_what_a_cache_served_is_told_apart():
    assert read(reader(), ndjson(last(prompt_eval_cached_count=20))) == Reported(
        Usage(input=6, cached_input=20, output=3), "llama3.2"
    )


def test_loading_a_model_uses_nothing():
    loaded = {"model": "llama3.2", "created_at": "x", "response": "", "done": True, "done_reason": "load"}
    assert read(reader(), ndjson(loaded)) is None
    assert read(reader(JSON), whole(loaded)) is None


def test_an_error_ends_a_stream_and_leaves_the_count():
    one = reader()
    assert read(
        one, ndjson(line("a"), line("b"), {"error": "an error was encountered while running the model"})
    ) == counted(2)
    assert one.is_terminal


@pytest.mark.parametrize(
    ("counts", "usage", "reason"),
    [
        ({"prompt_eval_count": None}, Usage(output=3), "input_unreported"),
        ({"prompt_eval_cached_count": 30}, Usage(cached_input=26, output=3), "cached_over_prompt"),
        ({"eval_count": "many"}, Usage(input=26), "malformed_usage"),
        ({"eval_count": -3}, Usage(input=26), "malformed_usage"),
        ({"eval_count": 2.5}, Usage(input=26, output=2), "malformed_usage"),
        ({"prompt_eval_count": [], "eval_count": {}}, Usage(), "malformed_usage"),
    ],
)
def test_odd_counts_are_a_lower_bound(counts, usage, reason):
    for head in (LINES, JSON):
        got = read(reader(head), ndjson(last() | counts))
        assert got == Reported(usage, "llama3.2", basis=Basis.AT_LEAST, reason=reason)


@pytest.mark.parametrize("count", ["3", 3.0, "3.0"])
def test_counts_in_other_spellings_are_read(count):
    assert read(reader(), ndjson(last(answer=count))) == WHOLE


@pytest.mark.parametrize("odd", [b"[]", b"7", b'"x"', b"{", b"\xff", b'{"done": "yes"}', b"null"])
def test_an_odd_line_does_not_hide_the_last(odd):
    assert read(reader(), odd + b"\n" + STREAM) == WHOLE


def test_ollama_stops_and_says_so_in_its_own_shape():
    assert OLLAMA.on_close.of(CallKind.STREAM) is OLLAMA.on_close.of(CallKind.UNARY) is OnClose.STOPS
    assert json.loads(OLLAMA.error_body(502, "it broke")) == {"error": "it broke"}
    assert OLLAMA.hosts == ("ollama.com",)

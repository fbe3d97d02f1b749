import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.cohere import COHERE
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
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.wire import JSON, SSE, Json, read, whole

ROUTED = [
    # verb, path, method, role: providers-wire 3 and 5, cohere-python
    ("POST", "/v2/chat", "chat", Role.CALL),
    ("POST", "/v1/chat", "chat", Role.CALL),
    ("POST", "/v1/generate", "chat", Role.CALL),
    ("POST", "/v2/embed", "embed", Role.CALL),
    ("POST", "/v1/embed", "embed", Role.CALL),
    ("POST", "/v2/rerank", "rerank", Role.CALL),
    ("POST", "/v1/rerank", "rerank", Role.CALL),
    ("POST", "/v1/classify", "classify", Role.CALL),
    ("POST", "/v1/summarize", "summarize", Role.CALL),
    ("POST", "/compatibility/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/compatibility/v1/embeddings", "embeddings", Role.CALL),
    ("POST", "/v1/tokenize", "tokenize", Role.FREE),
    ("POST", "/v1/detokenize", "tokenize", Role.FREE),
    ("POST", "/v1/check-api-key", "tokenize", Role.FREE),
    ("GET", "/v1/models", "models", Role.FREE),
    ("GET", "/v1/models/command-a-03-2025", "models", Role.FREE),
    ("POST", "/v2/batches", "batches", Role.SUBMIT),
    ("GET", "/v2/batches", "batches.list", Role.FREE),
    ("GET", "/v2/batches/b1", "batches.get", Role.POLL),
    ("POST", "/v2/batches/b1:cancel", "batches.cancel", Role.CANCEL),
    ("POST", "/v1/embed-jobs", "embed-jobs", Role.SUBMIT),
    ("GET", "/v1/embed-jobs/e1", "embed-jobs.get", Role.POLL),
    ("POST", "/v1/embed-jobs/e1/cancel", "embed-jobs.cancel", Role.CANCEL),
    ("POST", "/v1/finetuning/finetuned-models", "finetuning", Role.SUBMIT),
    ("GET", "/v1/finetuning/finetuned-models/f1", "finetuning.get", Role.POLL),
]

USED = {"billed_units": {"input_tokens": 9, "output_tokens": 3}, "tokens": {"input_tokens": 70, "output_tokens": 4}}
BILLED = Reported(Usage(input=9, output=3))
V1_LINES = ReplyHead(200, "application/stream+json")


def sse(*events: Json) -> bytes:
    """Events as v2 sends them, with their names."""
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def lines(*events: Json) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def delta(text: str) -> Json:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}}


def piece(text: str) -> Json:
    return {"is_finished": False, "event_type": "text-generation", "text": text}


V2 = (
    {"type": "message-start", "id": "29f", "delta": {"message": {"role": "assistant", "content": []}}},
    {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
    delta("Hel"),
    delta('lo {"type": "message-end"}'),
    delta("!"),
    {"type": "content-end", "index": 0},
)
V2_END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": USED}}
V1 = ({"is_finished": False, "event_type": "stream-start", "generation_id": "g"}, piece("Hel"), piece("lo"), piece("!"))
V1_END = {
    "is_finished": True,
    "event_type": "stream-end",
    "finish_reason": "COMPLETE",
    "response": {"text": "Hello!", "meta": {"api_version": {"version": "1"}} | USED},
}
STREAMS = {
    "v2": (SSE, sse(*V2, V2_END) + b"data: [DONE]\n\n"),
    "v2 gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(sse(*V2, V2_END))),
    "v1": (V1_LINES, lines(*V1, V1_END)),
    "v1 accepting events": (SSE, b"".join(b"data: " + one + b"\n\n" for one in lines(*V1, V1_END).splitlines())),
}


def route(verb: str, path: str) -> Route:
    found = COHERE.route(verb, path)
    assert found is not None
    return found


def reader(head: ReplyHead = JSON, path: str = "/v2/chat") -> ReplyReader:
    return route("POST", path).open_reply(head, NO_FACTS)


def counted(tokens: int) -> Reported:
    return Reported(Usage(output=tokens), basis=Basis.ESTIMATED, reason="counted_deltas")


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(verb, path)
    assert (found.method, found.role) == (method, role)


@pytest.mark.parametrize(
    ("verb", "path"), [("GET", "/v2/chat"), ("POST", "/v2/batches/b1"), ("DELETE", "/v1/connectors/c1"), ("POST", "/")]
)
def test_everything_else_passes(verb, path):
    assert COHERE.route(verb, path) is None


def test_a_request_names_model_and_kind():
    opening = route("POST", "/v2/chat").open_request
    assert opening is not None
    request = opening(RequestHead())
    request.feed(b'{"model": "command-a-03-2025", "stream": true, "messages": []}')
    request.finish()
    assert request.facts() == RequestFacts("command-a-03-2025", is_stream=True)


@pytest.mark.parametrize(("head", "body"), STREAMS.values(), ids=STREAMS)
def test_a_stream_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        one = reader(head)
        assert read(one, *pieces) == BILLED
        assert (one.is_terminal, one.gave_up) == (True, "")


@pytest.mark.parametrize(("head", "body"), [(SSE, sse(*V2)), (V1_LINES, lines(*V1))], ids=["v2", "v1"])
def test_a_stream_that_breaks_off_is_counted_by_its_deltas(head, body):
    one = reader(head)
    assert read(one, body) == counted(3)
    assert not one.is_terminal
    for end in range(len(body)):
        got = read(reader(head), body[:end])
        assert got is None or got.usage.output <= 3


def test_an_end_that_tells_nothing_leaves_the_count():
    one = reader(SSE)
    assert read(one, sse(*V2, {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "x"}})) == counted(3)
    assert one.is_terminal
    assert read(
        reader(V1_LINES), lines(*V1, {"is_finished": True, "event_type": "stream-error", "err": "x"})
    ) == counted(3)


def test_a_whole_answer_is_billed_by_its_billed_units():
    body = whole({"id": "c14c", "message": {"content": [{"text": "Hi"}]}, "finish_reason": "COMPLETE", "usage": USED})
    assert all(read(reader(), *pieces) == BILLED for pieces in in_two(body))
    assert read(reader(ReplyHead(200, "application/json", "gzip")), zipped(body)) == BILLED
    assert read(reader(path="/v1/chat"), whole({"text": "Hi", "meta": USED})) == BILLED


@pytest.mark.parametrize(
    ("path", "billed", "usage"),
    [
        ("/v2/embed", {"input_tokens": 2.0}, Usage(input=2)),
        ("/v2/embed", {"images": 1}, Usage(images=1)),
        ("/v2/embed", {"input_tokens": 4, "image_tokens": 258, "images": 1}, Usage(input=262, image_input=258)),
        ("/v2/rerank", {"search_units": 1}, Usage(units=1)),
        ("/v1/rerank", {"search_units": "2"}, Usage(units=2)),
        ("/v1/classify", {"classifications": 3}, Usage(units=3)),
        ("/v1/summarize", {"input_tokens": 50, "output_tokens": 10}, Usage(input=50, output=10)),
    ],
)
def test_what_is_billed_beside_text_is_read(path, billed, usage):
    assert read(reader(path=path), whole({"id": "x", "meta": {"billed_units": billed}})) == Reported(usage)


def test_tokens_alone_are_an_estimate_of_the_bill():
    body = whole({"usage": {"tokens": USED["tokens"]}})
    assert read(reader(), body) == Reported(Usage(input=70, output=4), basis=Basis.ESTIMATED, reason="unbilled_units")


@pytest.mark.parametrize(
    ("billed", "usage"),
    [
        ({"input_tokens": None, "output_tokens": -1}, Usage()),
        ({"input_tokens": "nine", "output_tokens": 3}, Usage(output=3)),
        ({"input_tokens": 9, "output_tokens": 3.5}, Usage(input=9, output=3)),
        ({"input_tokens": 2**40, "output_tokens": 3}, Usage(output=3)),
    ],
)
def test_odd_units_are_a_lower_bound(billed, usage):
    got = read(reader(), whole({"usage": {"billed_units": billed}}))
    assert got == Reported(usage, basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"7",
        b'{"usage": {"billed_un',
        b'{"usage": null}',
        b'{"usage": 7}',
        b'{"meta": []}',
        b"\xff",
        b'{"meta": {"billed_units": {"input_tokens": 0}}}',
        b'{"meta": {"billed_units": {"lines": 3}}}',
    ],
)
def test_what_tells_nothing_reports_nothing(body):
    assert read(reader(), body) is None


@pytest.mark.parametrize("odd", [[], 7, {"type": 7}, {"type": None}, {"delta": 3}, {"type": "citation-start"}])
def test_an_odd_event_does_not_hide_the_last(odd):
    body = b"data: " + json.dumps(odd).encode() + b"\n\n" + sse(*V2, V2_END)
    assert read(reader(SSE), body) == BILLED


@pytest.mark.parametrize("odd", [None, 7, [], {"usage": 7}])
def test_an_odd_end_leaves_the_count(odd):
    assert read(reader(SSE), sse(*V2, {"type": "message-end", "delta": odd})) == counted(3)


def test_a_stream_stops_and_an_answer_runs_on():
    assert COHERE.on_close.of(CallKind.STREAM) is OnClose.STOPS
    assert COHERE.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
    assert COHERE.hosts == ("api.cohere.com", "api.cohere.ai")
    assert json.loads(COHERE.error_body(502, "it broke")) == {"message": "it broke"}

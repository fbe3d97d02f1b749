import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role
from sidecar.providers.together import TOGETHER
from tests.providers.compatible import (
    asked,
    chunk,
    completion,
    opened,
    reports_everywhere,
    route,
    sse,
    streams_everywhere,
    used,
)
from tests.providers.wire import SSE, read

ROUTED = [
    # verb, path, method, role: providers-wire 5
    ("POST", "/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/v1/completions", "completions", Role.CALL),
    ("POST", "/v1/embeddings", "embeddings", Role.CALL),
    ("POST", "/v1/images/generations", "images.generations", Role.CALL),
    ("POST", "/v1/rerank", "rerank", Role.CALL),
    ("POST", "/v1/audio/speech", "audio.speech", Role.CALL),
    ("POST", "/v1/batches", "batches", Role.SUBMIT),
    ("GET", "/v1/batches/b1", "batches.get", Role.POLL),
    ("POST", "/v1/batches/b1/cancel", "batches.cancel", Role.CANCEL),
    ("POST", "/v1/fine-tunes", "fine-tunes", Role.SUBMIT),
    ("GET", "/v1/fine-tunes", "fine-tunes.list", Role.FREE),
    ("GET", "/v1/fine-tunes/f1", "fine-tunes.get", Role.POLL),
    ("POST", "/v1/fine-tunes/f1/cancel", "fine-tunes.cancel", Role.CANCEL),
    ("POST", "/v1/queue/submit", "queue", Role.SUBMIT),
    ("GET", "/v1/queue/status", "queue.get", Role.POLL),
    ("POST", "/v1/queue/cancel", "queue.cancel", Role.CANCEL),
    ("GET", "/v1/models", "models", Role.FREE),
]
TOLD = Reported(Usage(input=9, output=3), "m1")
STREAM = [chunk("Hel"), chunk("lo"), chunk("!", finish="stop", usage=used(9, 3))]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(TOGETHER, verb, path)
    assert (found.method, found.role) == (method, role)


def test_a_chat_is_read():
    reports_everywhere(TOGETHER, completion(used(9, 3)), TOLD)
    streams_everywhere(TOGETHER, sse(STREAM), TOLD)


def test_rerank_counts_its_tokens():
    document = {"model": "m1", "results": [{"index": 0, "relevance_score": 0.9}], "usage": used(1837, 0)}
    reports_everywhere(TOGETHER, document, Reported(Usage(input=1837), "m1"), "/v1/rerank")


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    got = read(opened(TOGETHER, SSE), sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=2), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/rerank", "/v1/fine-tunes", "/v1/queue/submit"])
def test_requests_name_their_model(path):
    assert asked(TOGETHER, path, {"model": "m1"}).model == "m1"


def test_a_stream_stops_and_an_answer_runs_on():
    facts = TOGETHER.on_close
    assert (facts.of(CallKind.STREAM), facts.of(CallKind.UNARY)) == (OnClose.STOPS, OnClose.RUNS_ON)
    assert TOGETHER.hosts == ("api.together.xyz", "api.together.ai")

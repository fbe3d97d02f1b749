import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, RequestFacts, Role
from sidecar.providers.groq import GROQ
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
from tests.providers.wire import SSE, read, whole

ROUTED = [
    ("POST", "/openai/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/openai/v1/responses", "responses", Role.CALL),
    ("POST", "/openai/v1/embeddings", "embeddings", Role.CALL),
    ("POST", "/openai/v1/audio/transcriptions", "audio.transcriptions", Role.CALL),
    ("POST", "/openai/v1/audio/speech", "audio.speech", Role.CALL),
    ("POST", "/openai/v1/batches", "batches", Role.SUBMIT),
    ("GET", "/openai/v1/batches/b1", "batches.get", Role.POLL),
    ("POST", "/openai/v1/batches/b1/cancel", "batches.cancel", Role.CANCEL),
    ("GET", "/openai/v1/models", "models", Role.FREE),
    ("POST", "/openai/v1/files", "files", Role.FREE),
]
TIMED = used(9, 3, queue_time=0.01, prompt_time=0.002, completion_time=0.01, total_time=0.012)
TOLD = Reported(Usage(input=9, output=3), "m1")
BREAKDOWN = {
    "models": [{"model": "llama-3.3-70b", "usage": used(5, 2)}, {"model": "gpt-oss-120b", "usage": used(4, 1)}]
}
STREAM = [
    chunk("Hel", x_groq={"id": "req_1"}),
    chunk("lo"),
    chunk("!"),
    chunk(finish="stop", x_groq={"id": "r", "usage": TIMED}),
]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(GROQ, verb, path)
    assert (found.method, found.role) == (method, role)


def test_a_stream_tells_its_usage_unasked():
    streams_everywhere(GROQ, sse(STREAM), TOLD)


def test_a_caller_that_asks_is_told_twice_and_counted_once():
    streams_everywhere(GROQ, sse([*STREAM, chunk(choices=[], usage=TIMED)]), TOLD)


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    reader = opened(GROQ, SSE)
    got = read(reader, sse(STREAM[:3], b""))
    assert got == Reported(Usage(output=3), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")
    assert not reader.is_terminal


def test_a_whole_answer_tells_its_usage_and_not_the_hardwares():
    document = completion(TIMED, x_groq={"id": "req_1", "usage": {"dram_cached_tokens": 512, "sram_cached_tokens": 0}})
    reports_everywhere(GROQ, document, TOLD)


def test_several_models_have_no_one_price():
    several = Reported(Usage(input=9, output=3), "m1", basis=Basis.ESTIMATED, reason="several_models")
    reports_everywhere(GROQ, completion(TIMED, usage_breakdown=BREAKDOWN), several)
    ended = chunk(finish="stop", x_groq={"usage": TIMED, "usage_breakdown": BREAKDOWN})
    streams_everywhere(GROQ, sse([*STREAM[:3], ended]), several)


def test_one_model_under_a_compound_is_the_one_that_is_billed():
    breakdown = {"models": BREAKDOWN["models"][:1] * 2}
    document = completion(TIMED, usage_breakdown=breakdown)
    assert read(opened(GROQ), whole(document)) == Reported(Usage(input=9, output=3), "llama-3.3-70b")


@pytest.mark.parametrize("odd", [None, 7, [], {}, {"models": None}, {"models": [7]}, {"models": [{"model": None}]}])
def test_an_odd_breakdown_changes_nothing(odd):
    assert read(opened(GROQ), whole(completion(TIMED, usage_breakdown=odd))) == TOLD


@pytest.mark.parametrize("odd", [None, 7, [], {"usage": None}, {"usage": 7}, {"usage": {}}])
def test_an_odd_member_leaves_the_count(odd):
    got = read(opened(GROQ, SSE), sse([*STREAM[:3], chunk(finish="stop", x_groq=odd)]))
    assert got is not None
    assert (got.usage, got.reason) == (Usage(output=3), "counted_deltas")


@pytest.mark.parametrize(
    ("served", "tier", "basis"),
    [("on_demand", "", Basis.EXACT), ("flex", "flex", Basis.EXACT), ("performance", "performance", Basis.EXACT)],
)
def test_a_tier_is_named(served, tier, basis):
    got = read(opened(GROQ), whole(completion(TIMED, service_tier=served)))
    assert got is not None
    assert (got.tier, got.basis) == (tier, basis)


def test_a_request_names_model_and_kind():
    facts = asked(GROQ, "/openai/v1/chat/completions", {"model": "m1", "stream": True})
    assert facts == RequestFacts("m1", is_stream=True)


def test_work_runs_on():
    assert GROQ.on_close.of(CallKind.STREAM) is GROQ.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
    assert GROQ.hosts == ("api.groq.com",)


def test_a_stream_need_not_be_asked_for_its_usage():
    assert not route(GROQ, "POST", "/openai/v1/chat/completions").asks_usage

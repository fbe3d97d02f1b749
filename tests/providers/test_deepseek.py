import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported, Role
from sidecar.providers.deepseek import DEEPSEEK
from tests.bodies.cutting import in_two
from tests.providers.compatible import (
    CHAT,
    chunk,
    completion,
    opened,
    reports_everywhere,
    route,
    sse,
    streams_everywhere,
    used,
)
from tests.providers.wire import JSON, SSE, read, whole

ROUTED = [
    ("POST", "/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/beta/completions", "completions", Role.CALL),
    ("GET", "/models", "models", Role.FREE),
    ("GET", "/user/balance", "balance", Role.FREE),
]
USED = used(
    20, 9, prompt_cache_hit_tokens=16, prompt_cache_miss_tokens=4, completion_tokens_details={"reasoning_tokens": 6}
)
TOLD = Reported(Usage(input=4, cached_input=16, output=3, reasoning=6), "m1")
STREAM = [
    chunk(choices=[{"index": 0, "delta": {"reasoning_content": "Hm"}}]),
    chunk("Hello"),
    chunk("!", finish="stop", usage=USED),
]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(DEEPSEEK, verb, path)
    assert (found.method, found.role) == (method, role)


def test_anthropics_dialect_is_spoken_too():
    found = route(DEEPSEEK, "POST", "/anthropic/v1/messages")
    assert found.role is Role.CALL
    assert found.needs_body
    usage = {"input_tokens": 9, "output_tokens": 3}
    got = read(found.open_reply(JSON, NO_FACTS), whole({"type": "message", "model": "m1", "usage": usage}))
    assert got is not None
    assert (got.usage, got.model) == (Usage(input=9, output=3), "m1")


def test_the_caches_share_is_told_apart():
    reports_everywhere(DEEPSEEK, completion(USED), TOLD)
    streams_everywhere(DEEPSEEK, sse(STREAM), TOLD)


def test_empty_lines_before_a_document_are_no_answer():
    body = b"\n\n\n\n" + whole(completion(USED))
    for pieces in in_two(body):
        reader = opened(DEEPSEEK)
        assert read(reader, *pieces) == TOLD
    waiting = opened(DEEPSEEK)
    waiting.feed(b"\n\n\n")
    assert (waiting.reported(), waiting.is_terminal) == (None, False)


def test_comments_before_the_first_event_are_no_answer():
    streams_everywhere(DEEPSEEK, b": keep-alive\n\n" * 3 + sse(STREAM[:2], b": keep-alive\n\n") + sse(STREAM[2:]), TOLD)
    waiting = opened(DEEPSEEK, SSE)
    waiting.feed(b": keep-alive\n\n: keep-alive\n\n")
    assert (waiting.reported(), waiting.is_terminal) == (None, False)


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    got = read(opened(DEEPSEEK, SSE, CHAT), sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=1, reasoning=1), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")


@pytest.mark.parametrize(("hit", "cached"), [(None, 0), (-1, 0), ("many", 0), ([], 0), (99, 20), ("16", 16)])
def test_an_odd_share_never_exceeds_the_prompt(hit, cached):
    got = read(opened(DEEPSEEK), whole(completion(used(20, 3, prompt_cache_hit_tokens=hit))))
    assert got is not None
    assert (got.usage.input, got.usage.cached_input) == (20 - cached, cached)


def test_a_stream_stops_and_an_answer_runs_on():
    facts = DEEPSEEK.on_close
    assert (facts.of(CallKind.STREAM), facts.of(CallKind.UNARY)) == (OnClose.STOPS, OnClose.RUNS_ON)
    assert DEEPSEEK.hosts == ("api.deepseek.com",)

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, Role
from sidecar.providers.openrouter import GENERATION, OPENROUTER, GenerationReader, inquiry_path, told_by
from tests.bodies.cutting import bytewise
from tests.providers.compatible import (
    chunk,
    completion,
    opened,
    reports_everywhere,
    route,
    sse,
    streams_everywhere,
    used,
)
from tests.providers.wire import JSON, SSE, Json, read, whole

ROUTED = [
    # verb, path, method, role: providers-wire 4 and 5
    ("POST", "/api/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/api/v1/completions", "completions", Role.CALL),
    ("POST", "/api/v1/responses", "responses", Role.CALL),
    ("POST", "/api/v1/messages", "messages", Role.CALL),
    ("POST", "/api/v1/embeddings", "embeddings", Role.CALL),
    ("GET", "/api/v1/generation?id=gen-1", "generation", Role.FREE),
    ("GET", "/api/v1/credits", "account", Role.FREE),
    ("GET", "/api/v1/models", "models", Role.FREE),
    ("POST", "/api/v1/batches", "batches", Role.SUBMIT),
    ("GET", "/api/v1/batches/b1", "batches.get", Role.POLL),
    ("POST", "/api/v1/videos", "videos", Role.SUBMIT),
    ("GET", "/api/v1/videos/v1", "videos.get", Role.POLL),
]
PATH = "/api/v1/chat/completions"
USED = used(
    100, 30, cost=0.00014, is_byok=False, prompt_tokens_details={"cached_tokens": 40, "cache_write_tokens": 0},
    completion_tokens_details={"reasoning_tokens": 10}, cost_details={"upstream_inference_cost": 0.00014},
)  # fmt: skip
TOLD = Reported(Usage(input=60, cached_input=40, output=20, reasoning=10), "m1", cost_usd=Decimal("0.00014"))
PROCESSING = b": OPENROUTER PROCESSING\n\n"
STREAM = [chunk("Hel"), chunk("lo"), chunk("!", finish="stop"), chunk(choices=[], usage=USED)]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(OPENROUTER, verb, path)
    assert (found.method, found.role) == (method, role)


def test_a_reply_tells_what_it_cost():
    reports_everywhere(OPENROUTER, completion(USED), TOLD, PATH)
    streams_everywhere(OPENROUTER, PROCESSING * 2 + sse(STREAM), TOLD, PATH)


def test_a_free_call_cost_nothing_and_says_so():
    got = read(opened(OPENROUTER, JSON, PATH), whole(completion(used(9, 3, cost=0))))
    assert got == Reported(Usage(input=9, output=3), "m1", cost_usd=Decimal(0))


def test_with_an_own_key_the_providers_bill_is_added():
    own = used(9, 3, cost=0.00001, is_byok=True, cost_details={"upstream_inference_cost": 0.002})
    got = read(opened(OPENROUTER, JSON, PATH), whole(completion(own)))
    assert got == Reported(Usage(input=9, output=3), "m1", cost_usd=Decimal("0.00201"))


@pytest.mark.parametrize("details", [None, {}, {"upstream_inference_cost": None}, 7])
def test_with_an_own_key_and_no_bill_the_cost_is_a_lower_bound(details):
    own = used(9, 3, cost=0.00001, is_byok=True, cost_details=details)
    got = read(opened(OPENROUTER, JSON, PATH), whole(completion(own)))
    expected = Reported(Usage(input=9, output=3), "m1", cost_usd=Decimal("0.00001"))
    assert got == msgspec.structs.replace(expected, basis=Basis.AT_LEAST, reason="own_key")


@pytest.mark.parametrize("cost", [None, -1, "much", [], 1e300, True])
def test_an_odd_cost_is_none(cost):
    got = read(opened(OPENROUTER, JSON, PATH), whole(completion(used(9, 3, cost=cost))))
    assert got == Reported(Usage(input=9, output=3), "m1")


# the generation


def generation(head: ReplyHead, *pieces: bytes) -> str:
    reader = opened(OPENROUTER, head, PATH)
    assert isinstance(reader, GenerationReader)
    for piece in pieces:
        reader.feed(piece)
    return reader.generation_id


def test_the_head_names_the_generation():
    assert route(OPENROUTER, "POST", PATH).reply_headers == (GENERATION,)
    head = ReplyHead(200, "text/event-stream", headers={GENERATION: "gen-head"})
    assert generation(head) == "gen-head"
    assert generation(head, sse(STREAM)) == "gen-head"


def test_else_the_first_chunk_does():
    assert generation(SSE, PROCESSING) == ""
    assert generation(SSE, *bytewise(PROCESSING + sse(STREAM[:1], b""))) == "gen-1"
    assert generation(SSE, sse([chunk("a", id=7), chunk("b", id=None), chunk("c")])) == "gen-1"


RESPONSE = {
    "id": "r",
    "model": "m1",
    "status": "completed",
    "usage": {"input_tokens": 9, "output_tokens": 3, "cost": 0.5},
}
MESSAGE = {"type": "message", "model": "m1", "usage": {"input_tokens": 9, "output_tokens": 3}}


@pytest.mark.parametrize(
    ("path", "document", "cost"),
    [("/api/v1/responses", RESPONSE, Decimal("0.5")), ("/api/v1/messages", MESSAGE, None)],
)
def test_other_calls_are_generations_too(path, document, cost):
    reader = opened(OPENROUTER, ReplyHead(200, "application/json", headers={GENERATION: "gen-head"}), path)
    got = read(reader, whole(document))
    assert got is not None
    assert (got.usage, got.cost_usd) == (Usage(input=9, output=3), cost)
    assert isinstance(reader, GenerationReader)
    assert reader.generation_id == "gen-head"


def test_an_answer_that_is_cut_is_counted_until_one_has_asked():
    reader = GenerationReader(SSE, NO_FACTS)
    got = read(reader, PROCESSING + sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=2), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")
    assert (reader.generation_id, reader.is_terminal, reader.gave_up) == ("gen-1", False, "")


@pytest.mark.parametrize(
    ("name", "path"), [("gen-1", b"gen-1"), ("a b&c=d/..\r\n\u00e9", b"a%20b%26c%3Dd%2F..%0D%0A%C3%A9")]
)
def test_what_it_cost_is_asked_by_its_name(name, path):
    assert inquiry_path(name) == b"/api/v1/generation?id=" + path


# openrouter.ai/docs, GenerationResponse
GENERATED: Json = {
    "id": "gen-1", "model": "sao10k/l3-stheno-8b", "total_cost": 0.0015, "usage": 0.0015, "is_byok": False, "cancelled": True,
    "upstream_inference_cost": None, "tokens_prompt": 10, "tokens_completion": 25, "native_tokens_prompt": 12,
    "native_tokens_completion": 30, "native_tokens_reasoning": 5, "native_tokens_cached": 3, "streamed": True,
}  # fmt: skip
ANSWERED = Reported(
    Usage(input=9, cached_input=3, output=25, reasoning=5), "sao10k/l3-stheno-8b", cost_usd=Decimal("0.0015")
)


def told(**changed: object) -> Reported | None:
    return told_by(json.dumps({"data": GENERATED | changed}).encode())


def test_the_answer_tells_cost_and_tokens_of_a_generation():
    assert told() == ANSWERED


def test_the_answer_adds_the_bill_to_an_own_key():
    got = told(is_byok=True, upstream_inference_cost=0.0012)
    assert got == msgspec.structs.replace(ANSWERED, cost_usd=Decimal("0.0027"))


def test_parts_never_exceed_their_wholes():
    got = told(native_tokens_cached=99, native_tokens_reasoning=99)
    assert got is not None
    assert got.usage == Usage(cached_input=12, reasoning=30)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": {"total_cost": null}}',
        b'{"error": {"code": 404}}',
        b"\xff",
    ],
)
def test_an_answer_that_does_not_say_tells_nothing(document):
    assert told_by(document) is None


@pytest.mark.parametrize("odd", [-1, "many", [], {}, 1.5])
def test_odd_counts_are_a_lower_bound(odd):
    got = told(native_tokens_completion=odd)
    assert got is not None
    assert (got.basis, got.reason, got.cost_usd) == (Basis.AT_LEAST, "malformed_usage", Decimal("0.0015"))


@given(
    st.dictionaries(
        st.sampled_from(sorted(GENERATED)), st.none() | st.integers() | st.floats() | st.text() | st.just([])
    )
)
def test_no_answer_raises(changed):
    told_by(json.dumps({"data": GENERATED | changed}).encode())


def test_what_a_cut_stream_does_hangs_on_the_provider_chosen():
    facts = OPENROUTER.on_close
    assert (facts.of(CallKind.STREAM), facts.of(CallKind.UNARY)) == (OnClose.UNKNOWN, OnClose.RUNS_ON)
    assert OPENROUTER.hosts == ("openrouter.ai",)


def test_a_stream_need_not_be_asked_for_its_usage():
    assert not route(OPENROUTER, "POST", "/api/v1/chat/completions").asks_usage


def test_a_cut_call_can_be_asked_about():
    inquiry = route(OPENROUTER, "POST", PATH).inquiry
    assert inquiry is not None
    assert (inquiry.path, inquiry.read) == (inquiry_path, told_by)
    reader = opened(OPENROUTER, SSE, PATH)
    assert inquiry.identity(reader) == ""
    reader.feed(sse(STREAM[:1], b""))
    assert inquiry.identity(reader) == "gen-1"


@pytest.mark.parametrize("path", [path for verb, path, _, role in ROUTED if role is Role.CALL])
def test_every_call_can_be_asked_about_by_what_its_head_names(path):
    found = route(OPENROUTER, "POST", path)
    assert found.inquiry is not None
    assert GENERATION in found.reply_headers
    head = ReplyHead(200, "application/json", headers={GENERATION: "gen-2"})
    assert found.inquiry.identity(found.open_reply(head, NO_FACTS)) == "gen-2"
    assert found.inquiry.identity(found.open_reply(JSON, NO_FACTS)) == ""


def test_what_is_no_call_is_not_asked_about():
    assert {route(OPENROUTER, verb, path).inquiry for verb, path, _, role in ROUTED if role is not Role.CALL} == {None}

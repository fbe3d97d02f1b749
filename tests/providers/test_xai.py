from decimal import Decimal

import msgspec
import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.xai import XAI
from tests.providers.compatible import (
    asked,
    chunk,
    completion,
    opened,
    reports_everywhere,
    route,
    sse,
    streams_everywhere,
)
from tests.providers.wire import JSON, SSE, Json, read, whole

ROUTED = [
    # verb, path, method, role: providers-wire 3 (xai.deferred) and 5
    ("POST", "/v1/chat/completions", "chat.completions", Role.CALL),
    ("GET", "/v1/chat/deferred-completion/r1", "chat.deferred", Role.POLL),
    ("POST", "/v1/responses", "responses", Role.CALL),
    ("POST", "/v1/images/generations", "images.generations", Role.CALL),
    ("POST", "/v1/images/edits", "images.edits", Role.CALL),
    ("POST", "/v1/videos/generations", "videos.generations", Role.SUBMIT),
    ("GET", "/v1/videos/v1", "videos.get", Role.POLL),
    ("POST", "/v1/batches", "batches", Role.SUBMIT),
    ("GET", "/v1/batches/b1", "batches.get", Role.POLL),
    ("POST", "/v1/batches/b1:cancel", "batches.cancel", Role.CANCEL),
    ("GET", "/v1/models", "models", Role.FREE),
]
TICKS = 37_756_000
COST = Decimal("0.0037756")  # docs.x.ai/developers/cost-tracking: "cost $0.0038"
USED: Json = {
    "prompt_tokens": 119, "completion_tokens": 9, "total_tokens": 226, "num_sources_used": 0, "cost_in_usd_ticks": TICKS,
    "prompt_tokens_details": {"text_tokens": 119, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 112},
    "completion_tokens_details": {"reasoning_tokens": 98, "audio_tokens": 0},
}  # fmt: skip
TOLD = Reported(Usage(input=7, cached_input=112, output=9, reasoning=98), "m1", cost_usd=COST)
STREAM = [chunk("Hel"), chunk("lo"), chunk("!", finish="stop"), chunk(choices=[], usage=USED)]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(XAI, verb, path)
    assert (found.method, found.role) == (method, role)


def test_a_reply_tells_what_it_cost_and_thoughts_stand_beside_the_answer():
    reports_everywhere(XAI, completion(USED), TOLD)
    streams_everywhere(XAI, sse(STREAM), TOLD)


def test_a_call_that_cost_more_than_a_dollar_is_told_too():
    got = read(opened(XAI), whole(completion(USED | {"cost_in_usd_ticks": 12_345_678_901})))
    assert got is not None
    assert got.cost_usd == Decimal("1.2345678901")


@pytest.mark.parametrize("ticks", [None, -1, "many", [], True, 10**30])
def test_odd_ticks_are_no_cost(ticks):
    got = read(opened(XAI), whole(completion(USED | {"cost_in_usd_ticks": ticks})))
    assert got == msgspec.structs.replace(TOLD, cost_usd=None)


def test_a_response_tells_its_cost():
    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12, "cost_in_usd_ticks": TICKS}
    got = read(
        opened(XAI, path="/v1/responses"), whole({"id": "r", "model": "m1", "status": "completed", "usage": usage})
    )
    assert got == Reported(Usage(input=9, output=3), "m1", cost_usd=COST)


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    got = read(opened(XAI, SSE), sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=2), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")


# images and videos

IMAGES: Json = {"data": [{"url": "https://i1"}, {"b64_json": "A" * 5000}], "usage": {"cost_in_usd_ticks": 200_000_000}}


def test_images_are_counted_and_told_their_cost():
    reports_everywhere(XAI, IMAGES, Reported(Usage(images=2), cost_usd=Decimal("0.02")), "/v1/images/generations")


def test_images_without_a_cost_are_counted():
    assert read(opened(XAI, path="/v1/images/edits"), whole({"data": IMAGES["data"]})) == Reported(Usage(images=2))


def test_a_cost_without_images_is_told():
    got = read(opened(XAI, path="/v1/images/generations"), whole(IMAGES | {"data": []}))
    assert got == Reported(Usage(), cost_usd=Decimal("0.02"))


def video(document: object) -> Reported | None:
    return read(polled("/v1/videos/v1"), whole(document))


def polled(path: str) -> ReplyReader:
    return route(XAI, "GET", path).open_reply(JSON, NO_FACTS)


def test_a_video_tells_its_cost_when_it_is_done():
    assert video({"status": "pending"}) is None
    done = {"model": "grok-imagine-video", "video": {"url": "u"}, "usage": {"cost_in_usd_ticks": 500_000_000}}
    assert video(done) == Reported(Usage(), "grok-imagine-video", cost_usd=Decimal("0.05"))
    assert video([]) is None


# deferred


@pytest.mark.parametrize(("deferred", "is_background"), [(True, True), (False, False), (None, False), ("true", False)])
def test_a_deferred_chat_outlives_its_request(deferred, is_background):
    facts = asked(XAI, "/v1/chat/completions", {"model": "m1", "deferred": deferred})
    assert facts == RequestFacts("m1", is_background=is_background)


def test_a_deferred_answer_is_read_when_it_is_fetched():
    assert read(polled("/v1/chat/deferred-completion/r1"), whole(completion(USED))) == TOLD
    assert read(polled("/v1/chat/deferred-completion/r1"), b"") is None


def test_a_stream_stops_and_an_answer_runs_on():
    assert (XAI.on_close.of(CallKind.STREAM), XAI.on_close.of(CallKind.UNARY)) == (OnClose.STOPS, OnClose.RUNS_ON)
    assert XAI.hosts == ("api.x.ai",)

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, Role
from sidecar.providers.fireworks import FIREWORKS
from tests.bodies.cutting import in_two
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
from tests.providers.wire import JSON, SSE, read

FLUX = "accounts/fireworks/models/flux-1-dev-fp8"
KONTEXT = "accounts/fireworks/models/flux-kontext-pro"
IMAGES = "/inference/v1/workflows/" + FLUX + "/text_to_image"

ROUTED = [
    # verb, path, method, role, model: providers-wire 5
    ("POST", "/inference/v1/chat/completions", "chat.completions", Role.CALL, ""),
    ("POST", "/inference/v1/completions", "completions", Role.CALL, ""),
    ("POST", "/inference/v1/embeddings", "embeddings", Role.CALL, ""),
    ("POST", "/inference/v1/responses", "responses", Role.CALL, ""),
    ("POST", IMAGES, "text_to_image", Role.CALL, FLUX),
    ("POST", f"/inference/v1/image_generation/{FLUX}", "image_generation", Role.CALL, FLUX),
    ("POST", f"/inference/v1/workflows/{KONTEXT}", "workflows", Role.SUBMIT, KONTEXT),
    ("POST", f"/inference/v1/workflows/{KONTEXT}/get_result", "workflows.get", Role.POLL, KONTEXT),
    ("POST", "/v1/accounts/a/batchInferenceJobs", "jobs", Role.SUBMIT, ""),
    ("GET", "/v1/accounts/a/batchInferenceJobs", "jobs.list", Role.FREE, ""),
    ("GET", "/v1/accounts/a/batchInferenceJobs/j1", "jobs.get", Role.POLL, ""),
    ("POST", "/v1/accounts/a/batchInferenceJobs/j1:cancel", "jobs.cancel", Role.CANCEL, ""),
    ("POST", "/v1/accounts/a/batchJobs/j1:cancel", "jobs.cancel", Role.CANCEL, ""),
    ("POST", "/v1/accounts/a/reinforcementFineTuningJobs/j1:cancel", "training.cancel", Role.CANCEL, ""),
    ("GET", "/v1/accounts/a/deployments", "account", Role.FREE, ""),
    ("GET", "/inference/v1/models", "models", Role.FREE, ""),
]
TOLD = Reported(Usage(input=9, output=3), "m1")
STREAM = [chunk("Hel"), chunk("lo"), chunk("!", finish="stop", usage=used(9, 3))]


@pytest.mark.parametrize(("verb", "path", "method", "role", "model"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role, model):
    found = route(FIREWORKS, verb, path)
    assert (found.method, found.role, found.model) == (method, role, model)


def test_a_chat_is_read():
    reports_everywhere(FIREWORKS, completion(used(9, 3)), TOLD)
    streams_everywhere(FIREWORKS, sse(STREAM), TOLD)


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    got = read(opened(FIREWORKS, SSE), sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=2), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")


def test_an_image_was_made_when_it_begins_to_come():
    for pieces in in_two(b"\xff\xd8 image"):
        reader = opened(FIREWORKS, ReplyHead(200, "image/jpeg"), IMAGES)
        for piece in pieces:
            reader.feed(piece)
        assert (reader.reported(), reader.is_terminal) == (Reported(Usage(images=1)), False)
        reader.finish()
        assert (reader.reported(), reader.is_terminal, reader.gave_up) == (Reported(Usage(images=1)), True, "")


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_is_no_image(status):
    assert read(opened(FIREWORKS, ReplyHead(status, "application/json"), IMAGES), b'{"error": {}}') is None


def test_images_in_json_are_one_at_least():
    got = read(opened(FIREWORKS, JSON, IMAGES), b'{"id": "x", "base64": ["AAAA"], "finishReason": "SUCCESS"}')
    assert got == Reported(Usage(images=1), basis=Basis.AT_LEAST, reason="images_uncounted")


def test_an_empty_reply_is_no_image():
    reader = opened(FIREWORKS, ReplyHead(200, "image/png"), IMAGES)
    assert read(reader, b"") is None
    assert not reader.is_terminal


def test_a_stream_stops_and_an_answer_runs_on():
    facts = FIREWORKS.on_close
    assert (facts.of(CallKind.STREAM), facts.of(CallKind.UNARY)) == (OnClose.STOPS, OnClose.RUNS_ON)
    assert FIREWORKS.hosts == ("api.fireworks.ai",)

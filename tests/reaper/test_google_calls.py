"""Which call of google-genai sends a request."""

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.operation import Ask
from sidecar.reaper.google_calls import Call, Client, call_for

V = "/v1beta1/projects/p-1/locations/us-central1"
GEMINI = Client("", "v1beta", None, None)
VERTEX = Client("", "v1beta1", "p-1", "us-central1")
VIDEO = "projects/p-1/locations/us-central1/publishers/google/models/veo-3/operations/o-1"


@pytest.mark.parametrize(
    ("verb", "target", "call"),
    [
        ("GET", "/v1beta/batches/b-1", Call(GEMINI, "batches", "get", "batches/b-1")),
        ("POST", "/v1beta/batches/b-1:cancel", Call(GEMINI, "batches", "cancel", "batches/b-1")),
        ("GET", f"{V}/batchPredictionJobs/12", Call(VERTEX, "batches", "get", "12")),
        ("POST", f"{V}/batchPredictionJobs/12:cancel", Call(VERTEX, "batches", "cancel", "12")),
        ("GET", "/v1beta/interactions/i-1", Call(GEMINI, "interactions", "get", "i-1")),
        ("POST", "/v1beta/interactions/i-1/cancel", Call(GEMINI, "interactions", "cancel", "i-1")),
        ("POST", f"{V}/interactions/i-1/cancel", Call(VERTEX, "interactions", "cancel", "i-1")),
        ("GET", f"{V}/tuningJobs/7", Call(VERTEX, "tunings", "get", f"{V[9:]}/tuningJobs/7")),
        ("POST", f"{V}/tuningJobs/7:cancel", Call(VERTEX, "tunings", "cancel", f"{V[9:]}/tuningJobs/7")),
        ("POST", "/v1/tunedModels/t:cancel", Call(Client("", "v1", None, None), "tunings", "cancel", "tunedModels/t")),
        (
            "GET",
            "/v1beta/models/veo-3/operations/o-1",
            Call(GEMINI, "operations", "get", "models/veo-3/operations/o-1"),
        ),
        (
            "GET",
            "/team/a/v1beta/batches/b",
            Call(Client("/team/a", "v1beta", None, None), "batches", "get", "batches/b"),
        ),
    ],
)
def test_request_has_its_call(verb, target, call):
    assert call_for(Ask(verb, target)) == call


def test_video_of_vertex_is_named_by_the_body():
    target = f"{V}/publishers/google/models/veo-3:fetchPredictOperation"
    body = f'{{"operationName": "{VIDEO}"}}'.encode()
    assert call_for(Ask("POST", target, body)) == Call(VERTEX, "operations", "get", VIDEO)
    for other in (b"", b"[]", b'{"operationName": 1}', b"{}", b"\xff"):
        assert call_for(Ask("POST", target, other)) is None


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        ("GET", "/v1beta/batches"),
        ("GET", "/v1beta/batches?pageSize=100"),
        ("GET", "/v1beta/batches/b?alt=json"),
        ("DELETE", "/v1beta/batches/b"),
        ("GET", "/v1beta/batches/b:cancel"),
        ("GET", "/v1beta/files/f:download?alt=media"),
        ("POST", "/v1beta/interactionsHttp/i/cancel"),
        ("POST", f"{V}/operations/o:cancel"),
        ("GET", f"{V}/batches/b"),
        ("GET", "/v1beta1/batchPredictionJobs/1"),
        ("GET", "/batches/b"),
        ("GET", ""),
    ],
)
def test_other_requests_have_none(verb, target):
    assert call_for(Ask(verb, target)) is None


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text(max_size=80), st.binary(max_size=40))
def test_it_never_raises(verb, target, body):
    assert call_for(Ask(verb, f"/v1/{target}", body)) is None or target

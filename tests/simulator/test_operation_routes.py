"""What is asked of operations, told from the path."""

import json
from typing import Any

import pytest

from sidecar.simulator.operation_routes import Verb, asking_of
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect

P = "/v1beta1/projects/p/locations/l"
VEO = "models/veo-3.1-generate-preview"


def request(method: str, path: str, body: Any = None, **headers: str) -> Request:
    held = json.dumps(body).encode()
    return Request(
        method, path, {}, {name.replace("_", "-"): said for name, said in headers.items()}, "", len(held), held, 0
    )


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", "/v1beta/models/m:batchGenerateContent", ("batches", "create", "gemini", "")),
        ("GET", "/v1/batches/b1", ("batches", "poll", "gemini", "b1")),
        ("POST", "/v1/batches/b1:cancel", ("batches", "cancel", "gemini", "b1")),
        ("GET", "/v1/files/batch-b1:download", ("batches", "results", "gemini", "b1")),
        ("GET", "/download/v1/files/batch-b1:download", ("batches", "results", "gemini", "b1")),
        ("POST", f"{P}/batchPredictionJobs", ("batchPredictionJobs", "create", "vertex", "")),
        ("GET", f"{P}/batchPredictionJobs", ("batchPredictionJobs", "list", "vertex", "")),
        ("GET", f"{P}/batchPredictionJobs/12", ("batchPredictionJobs", "poll", "vertex", "12")),
        ("POST", f"{P}/batchPredictionJobs/12:cancel", ("batchPredictionJobs", "cancel", "vertex", "12")),
        ("POST", f"{P}/tuningJobs/12:cancel", ("tuningJobs", "cancel", "vertex", "12")),
        ("POST", f"/v1/{VEO}:predictLongRunning", ("videos", "create", "gemini", "")),
        ("GET", f"/v1/{VEO}/operations/o1", ("videos", "poll", "gemini", "o1")),
        ("POST", f"/v1/{VEO}/operations/o1:cancel", ("videos", "cancel", "gemini", "o1")),
        ("POST", f"{P}/publishers/google/{VEO}:predictLongRunning", ("vertexVideos", "create", "vertex", "")),
        ("POST", f"{P}/publishers/google/{VEO}/operations/o1:cancel", ("vertexVideos", "cancel", "vertex", "o1")),
        ("GET", f"{P}/interactions/i1", ("interactions", "poll", "vertex", "i1")),
        ("POST", "/v1/interactions/i1/cancel", ("interactions", "cancel", "gemini", "i1")),
        ("POST", f"{P}/interactions/i1:cancel", ("interactions", "cancel", "vertex", "i1")),
        ("GET", "/openai/responses/resp_1", ("responses", "poll", "openai", "resp_1")),
        ("POST", "/v1/responses/resp_1/cancel", ("responses", "cancel", "openai", "resp_1")),
        ("POST", "/v1/batches", ("openaiBatches", "create", "openai", "")),
        ("GET", "/v1/batches/batch_1", ("openaiBatches", "poll", "openai", "batch_1")),
        ("POST", "/v1/batches/batch_1/cancel", ("openaiBatches", "cancel", "openai", "batch_1")),
        ("GET", "/v1/files/file-batch_1-output/content", ("openaiBatches", "results", "openai", "batch_1")),
        ("GET", "/v1/fine_tuning/jobs", ("fineTunings", "list", "openai", "")),
        ("POST", "/v1/fine_tuning/jobs/ftjob-1/cancel", ("fineTunings", "cancel", "openai", "ftjob-1")),
        ("POST", "/v1/messages/batches", ("messageBatches", "create", "anthropic", "")),
        ("GET", "/v1/messages/batches/m1", ("messageBatches", "poll", "anthropic", "m1")),
        ("GET", "/v1/messages/batches/m1/results", ("messageBatches", "results", "anthropic", "m1")),
        ("POST", "/v1/models/a/b/predictions", ("predictions", "create", "replicate", "")),
        ("POST", "/v1/predictions", ("predictions", "create", "replicate", "")),
        ("POST", "/v1/predictions/p1/cancel", ("predictions", "cancel", "replicate", "p1")),
        ("POST", "/v2/e/run", ("endpointJobs", "create", "runpod", "")),
        ("GET", "/v2/e/status/j1", ("endpointJobs", "poll", "runpod", "j1")),
        ("POST", "/v2/e/cancel/j1", ("endpointJobs", "cancel", "runpod", "j1")),
    ],
)
def test_a_path_of_operations(method: str, path: str, asked: tuple[str, str, str, str]):
    asking = asking_of(request(method, path))
    assert asking is not None
    assert (asking.family.name, asking.verb, asking.dialect, asking.id) == asked


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1beta/models/m:generateContent"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/messages"),
        ("POST", f"{P}/publishers/google/models/m:predict"),
        ("GET", "/v1/models"),
        ("GET", "/simulator/operations"),
        ("DELETE", "/v1/batches/b1"),
        ("POST", "/v1beta/models/m:batchEmbedContents"),
    ],
)
def test_any_other_path(method: str, path: str):
    assert asking_of(request(method, path)) is None


@pytest.mark.parametrize("path", ["/v1/interactions", "/v1/responses"])
@pytest.mark.parametrize(
    ("body", "opens"), [({"background": True}, True), ({"background": False}, False), ({}, False), (7, False)]
)
def test_what_could_be_a_call__is_an_operation_in_the_background(path: str, body: Any, opens: bool):
    assert (asking_of(request("POST", path, body)) is not None) == opens


def test_a_video_on_vertex__is_named_in_the_body():
    path = f"{P}/publishers/google/{VEO}:fetchPredictOperation"
    asking = asking_of(request("POST", path, {"operationName": f"projects/p/{VEO}/operations/o1"}))
    assert asking is not None
    assert (asking.verb, asking.id, asking.dialect) == (Verb.POLL, "o1", Dialect.VERTEX)
    other = asking_of(request("POST", path, 7))
    assert other is not None
    assert other.id == ""


@pytest.mark.parametrize(("header", "family"), [("x_goog_api_key", "batches"), ("authorization", "openaiBatches")])
def test_two_houses_list_batches_at_one_path__the_credential_tells(header: str, family: str):
    asking = asking_of(request("GET", "/v1/batches", **{header: "k"}))
    assert asking is not None
    assert asking.family.name == family


def test_a_create__carries_the_model_of_its_path():
    asking = asking_of(request("POST", "/v1/models/gemini-2.5-pro:batchGenerateContent"))
    assert asking is not None
    assert (asking.route.model, asking.route.method) == ("gemini-2.5-pro", "batchGenerateContent")

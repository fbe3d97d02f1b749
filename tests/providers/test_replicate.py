import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported, RequestHead, Role, Route
from sidecar.providers.replicate import REPLICATE
from tests.bodies.cutting import in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

ROUTED = [
    # verb, path, method, role, model: providers-wire 3, replicate.*
    ("POST", "/v1/models/meta/llama-3/predictions", "predictions", Role.SUBMIT, "meta/llama-3"),
    ("POST", "/v1/deployments/me/mine/predictions", "predictions", Role.SUBMIT, "me/mine"),
    ("POST", "/v1/predictions", "predictions", Role.SUBMIT, ""),
    ("GET", "/v1/predictions", "predictions.list", Role.FREE, ""),
    ("GET", "/v1/predictions/p1", "predictions.get", Role.POLL, ""),
    ("POST", "/v1/predictions/p1/cancel", "predictions.cancel", Role.CANCEL, ""),
    ("POST", "/v1/models/o/m/versions/v1/trainings", "trainings", Role.SUBMIT, "o/m"),
    ("GET", "/v1/trainings", "trainings.list", Role.FREE, ""),
    ("GET", "/v1/trainings/t1", "trainings.get", Role.POLL, ""),
    ("POST", "/v1/trainings/t1/cancel", "trainings.cancel", Role.CANCEL, ""),
    ("POST", "/v1/files", "files", Role.FREE, ""),
    ("GET", "/v1/models/meta/llama-3", "lists", Role.FREE, ""),
    ("GET", "/v1/account", "lists", Role.FREE, ""),
]
PREDICTION: Json = {
    # replicate.com/docs/topics/predictions
    "id": "gm3q", "model": "replicate/hello-world", "version": "5c7d", "input": {"text": "Alice"}, "logs": "",
    "output": "hello Alice", "error": None, "status": "succeeded", "created_at": "2023-09-08T16:19:34.765994Z",
    "metrics": {"predict_time": 0.012683, "total_time": 0.025366}, "urls": {"cancel": "https://c", "get": "https://g"},
}  # fmt: skip
USED = Reported(Usage(compute_milliseconds=13), "replicate/hello-world")


def route(verb: str, path: str) -> Route:
    found = REPLICATE.route(verb, path)
    assert found is not None
    return found


def reader(verb: str = "POST", path: str = "/v1/predictions", coding: str = "") -> ReplyReader:
    return route(verb, path).open_reply(ReplyHead(201, "application/json", coding), NO_FACTS)


@pytest.mark.parametrize(("verb", "path", "method", "role", "model"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role, model):
    found = route(verb, path)
    assert (found.method, found.role, found.model, found.kind) == (method, role, model, CallKind.UNARY)


@pytest.mark.parametrize(
    ("verb", "path"),
    [("DELETE", "/v1/models/o/m"), ("POST", "/v1/predictions/p1"), ("PUT", "/v1/predictions"), ("GET", "/")],
)
def test_everything_else_passes(verb, path):
    assert REPLICATE.route(verb, path) is None


@pytest.mark.parametrize(("verb", "path"), [(row[0], row[1]) for row in ROUTED if row[3] not in (Role.FREE,)])
def test_every_reply_about_a_prediction_tells_its_time(verb, path):
    assert read(reader(verb, path), whole(PREDICTION)) == USED


def test_a_reply_is_read_the_same_at_every_cut():
    body = whole(PREDICTION)
    assert all(read(reader(), *pieces) == USED for pieces in in_two(body))
    assert all(read(reader(coding="gzip"), *pieces) == USED for pieces in in_two(zipped(body)))


@pytest.mark.parametrize("status", ["starting", "processing", None, 7])
def test_a_prediction_that_runs_has_used_nothing_yet(status):
    assert read(reader(), whole(PREDICTION | {"status": status})) is None


@pytest.mark.parametrize("status", ["succeeded", "failed", "canceled", "aborted"])
def test_a_prediction_that_has_ended_tells_its_time(status):
    assert read(reader(), whole(PREDICTION | {"status": status})) == USED


def test_a_model_that_counts_tokens_is_not_billed_by_time():
    metrics = {"input_token_count": 20, "output_token_count": 50, "predict_time": 1.5, "tokens_per_second": 33.3}
    got = read(reader(), whole(PREDICTION | {"model": "meta/llama-3", "metrics": metrics}))
    assert got == Reported(Usage(input=20, output=50), "meta/llama-3")


@pytest.mark.parametrize("metrics", [{}, None, {"total_time": 0.5}, {"predict_time": 0}, {"predict_time": None}])
def test_no_metrics_are_no_usage(metrics):
    assert read(reader(), whole(PREDICTION | {"metrics": metrics})) is None


@pytest.mark.parametrize("seconds", [-1, "soon", [], True, 1e300])
def test_a_time_that_is_none_is_a_lower_bound(seconds):
    got = read(reader(), whole(PREDICTION | {"metrics": {"predict_time": seconds}}))
    assert got == Reported(Usage(), "replicate/hello-world", basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"status": "succeeded"', b"\xff"])
def test_what_is_no_prediction_reports_nothing(body):
    assert read(reader(), body) is None


@pytest.mark.parametrize(
    ("version", "model"),
    [("meta/llama-3:5c7d", "meta/llama-3"), ("5c7d", "5c7d"), (None, ""), (7, ""), ("x" * 200, "")],
)
def test_a_request_names_the_version(version, model):
    opening = route("POST", "/v1/predictions").open_request
    assert opening is not None
    request = opening(RequestHead())
    request.feed(json.dumps({"version": version, "input": {"prompt": "x"}}).encode())
    request.finish()
    assert request.facts().model == model


def test_a_prediction_runs_on():
    assert REPLICATE.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
    assert REPLICATE.hosts == ("api.replicate.com",)
    assert json.loads(REPLICATE.error_body(502, "it broke"))["detail"] == "it broke"
    assert read(reader("GET", "/v1/account"), JSON.content_type.encode()) is None

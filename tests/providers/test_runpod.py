import json
from decimal import Decimal

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported, Role, Route
from sidecar.providers.runpod import RUNPOD
from tests.bodies.cutting import in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

ROUTED = [
    # verb, path, method, role, model: providers-wire 3 and 5, runpod.*
    ("POST", "/v2/ep1/run", "run", Role.SUBMIT, "ep1"),
    ("POST", "/v2/ep1/runsync?wait=90000", "runsync", Role.CALL, "ep1"),
    ("GET", "/v2/ep1/status/j1", "status", Role.POLL, "ep1"),
    ("POST", "/v2/ep1/status/j1", "status", Role.POLL, "ep1"),
    ("GET", "/v2/ep1/stream/j1", "stream", Role.POLL, "ep1"),
    ("POST", "/v2/ep1/cancel/j1", "cancel", Role.CANCEL, "ep1"),
    ("POST", "/v2/ep1/retry/j1", "retry", Role.SUBMIT, "ep1"),
    ("POST", "/v2/ep1/batch", "batch", Role.SUBMIT, "ep1"),
    ("GET", "/v2/ep1/batch/b1", "batch.get", Role.POLL, "ep1"),
    ("GET", "/v2/ep1/batch/b1/requests", "batch.get", Role.POLL, "ep1"),
    ("POST", "/v2/ep1/batch/b1/finalize", "batch.edit", Role.FREE, ""),
    ("POST", "/v2/ep1/batch/b1/cancel", "batch.cancel", Role.CANCEL, "ep1"),
    ("GET", "/v2/ep1/health", "health", Role.FREE, ""),
    ("POST", "/v2/ep1/purge-queue", "purge", Role.FREE, ""),
    ("POST", "/v2/ep1/openai/v1/chat/completions", "chat.completions", Role.CALL, ""),
    ("POST", "/v2/ep1/openai/v1/embeddings", "embeddings", Role.CALL, ""),
    ("GET", "/v2/ep1/openai/v1/models", "models", Role.FREE, ""),
]
JOB: Json = {
    # docs.runpod.io, operation reference
    "delayTime": 824, "executionTime": 3391, "id": "sync-79164ff4", "output": [{"image": "A" * 4000}], "status": "COMPLETED",
}  # fmt: skip
USED = Reported(Usage(compute_milliseconds=3391), basis=Basis.AT_LEAST, reason="worker_time_unknown")


def route(verb: str, path: str) -> Route:
    found = RUNPOD.route(verb, path)
    assert found is not None
    return found


def reader(verb: str = "POST", path: str = "/v2/ep1/runsync", head: ReplyHead = JSON) -> ReplyReader:
    return route(verb, path).open_reply(head, NO_FACTS)


@pytest.mark.parametrize(("verb", "path", "method", "role", "model"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role, model):
    found = route(verb, path)
    assert (found.method, found.role, found.model) == (method, role, model)


@pytest.mark.parametrize(("verb", "path"), [("GET", "/v2/ep1/run"), ("POST", "/v2/ep1"), ("POST", "/v1/ep1/run")])
def test_everything_else_passes(verb, path):
    assert RUNPOD.route(verb, path) is None


@pytest.mark.parametrize(("verb", "path"), [("POST", "/v2/ep1/runsync"), ("GET", "/v2/ep1/status/j1")])
def test_a_job_tells_its_time_which_is_a_part_of_the_workers(verb, path):
    body = whole(JOB)
    assert all(read(reader(verb, path), *pieces) == USED for pieces in in_two(body))
    zipped_head = ReplyHead(200, "application/json", "gzip")
    assert read(reader(verb, path, zipped_head), zipped(body)) == USED


def test_a_public_endpoint_tells_its_cost():
    got = read(reader(), whole(JOB | {"output": {"image_url": "https://i", "cost": 0.024}}))
    assert got == Reported(Usage(compute_milliseconds=3391), cost_usd=Decimal("0.024"))
    free = read(reader(), whole(JOB | {"output": {"cost": 0}}))
    assert free == Reported(Usage(compute_milliseconds=3391), cost_usd=Decimal(0))


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_job_that_waits_has_used_nothing_yet(status):
    assert read(reader(), whole({"id": "j1", "status": status, "delayTime": 4000})) is None


@pytest.mark.parametrize(
    "output",
    [None, "text", 7, [], ["a"], {}, {"cost": None}, {"tokens": ["cost"]}, "x" * 1000, {"deep": [[[[[[1]]]]]]}],
)
def test_other_endpoints_outputs_are_their_own_affair(output):
    assert read(reader(), whole(JOB | {"output": output})) == USED


@pytest.mark.parametrize(
    ("changed", "usage"),
    [
        ({"executionTime": "soon"}, Usage()),
        ({"executionTime": -4}, Usage()),
        ({"executionTime": 3391.5}, Usage(compute_milliseconds=3391)),
        ({"output": {"cost": "much"}}, Usage(compute_milliseconds=3391)),
        ({"output": {"cost": -1}}, Usage(compute_milliseconds=3391)),
        ({"output": {"cost": 1e12}}, Usage(compute_milliseconds=3391)),
    ],
)
def test_odd_values_are_a_lower_bound(changed, usage):
    assert read(reader(), whole(JOB | changed)) == Reported(usage, basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"executionTime": 33', b"{}", b"\xff"])
def test_what_is_no_job_reports_nothing(body):
    assert read(reader(), body) is None


def test_a_worker_with_vllm_answers_in_openais_dialect():
    used = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    got = read(reader(path="/v2/ep1/openai/v1/chat/completions"), whole({"model": "m", "choices": [], "usage": used}))
    assert got == Reported(Usage(input=9, output=3), "m")


def test_a_job_runs_on_and_of_a_stream_nobody_knows():
    assert RUNPOD.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
    assert RUNPOD.on_close.of(CallKind.STREAM) is OnClose.UNKNOWN
    assert RUNPOD.hosts == ("api.runpod.ai",)
    assert json.loads(RUNPOD.error_body(502, "it broke")) == {"error": "it broke"}

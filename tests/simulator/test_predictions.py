"""Replicate's predictions and RunPod's jobs, by their documented requests: no SDK of theirs is installed here."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import Answer, ask
from tests.simulator.operation_clients import billed, seen


def asked(simulator: RunningSimulator, path: str, tag: str = "", script: str = "", method: str = "POST") -> Answer:
    return ask(simulator, path, b'{"input":{}}' if method == "POST" else None, tag=tag, script=script, method=method)


def test_replicate__cancelled_pays_for_its_time(simulator: RunningSimulator):
    script = "seconds=10 think=4 chunks=3"
    begun = asked(simulator, "/v1/models/black-forest-labs/flux-dev-lora/predictions", "prediction", script)
    assert (begun.status, begun.content["status"]) == (201, "starting")
    path = f"/v1/predictions/{begun.content['id']}"
    assert begun.content["urls"]["cancel"] == f"{simulator.url}{path}/cancel"
    assert asked(simulator, f"{path}/cancel").content["status"] == "canceled"
    assert asked(simulator, path, method="GET").content["metrics"] == {"predict_time": 0}
    assert billed(simulator, "prediction") == ("predictions", "background", "cancelled", Decimal(0))


def test_replicate__prefer_wait_answers_with_the_end(simulator: RunningSimulator):
    headers = {"Prefer": "wait"}
    done = ask(simulator, "/v1/predictions", b"{}", tag="waited", script="seconds=0.2", headers=headers)
    assert (done.content["status"], done.content["metrics"]) == ("succeeded", {"predict_time": 0.2})
    assert billed(simulator, "waited") == ("predictions", "background", "completed", Decimal("0.000305"))


def test_runpod__run_status_cancel(simulator: RunningSimulator):
    begun = asked(simulator, "/v2/my-endpoint/run", "job", "seconds=2 chunks=2 hold=1 think=1")
    name = begun.content["id"]
    assert begun.content == {"id": name, "status": "IN_QUEUE"}
    assert asked(simulator, f"/v2/my-endpoint/cancel/{name}").content == {"id": name, "status": "CANCELLED"}
    told = asked(simulator, f"/v2/my-endpoint/status/{name}", method="GET").content
    assert (told["status"], told["executionTime"]) == ("CANCELLED", 0)
    assert seen(simulator, "job").finished_how == "cancelled"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v1/predictions/nothing", {"title": "Not Found", "detail": "'nothing' was not found.", "status": 404}),
        ("/v2/my-endpoint/status/nothing", {"error": "'nothing' was not found."}),
    ],
)
def test_what_is_not_known__404_in_the_dialects_shape(simulator: RunningSimulator, path: str, error: Any):
    answer = asked(simulator, path, method="GET")
    assert (answer.status, answer.content) == (404, error)

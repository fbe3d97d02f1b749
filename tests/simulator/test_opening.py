"""From a create request to an undertaking."""

import json
from typing import Any

import pytest

from sidecar.simulator.background import RESPONSES
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.openai_jobs import FINE_TUNINGS, OPENAI_BATCHES
from sidecar.simulator.opening import body_of, held_of
from sidecar.simulator.operation_routes import asking_of
from sidecar.simulator.request import Request
from sidecar.simulator.settings import Settings
from sidecar.simulator.undertaking import Undertaking
from sidecar.simulator.vertex_jobs import VERTEX_BATCHES

BATCH = {"input_file_id": "f", "endpoint": "/v1/chat/completions"}


def request(path: str, body: Any, script: str = "") -> Request:
    held = json.dumps(body).encode()
    return Request("POST", path, {}, {"x-simulator": script}, "00", len(held), held, 0)


def undertaken(family: Family, path: str, body: Any, script: str = "") -> Undertaking:
    create = request(path, body, script)
    asking = asking_of(create)
    assert asking is not None
    assert asking.family is family
    return family.plan(asking.route, create, Settings())


def test_rows_of_a_file__as_many_as_scripted_all_alike():
    work = undertaken(OPENAI_BATCHES, "/v1/batches", BATCH, "rows=3 prompt=10 output=5 failed_rows=1 model=gpt-5-mini")
    assert [row.name for row in work.rows] == ["request-1", "request-2", "request-3"]
    assert [row.fails for row in work.rows] == [True, False, False]
    assert {row.plan.used.prompt_tokens for row in work.rows} == {10}
    assert (work.plan.steps, work.plan.model.name) == (3, "gpt-5-mini")


def test_without_a_scripted_time__rows_are_written_one_after_the_other():
    work = undertaken(OPENAI_BATCHES, "/v1/batches", BATCH, "rows=4 output=125")
    assert work.plan.seconds == 2.0  # 500 tokens, 250 a second


@pytest.mark.parametrize(
    "model", ["gemini-2.5-flash", "publishers/google/models/gemini-2.5-flash", "models/gemini-2.5-flash"]
)
def test_a_model_named_by_its_path__is_that_model(model: str):
    path = "/v1/projects/p/locations/l/batchPredictionJobs"
    assert undertaken(VERTEX_BATCHES, path, {"model": model}).plan.model.name == "gemini-2.5-flash"


def test_a_training__a_hundred_thousand_tokens_in_five_seconds():
    body = {"model": "gpt-4o-mini", "training_file": "f"}
    work = undertaken(FINE_TUNINGS, "/v1/fine_tuning/jobs", body)
    assert (work.plan.used.trained_tokens, work.plan.seconds) == (100_000, 5.0)


@pytest.mark.parametrize(
    ("script", "status"), [("status=503", 503), ("cancel=perhaps", 400), ("prompt=1 cached=2", 400)]
)
def test_what_cant_be_served__is_planned_to_be_declined(script: str, status: int):
    for family, path, body in (
        (OPENAI_BATCHES, "/v1/batches", BATCH),
        (RESPONSES, "/v1/responses", {"model": "gpt-5-mini", "input": "hi", "background": True}),
    ):
        declined = undertaken(family, path, body, script).plan.declined
        assert declined is not None
        assert declined.status == status


def test_a_body_that_is_no_object__400():
    with pytest.raises(Declined) as caught:
        body_of(request("/", []))
    assert caught.value.status == 400


def test_a_body_too_long_to_be_held__413():
    with pytest.raises(Declined) as caught:
        held_of(Request("POST", "/", {}, {}, "00", 9_999_999, None, 0))
    assert caught.value.status == 413

import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import NO_FACTS
from sidecar.providers.google_tuned_models import TUNED_MODELS_WIRE as TUNED
from sidecar.providers.names import mark_of
from sidecar.providers.operation import Observed, Place
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    HOSTILE,
    RUNNING,
    STOPPING,
    SUCCEEDED,
    lines,
    observed,
    progress,
    told,
)
from tests.providers.wire import JSON

NAME = "tunedModels/mine-7x"


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("STATE_UNSPECIFIED", RUNNING), ("CREATING", RUNNING), ("ACTIVE", SUCCEEDED), ("FAILED", FAILED),
        ("JOB_STATE_CANCELLED", CANCELLED), ("JOB_STATE_CANCELLING", STOPPING), ("DREAMING", RUNNING), (7, RUNNING),
    ],
)  # fmt: skip
def test_every_state_of_a_tuned_model(word, where):
    assert progress(TUNED, {"name": NAME, "state": word}) is where


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({}, RUNNING),
        ({"done": True, "response": {}}, SUCCEEDED),
        ({"done": True, "error": {"code": 1}}, CANCELLED),
        ({"done": True, "error": {"code": 3}}, FAILED),
    ],
)
def test_the_operation_that_makes_a_model_is_known_by_the_model(said, where):
    operation = f"{NAME}/operations/op-1"
    assert observed(TUNED, {"name": operation} | said) == Observed(where, NAME)
    assert observed(TUNED, {"name": "x", "metadata": {"tunedModel": NAME}} | said) == Observed(where, NAME)


def test_a_model_tells_what_it_is_called():
    model = {
        "name": NAME,
        "state": "CREATING",
        "displayName": "mine",
        "baseModel": "models/g",
        "createTime": "2023-11-14T22:13:20Z",
    }
    assert observed(TUNED, model) == Observed(
        RUNNING, NAME, "g", created_at=1_700_000_000_000_000, mark=mark_of("mine")
    )


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_model_says_nothing(body):
    assert told(TUNED.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))
    assert TUNED.found_in is not None
    assert TUNED.found_in(body) == ()


def test_it_is_asked_about_and_cancelled_as_the_sdk_does():
    assert lines(TUNED, Place("/v1beta/tunedModels", NAME)) == {
        "poll": "GET /v1beta/tunedModels/mine-7x",
        "cancel": "POST /v1beta/tunedModels/mine-7x:cancel",
        "find": "GET /v1beta/tunedModels?pageSize=100",
    }


def test_it_is_found_by_what_it_is_called():
    assert TUNED.found_in is not None
    found = TUNED.found_in(json.dumps({"tunedModels": [{"name": NAME, "displayName": "mine"}]}).encode())
    assert found == (Observed(RUNNING, NAME, mark=mark_of("mine")),)
    assert TUNED.kind == OperationKind.TUNING

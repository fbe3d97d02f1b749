"""Predictions and trainings at Replicate, which outlive the request that opened them."""

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts
from sidecar.providers.operation import Observed, Progress
from sidecar.providers.operation_documents import NOTHING_BILLED
from sidecar.providers.replicate import REPLICATE, WORDS
from tests.providers.families import asks_of_itself, family, routed, seen, stands
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, SUCCEEDED, facts_of
from tests.providers.wire import JSON, Json, read, whole

PREDICTIONS = family(REPLICATE, "/v1/predictions")
PREDICTION: Json = {
    "id": "gm3q", "model": "replicate/hello-world", "version": "5c7d", "input": {"text": "Alice"}, "logs": "",
    "output": "hello Alice", "error": None, "status": "succeeded", "created_at": "2023-09-08T16:19:34.765994Z",
    "started_at": "2023-09-08T16:19:34.779176Z", "completed_at": "2023-09-08T16:19:34.791859Z",
    "metrics": {"predict_time": 0.012683}, "urls": {"cancel": "https://api.replicate.com/v1/predictions/gm3q/cancel"},
}  # fmt: skip
USED = Reported(Usage(compute_milliseconds=13), "replicate/hello-world")


@pytest.mark.parametrize(
    "path", ["/v1/predictions", "/v1/models/meta/llama-3/predictions", "/v1/deployments/me/mine/predictions"]
)
def test_a_prediction_is_asked_about_in_one_place_wherever_it_was_opened(path: str) -> None:
    assert asks_of_itself(REPLICATE, path, "gm3q") == {
        "poll": "GET /v1/predictions/gm3q",
        "cancel": "POST /v1/predictions/gm3q/cancel",
    }
    assert family(REPLICATE, path).kind is OperationKind.BACKGROUND


def test_a_training_is_asked_about_among_trainings() -> None:
    path = "/v1/models/o/m/versions/v1/trainings"
    assert asks_of_itself(REPLICATE, path, "t1") == {
        "poll": "GET /v1/trainings/t1",
        "cancel": "POST /v1/trainings/t1/cancel",
    }
    assert family(REPLICATE, path).kind is OperationKind.TUNING


@pytest.mark.parametrize(
    ("word", "progress"),
    [
        ("starting", RUNNING), ("processing", RUNNING), ("succeeded", SUCCEEDED), ("failed", FAILED), ("canceled", CANCELLED),
        ("aborted", CANCELLED), ("pondering", RUNNING),
    ],
)  # fmt: skip
def test_every_word_means_what_replicate_says(word: str, progress: Progress) -> None:
    assert stands(PREDICTIONS, PREDICTION | {"status": word}) is progress
    assert len(WORDS) == 6


def test_an_answer_that_was_waited_for_is_the_end_already() -> None:
    assert seen(PREDICTIONS, PREDICTION) == Observed(
        SUCCEEDED, "gm3q", "replicate/hello-world", USED, 1_694_189_974_791_859, created_at=1_694_189_974_765_994
    )


def test_one_that_is_opened_says_what_it_is_called() -> None:
    opened = PREDICTION | {
        "status": "starting",
        "started_at": None,
        "completed_at": None,
        "metrics": {},
        "output": None,
    }
    assert seen(PREDICTIONS, opened) == Observed(
        RUNNING, "gm3q", "replicate/hello-world", created_at=1_694_189_974_765_994
    )


def test_a_canceled_prediction_is_billed_for_the_time_it_ran__and_not_at_all_before_it_began() -> None:
    assert seen(PREDICTIONS, PREDICTION | {"status": "canceled"}).reported == USED
    unbegun = PREDICTION | {"started_at": None, "metrics": {}}
    assert seen(PREDICTIONS, unbegun | {"status": "canceled"}).reported == NOTHING_BILLED
    assert seen(PREDICTIONS, unbegun | {"status": "aborted"}).reported == NOTHING_BILLED
    assert seen(PREDICTIONS, PREDICTION | {"status": "canceled", "metrics": {}}).reported is None


def test_a_prediction_with_a_webhook_is_meant_to_outlive_its_connection() -> None:
    opens = routed(REPLICATE, "/v1/models/meta/llama-3/predictions").open_request
    assert facts_of(opens, {"input": {}, "webhook": "https://example.com/told"}) == RequestFacts(has_webhook=True)
    assert facts_of(opens, {"input": {}, "webhook": ""}) == NO_FACTS
    assert facts_of(routed(REPLICATE, "/v1/predictions").open_request, {"version": "o/m:5c7d"}).model == "o/m"


@pytest.mark.parametrize("status", [[], {}, ["succeeded"], None, 7])
def test_a_state_that_is_no_word_is_no_end(status: object) -> None:
    assert seen(PREDICTIONS, PREDICTION | {"status": status}).progress is RUNNING
    reader = routed(REPLICATE, "/v1/predictions/p1", "GET").open_reply(JSON, NO_FACTS)
    assert read(reader, whole(PREDICTION | {"status": status})) is None

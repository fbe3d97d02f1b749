"""Jobs and batches of RunPod's serverless endpoints."""

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts
from sidecar.providers.operation import Observed, Progress
from sidecar.providers.runpod import BATCH_WORDS, RUNPOD, WORDS
from tests.providers.families import asks_of_itself, family, routed, seen, stands
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, SUCCEEDED, facts_of, observed

JOBS, BATCHES = family(RUNPOD, "/v2/ep1/run"), family(RUNPOD, "/v2/ep1/batch")


@pytest.mark.parametrize("path", ["/v2/ep1/run", "/v2/ep1/retry/j1"])
def test_a_job_is_asked_about_and_cancelled_at_its_endpoint(path: str) -> None:
    assert asks_of_itself(RUNPOD, path, "j1") == {"poll": "GET /v2/ep1/status/j1", "cancel": "POST /v2/ep1/cancel/j1"}
    assert family(RUNPOD, path).kind is OperationKind.BACKGROUND


@pytest.mark.parametrize(
    ("word", "progress"),
    [
        ("IN_QUEUE", RUNNING), ("IN_PROGRESS", RUNNING), ("RUNNING", RUNNING), ("COMPLETED", SUCCEEDED), ("FAILED", FAILED),
        ("TIMED_OUT", FAILED), ("CANCELLED", CANCELLED), ("PONDERING", RUNNING),
    ],
)  # fmt: skip
def test_every_word_means_what_runpod_says(word: str, progress: Progress) -> None:
    assert stands(JOBS, {"id": "j1", "status": word}) is progress
    assert len(WORDS) == 7


def test_an_ended_job_tells_the_time_it_ran__of_which_more_is_billed() -> None:
    job = {"id": "j1", "status": "COMPLETED", "delayTime": 100, "executionTime": 2500, "output": {"x": 1}}
    used = Reported(Usage(compute_milliseconds=2500), basis=Basis.AT_LEAST, reason="worker_time_unknown")
    assert seen(JOBS, job) == Observed(SUCCEEDED, "j1", reported=used)
    assert seen(JOBS, {"id": "j1", "status": "IN_QUEUE"}) == Observed(RUNNING, "j1")


def test_a_streams_reply_renews_and_says_no_end() -> None:
    streamed = routed(RUNPOD, "/v2/ep1/stream/j1", "GET")
    assert streamed.operation_id == "j1"
    assert streamed.operation is not None
    assert observed(streamed.operation, {"status": "COMPLETED", "stream": [{"output": "x"}]}) is None


def test_a_job_with_a_webhook_is_meant_to_outlive_its_connection() -> None:
    opens = routed(RUNPOD, "/v2/ep1/run").open_request
    assert facts_of(opens, {"input": {"model": "x"}, "webhook": "https://example.com"}) == RequestFacts(
        has_webhook=True
    )
    assert facts_of(opens, {"input": {}, "model": "x"}) == NO_FACTS


def test_a_batch_is_asked_about_below_its_endpoint() -> None:
    assert asks_of_itself(RUNPOD, "/v2/ep1/batch", "b1") == {
        "poll": "GET /v2/ep1/batch/b1",
        "cancel": "POST /v2/ep1/batch/b1/cancel",
    }
    assert BATCHES.kind is OperationKind.BATCH
    assert len(BATCH_WORDS) == 4


@pytest.mark.parametrize(
    ("word", "total", "completed", "failed", "progress"),
    [
        ("DRAFT", 0, 0, 0, RUNNING), ("FINALIZED", 5, 0, 0, RUNNING), ("FINALIZED", 5, 3, 1, RUNNING),
        ("FINALIZED", 5, 3, 2, SUCCEEDED), ("FINALIZED", 5, 0, 5, FAILED), ("FINALIZED", 0, 0, 0, RUNNING),
        ("FAILED", 5, 3, 0, FAILED), ("CANCELLED", 5, 5, 0, CANCELLED), ("PONDERING", 5, 5, 0, RUNNING),
    ],
)  # fmt: skip
def test_a_batch_has_come_to_its_end_when_its_counts_say_so(
    word: str, total: int, completed: int, failed: int, progress: Progress
) -> None:
    counts = {"requestTotal": total, "requestCompleted": completed, "requestFailed": failed}
    assert stands(BATCHES, {"id": "b1", "status": word} | counts) is progress


def test_a_batch_without_counts_runs() -> None:
    assert stands(BATCHES, {"id": "b1", "status": "FINALIZED"}) is RUNNING
    assert stands(BATCHES, {"id": "b1", "status": "FINALIZED", "requestTotal": "x", "requestFailed": None}) is RUNNING

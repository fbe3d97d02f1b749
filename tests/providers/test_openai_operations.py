"""Operations of OpenAI's language: documents and events of openai-python 3.54, and where they are asked about."""

import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.azure import AZURE
from sidecar.providers.contract import NO_FACTS, Reported, Route
from sidecar.providers.groq import GROQ
from sidecar.providers.openai import OPENAI
from sidecar.providers.openai_background import RESPONSE_WORDS
from sidecar.providers.openai_batches import BATCH_WORDS
from sidecar.providers.openai_operations import EVAL_WORDS, RUN_WORDS, TUNING_WORDS, VIDEO_WORDS, wires
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    RUNNING,
    STOPPING,
    SUCCEEDED,
    lines,
    observed,
    told,
)
from tests.providers.wire import SSE, Json


def route(path: str, verb: str = "POST") -> Route:
    found = OPENAI.route(verb, path)
    assert found is not None
    return found


def wire(path: str) -> OperationWire:
    operation = route(path).operation
    assert operation is not None
    return operation


RESPONSES, BATCHES, TUNING = wire("/v1/responses"), wire("/v1/batches"), wire("/v1/fine_tuning/jobs")
EVALS, RUNS, VIDEOS = wire("/v1/evals/e1/runs"), wire("/v1/threads/t1/runs"), wire("/v1/videos")


# === where they are asked about ===

ASKED = [
    ("/v1/responses", "resp_1", "GET /v1/responses/resp_1", "POST /v1/responses/resp_1/cancel", None),
    (
        "/v1/batches", "batch_1", "GET /v1/batches/batch_1", "POST /v1/batches/batch_1/cancel",
        "GET /v1/batches?limit=100",
    ),
    (
        "/v1/fine_tuning/jobs", "ftjob-1", "GET /v1/fine_tuning/jobs/ftjob-1", "POST /v1/fine_tuning/jobs/ftjob-1/cancel",
        "GET /v1/fine_tuning/jobs?limit=100",
    ),
    (
        "/v1/evals/e1/runs", "evalrun_1", "GET /v1/evals/e1/runs/evalrun_1", "POST /v1/evals/e1/runs/evalrun_1/cancel",
        "GET /v1/evals/e1/runs?limit=100",
    ),
    (
        "/v1/threads/t1/runs", "threads/t1/runs/run_1", "GET /v1/threads/t1/runs/run_1",
        "POST /v1/threads/t1/runs/run_1/cancel", None,
    ),
    (
        "/v1/threads/runs", "threads/t9/runs/run_1", "GET /v1/threads/t9/runs/run_1",
        "POST /v1/threads/t9/runs/run_1/cancel", None,
    ),
    ("/v1/videos", "video_1", "GET /v1/videos/video_1", None, None),
    ("/v1/videos/edits", "video_1", "GET /v1/videos/video_1", None, None),
    ("/v1/videos/video_0/remix", "video_1", "GET /v1/videos/video_1", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "poll", "cancel", "find"), ASKED)
def test_an_operation_is_asked_about_and_cancelled_where_the_provider_documents_it(
    path: str, name: str, poll: str, cancel: str | None, find: str | None
) -> None:
    expected = {"poll": poll, "cancel": cancel, "find": find}
    assert lines(wire(path), Place(path, name)) == {what: line for what, line in expected.items() if line}


@pytest.mark.parametrize(("path", "name", "poll", "cancel", "find"), ASKED)
def test_what_we_ask_is_a_request_about_that_very_operation(
    path: str, name: str, poll: str, cancel: str | None, find: str | None
) -> None:
    for ours in filter(None, (poll, cancel)):
        verb, _, target = ours.partition(" ")
        asked = route(target, verb)
        assert asked.operation is wire(path)
        assert asked.operation_id == name.rpartition("/")[2]


@pytest.mark.parametrize(
    ("path", "cancel"),
    [
        ("/openai/responses?api-version=2025-04-01", "/openai/responses/resp_1/cancel?api-version=2025-04-01"),
        ("/openai/batches?api-version=2024-10-21", "/openai/batches/resp_1/cancel?api-version=2024-10-21"),
        ("/openai/v1/batches", "/openai/v1/batches/resp_1/cancel"),
        (
            "/openai/fine_tuning/jobs?api-version=2024-10-21",
            "/openai/fine_tuning/jobs/resp_1/cancel?api-version=2024-10-21",
        ),
    ],
)
def test_azures_paths_and_version_are_kept(path: str, cancel: str) -> None:
    found = AZURE.route("POST", path)
    assert found is not None
    assert found.operation is not None
    assert found.operation.cancel is not None
    assert found.operation.cancel(Place(path, "resp_1")) == Ask("POST", cancel)


def test_groqs_batches_are_asked_about_below_its_own_base() -> None:
    found = GROQ.route("POST", "/openai/v1/batches")
    assert found is not None
    assert found.operation is not None
    assert lines(found.operation, Place("/openai/v1/batches", "b1"))["cancel"] == "POST /openai/v1/batches/b1/cancel"


# === states ===

STATES = [
    (RESPONSES, "queued", RUNNING), (RESPONSES, "in_progress", RUNNING), (RESPONSES, "completed", SUCCEEDED),
    (RESPONSES, "incomplete", SUCCEEDED), (RESPONSES, "failed", FAILED), (RESPONSES, "cancelled", CANCELLED),
    (BATCHES, "validating", RUNNING), (BATCHES, "in_progress", RUNNING), (BATCHES, "finalizing", RUNNING),
    (BATCHES, "cancelling", STOPPING), (BATCHES, "completed", SUCCEEDED), (BATCHES, "failed", FAILED),
    (BATCHES, "expired", FAILED), (BATCHES, "cancelled", CANCELLED),
    (TUNING, "validating_files", RUNNING), (TUNING, "queued", RUNNING), (TUNING, "running", RUNNING),
    (TUNING, "paused", RUNNING), (TUNING, "succeeded", SUCCEEDED), (TUNING, "failed", FAILED), (TUNING, "cancelled", CANCELLED),
    (EVALS, "queued", RUNNING), (EVALS, "in_progress", RUNNING), (EVALS, "completed", SUCCEEDED), (EVALS, "failed", FAILED),
    (EVALS, "canceled", CANCELLED),
    (RUNS, "queued", RUNNING), (RUNS, "in_progress", RUNNING), (RUNS, "requires_action", RUNNING), (RUNS, "cancelling", STOPPING),
    (RUNS, "completed", SUCCEEDED), (RUNS, "incomplete", SUCCEEDED), (RUNS, "failed", FAILED), (RUNS, "expired", FAILED),
    (RUNS, "cancelled", CANCELLED),
    (VIDEOS, "queued", RUNNING), (VIDEOS, "in_progress", RUNNING), (VIDEOS, "completed", SUCCEEDED), (VIDEOS, "failed", FAILED),
    (VIDEOS, "pending", RUNNING), (VIDEOS, "expired", FAILED), (VIDEOS, "cancelled", CANCELLED),
]  # fmt: skip


@pytest.mark.parametrize(("family", "word", "progress"), STATES)
def test_every_word_of_a_state_means_what_the_provider_says(
    family: OperationWire, word: str, progress: Progress
) -> None:
    found = observed(family, {"id": "o_1", "object": "thread.run", "thread_id": "t1", "status": word})
    assert found is not None
    assert found.progress is progress
    assert found.provider_id.endswith("o_1")


@pytest.mark.parametrize("family", [RESPONSES, BATCHES, TUNING, EVALS, RUNS, VIDEOS])
def test_any_other_word_means_that_it_runs(family: OperationWire) -> None:
    found = observed(family, {"id": "o_1", "object": "thread.run", "thread_id": "t1", "status": "pondering"})
    assert found is not None
    assert found.progress is RUNNING


def test_every_word_of_the_tables_is_tested() -> None:
    tables = (RESPONSE_WORDS, BATCH_WORDS, TUNING_WORDS, EVAL_WORDS, RUN_WORDS, VIDEO_WORDS)
    assert len(STATES) == sum(len(table) for table in tables)


# === fine-tuning, evals, runs, videos ===


def test_tokens_that_were_trained_on_are_units__never_tokens_of_a_call() -> None:
    job = {
        "id": "ftjob-1",
        "status": "succeeded",
        "model": "gpt-4.1-mini",
        "trained_tokens": 5768,
        "finished_at": 1_700_000_009,
    }
    found = observed(TUNING, job)
    assert found is not None
    assert found.reported == Reported(Usage(units=5768))
    assert found.ended_at == 1_700_000_009_000_000
    untold = observed(TUNING, job | {"trained_tokens": None})
    assert untold is not None
    assert untold.reported is None
    assert TUNING.kind is OperationKind.TUNING


def test_pausing_a_training_is_no_cancel_of_it() -> None:
    assert route("/v1/fine_tuning/jobs/ftjob-1/pause").operation is None


def test_a_run_of_an_eval_used_what_its_models_used_together() -> None:
    used = {"model_name": "m1", "invocation_count": 2, "prompt_tokens": 9, "cached_tokens": 4, "completion_tokens": 3}
    found = observed(EVALS, {"id": "r1", "status": "completed", "model": "m1", "per_model_usage": [used]})
    assert found is not None
    assert found.reported == Reported(Usage(input=5, cached_input=4, output=3), "m1")
    several = observed(
        EVALS, {"id": "r1", "status": "completed", "per_model_usage": [used, used | {"model_name": "m2"}]}
    )
    assert several is not None
    assert several.reported == Reported(
        Usage(input=10, cached_input=8, output=6), "", basis=Basis.ESTIMATED, reason="several_models"
    )


RUN: Json = {
    "id": "run_1", "object": "thread.run", "thread_id": "t1", "status": "completed", "model": "gpt-4o", "created_at": 1,
    "completed_at": 2, "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
}  # fmt: skip


def test_a_run_is_named_with_its_thread() -> None:
    assert observed(RUNS, RUN) == Observed(
        SUCCEEDED, "threads/t1/runs/run_1", "gpt-4o", Reported(Usage(input=7, output=2), "gpt-4o"), 2_000_000,
        created_at=1_000_000,
    )  # fmt: skip


def test_a_stream_of_a_run_is_told_by_its_runs__not_by_its_steps() -> None:
    step = RUN | {"id": "step_1", "object": "thread.run.step", "status": "failed"}
    body = b"".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        for name, data in (("thread.run.created", RUN | {"status": "queued"}), ("thread.run.step.failed", step))
    )
    found = told(RUNS.open_reply(SSE, NO_FACTS), body)
    assert found is not None
    assert (found.progress, found.provider_id) == (RUNNING, "threads/t1/runs/run_1")


def test_a_video_is_billed_by_its_seconds_and_size_once_it_is_made() -> None:
    video = {
        "id": "video_1",
        "object": "video",
        "model": "sora-2",
        "status": "completed",
        "seconds": "8",
        "size": "1280x720",
    }
    found = observed(VIDEOS, video)
    assert found is not None
    assert found.reported == Reported(Usage(video_seconds=8, variant="1280x720"))
    for word in ("in_progress", "failed"):
        unmade = observed(VIDEOS, video | {"status": word})
        assert unmade is not None
        assert unmade.reported is None


def test_every_family_has_its_name() -> None:
    assert set(wires()) == {"responses", "batches", "fine_tuning.jobs", "evals.runs", "threads.runs", "videos"}

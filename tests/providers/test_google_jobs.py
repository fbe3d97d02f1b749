import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.google_jobs import PREDICTIONS_WIRE as PREDICTIONS, TUNING_WIRE as TUNING
from sidecar.providers.names import mark_of
from sidecar.providers.operation import Observed, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.bodies.cutting import in_two
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
from tests.providers.wire import JSON, Json

PROJECT = "/v1beta1/projects/p1/locations/us-central1"
NAME = "projects/77/locations/us-central1/batchPredictionJobs/12"
JOB: Json = {
    "name": NAME, "displayName": "nightly", "model": "publishers/google/models/gemini-3-flash", "state": "JOB_STATE_RUNNING",
    "createTime": "2023-11-14T22:13:20Z", "endTime": "2023-11-14T22:14:20Z", "completionStats": None,
}  # fmt: skip
TUNED: Json = {
    "name": "projects/77/locations/l/tuningJobs/9", "baseModel": "gemini-2.5-flash", "tunedModelDisplayName": "mine",
    "state": "JOB_STATE_SUCCEEDED", "createTime": "2023-11-14T22:13:20Z", "endTime": "2023-11-14T22:14:20Z",
    "tuningDataStats": {"supervisedTuningDataStats": {"totalBillableTokenCount": "123456789012"}},
}  # fmt: skip
CREATED, ENDED = 1_700_000_000_000_000, 1_700_000_060_000_000

WORDS = [
    ("JOB_STATE_UNSPECIFIED", RUNNING), ("JOB_STATE_QUEUED", RUNNING), ("JOB_STATE_PENDING", RUNNING),
    ("JOB_STATE_RUNNING", RUNNING), ("JOB_STATE_UPDATING", RUNNING), ("JOB_STATE_PAUSED", RUNNING),
    ("JOB_STATE_CANCELLING", STOPPING), ("JOB_STATE_SUCCEEDED", SUCCEEDED), ("JOB_STATE_PARTIALLY_SUCCEEDED", SUCCEEDED),
    ("JOB_STATE_FAILED", FAILED), ("JOB_STATE_EXPIRED", FAILED), ("JOB_STATE_CANCELLED", CANCELLED),
    ("JOB_STATE_DREAMING", RUNNING), (7, RUNNING),
]  # fmt: skip


@pytest.mark.parametrize(("word", "where"), WORDS)
@pytest.mark.parametrize("wire", [PREDICTIONS, TUNING])
def test_every_state_of_a_job(wire, word, where):
    assert progress(wire, {"name": NAME, "state": word}) is where


def test_a_running_job_tells_what_it_is():
    assert observed(PREDICTIONS, JOB) == Observed(
        RUNNING, NAME, "gemini-3-flash", created_at=CREATED, mark=mark_of("nightly")
    )


@pytest.mark.parametrize(
    ("stats", "reported"),
    [
        ({"successfulCount": "5", "failedCount": "1"}, None),
        ({"successfulCount": "0", "failedCount": "6"}, NOTHING_BILLED),
        ({"failedCount": "6"}, NOTHING_BILLED),
        ({"incompleteCount": "6"}, NOTHING_BILLED),
        ({"incompleteCount": "-1"}, None),
        ({}, None),
        (None, None),
        ("odd", None),
    ],
)
def test_only_rows_that_succeeded_are_charged(stats, reported):
    found = observed(PREDICTIONS, JOB | {"state": "JOB_STATE_CANCELLED", "completionStats": stats})
    assert found is not None
    assert (found.reported, found.ended_at) == (reported, ENDED)


def test_a_tuning_tells_the_tokens_that_it_was_trained_on():
    assert observed(TUNING, TUNED) == Observed(
        SUCCEEDED, TUNED["name"], "gemini-2.5-flash", Reported(Usage(units=123456789012)), ENDED,
        created_at=CREATED, mark=mark_of("mine"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "reported"),
    [
        (
            {"tuningDataStats": {"preferenceOptimizationDataStats": {"totalBillableTokenCount": 5}}},
            Reported(Usage(units=5)),
        ),
        ({"tuningDataStats": {"supervisedTuningDataStats": {"totalBillableTokenCount": "many"}}}, None),
        ({"tuningDataStats": {"supervisedTuningDataStats": 7}}, None),
        ({"tuningDataStats": None}, None),
        ({"state": "JOB_STATE_RUNNING"}, None),
    ],
)
def test_tokens_of_a_training_are_told_at_its_end(more, reported):
    found = observed(TUNING, TUNED | more)
    assert found is not None
    assert found.reported == reported


@pytest.mark.parametrize("wire", [PREDICTIONS, TUNING])
@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_job_says_nothing(wire, body):
    assert told(wire.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))
    assert wire.found_in(body) == ()


def test_a_job_is_read_at_every_cut():
    body = json.dumps(JOB).encode()
    assert all(
        told(PREDICTIONS.open_reply(JSON, NO_FACTS), *pieces) == observed(PREDICTIONS, JOB) for pieces in in_two(body)
    )
    assert observed(PREDICTIONS, JOB, head=ReplyHead(400, "application/json")) is None


@pytest.mark.parametrize(
    ("wire", "collection", "query"),
    [
        (PREDICTIONS, "batchPredictionJobs", ""),
        (TUNING, "tuningJobs", ""),
        (PREDICTIONS, "batchPredictionJobs", "?x=1"),
    ],
)
@pytest.mark.parametrize("base", [PROJECT, f"/gw{PROJECT}", "/v1"])
def test_a_job_is_asked_about_in_the_project_of_its_create_request(wire, collection, query, base):
    place = Place(f"{base}/{collection}{query}", f"projects/77/locations/us-central1/{collection}/12")
    assert lines(wire, place) == {
        "poll": f"GET {base}/{collection}/12{query}",
        "cancel": f"POST {base}/{collection}/12:cancel{query}",
        "find": f"GET {base}/{collection}{query}{'&' if query else '?'}pageSize=100",
    }


@pytest.mark.parametrize(
    ("wire", "members", "job", "name"),
    [(PREDICTIONS, "batchPredictionJobs", JOB, "nightly"), (TUNING, "tuningJobs", TUNED, "mine")],
)
def test_a_job_is_found_by_what_it_is_called(wire, members, job, name):
    found = wire.found_in(json.dumps({members: [{"name": 7}, job], "nextPageToken": "t"}).encode())
    assert [(one.provider_id, one.mark) for one in found] == [(job["name"], mark_of(name))]


def test_what_kinds_of_families_they_are():
    assert (PREDICTIONS.kind, PREDICTIONS.tier) == (OperationKind.BATCH, "batch")
    assert (TUNING.kind, TUNING.tier) == (OperationKind.TUNING, "")

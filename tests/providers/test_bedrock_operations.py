import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.bedrock import BEDROCK
from sidecar.providers.bedrock_operations import (
    ASKS_BATCH,
    ASKS_CUSTOMIZATION,
    ASKS_EVALUATION,
    ASKS_INVOCATION,
    BATCHES_WIRE as BATCHES,
    CUSTOMIZATIONS_WIRE as CUSTOMIZATIONS,
    EVALUATIONS_WIRE as EVALUATIONS,
    INVOCATIONS_WIRE as INVOCATIONS,
)
from sidecar.providers.contract import NO_FACTS, ReplyHead, RequestFacts, Role
from sidecar.providers.names import mark_of
from sidecar.providers.operation import Observed, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    HOSTILE,
    RUNNING,
    STOPPING,
    SUCCEEDED,
    facts_of,
    lines,
    observed,
    progress,
    told,
)
from tests.providers.wire import JSON

ARN = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/ab12cd"
QUOTED = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aasync-invoke%2Fab12cd"
NOVA = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-reel-v1:0"
FAMILIES = [(INVOCATIONS, "invocationArn"), (BATCHES, "jobArn"), (CUSTOMIZATIONS, "jobArn"), (EVALUATIONS, "jobArn")]
SUBMITTED, ENDED = 1_700_000_000_000_000, 1_700_000_060_000_000


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("Submitted", RUNNING), ("Validating", RUNNING), ("Scheduled", RUNNING), ("InProgress", RUNNING), ("Stopping", STOPPING),
        ("Completed", SUCCEEDED), ("PartiallyCompleted", SUCCEEDED), ("Failed", FAILED), ("Expired", FAILED),
        ("Stopped", CANCELLED), ("Deleting", RUNNING), ("Dreaming", RUNNING), (7, RUNNING),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("wire", "arn"), FAMILIES)
def test_every_state_of_a_job(wire, arn, word, where):
    assert progress(wire, {arn: ARN, "status": word}) is where


@pytest.mark.parametrize(("wire", "arn"), FAMILIES)
def test_the_reply_to_a_create_request_is_a_name_alone(wire, arn):
    assert observed(wire, {arn: ARN}, head=ReplyHead(201, "application/json")) == Observed(RUNNING, ARN)


def test_an_invocation_tells_what_it_is():
    document = {
        "invocationArn": ARN, "modelArn": NOVA, "clientRequestToken": "token-1", "status": "Completed",
        "submitTime": "2023-11-14T22:13:20Z", "endTime": "2023-11-14T22:14:20Z",
    }  # fmt: skip
    assert observed(INVOCATIONS, document) == Observed(
        SUCCEEDED, ARN, "amazon.nova-reel-v1:0", ended_at=ENDED, created_at=SUBMITTED, mark=mark_of("token-1")
    )


@pytest.mark.parametrize(
    ("more", "reported"),
    [
        ({"status": "Stopped", "processedRecordCount": 0}, NOTHING_BILLED),
        ({"status": "Failed", "processedRecordCount": 0}, NOTHING_BILLED),
        ({"status": "Stopped", "processedRecordCount": 5}, None),
        ({"status": "Stopped", "processedRecordCount": False}, None),
        ({"status": "InProgress", "processedRecordCount": 0}, None),
        ({"status": "Stopped"}, None),
    ],
)
def test_a_batch_is_charged_for_what_was_processed(more, reported):
    found = observed(BATCHES, {"jobArn": ARN, "modelId": "m", "jobName": "nightly"} | more)
    assert found is not None
    assert (found.reported, found.mark) == (reported, mark_of("nightly"))


@pytest.mark.parametrize(("wire", "arn"), FAMILIES)
@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_job_says_nothing(wire, arn, body):
    found = told(wire.open_reply(JSON, NO_FACTS), body)
    assert found is None or found.provider_id == ""
    assert wire.found_in(body) == ()


# === our own requests ===


@pytest.mark.parametrize(
    ("wire", "path", "asked"),
    [
        (
            INVOCATIONS, "/async-invoke",
            {
                "poll": f"GET /async-invoke/{QUOTED}",
                "find": "GET /async-invoke?sortBy=SubmissionTime&sortOrder=Descending&maxResults=100",
            },
        ),
        (
            BATCHES, "/model-invocation-job",
            {
                "poll": f"GET /model-invocation-job/{QUOTED}",
                "cancel": f"POST /model-invocation-job/{QUOTED}/stop",
                "find": "GET /model-invocation-jobs?sortBy=CreationTime&sortOrder=Descending&maxResults=100",
            },
        ),
        (
            CUSTOMIZATIONS, "/gw/model-customization-jobs?x=1",
            {
                "poll": f"GET /gw/model-customization-jobs/{QUOTED}?x=1",
                "cancel": f"POST /gw/model-customization-jobs/{QUOTED}/stop?x=1",
                "find": "GET /gw/model-customization-jobs?x=1&sortBy=CreationTime&sortOrder=Descending&maxResults=100",
            },
        ),
        (
            EVALUATIONS, "/evaluation-jobs",
            {
                "poll": f"GET /evaluation-jobs/{QUOTED}",
                "cancel": f"POST /evaluation-job/{QUOTED}/stop",
                "find": "GET /evaluation-jobs?sortBy=CreationTime&sortOrder=Descending&maxResults=100",
            },
        ),
    ],
)  # fmt: skip
def test_arns_stand_escaped_in_the_paths_that_botocore_has(wire, path, asked):
    assert lines(wire, Place(path, ARN)) == asked


@pytest.mark.parametrize(
    ("wire", "members", "job", "name"),
    [
        (INVOCATIONS, "asyncInvokeSummaries", {"invocationArn": ARN, "clientRequestToken": "t"}, "t"),
        (BATCHES, "invocationJobSummaries", {"jobArn": ARN, "jobName": "t"}, "t"),
        (CUSTOMIZATIONS, "modelCustomizationJobSummaries", {"jobArn": ARN, "jobName": "t"}, "t"),
        (EVALUATIONS, "jobSummaries", {"jobArn": ARN, "jobName": "t"}, "t"),
    ],
)
def test_an_operation_is_found_by_what_its_request_called_it(wire, members, job, name):
    found = wire.found_in(json.dumps({members: [{"jobName": name}, job | {"status": "InProgress"}]}).encode())
    assert found == (Observed(RUNNING, ARN, mark=mark_of(name)),)


@pytest.mark.parametrize(
    ("asks", "request_body", "facts"),
    [
        (
            ASKS_INVOCATION,
            {"modelId": NOVA, "clientRequestToken": "t"},
            RequestFacts("amazon.nova-reel-v1:0", mark=mark_of("t")),
        ),
        (ASKS_BATCH, {"modelId": "m", "jobName": "t"}, RequestFacts("m", mark=mark_of("t"))),
        (ASKS_CUSTOMIZATION, {"baseModelIdentifier": "m", "jobName": "t"}, RequestFacts("m", mark=mark_of("t"))),
        (ASKS_EVALUATION, {"jobName": "t"}, RequestFacts(mark=mark_of("t"))),
        (ASKS_BATCH, {"modelId": 7}, NO_FACTS),
        (ASKS_BATCH, [], NO_FACTS),
    ],
)
def test_what_a_request_calls_its_operation(asks, request_body, facts):
    assert facts_of(asks, request_body) == facts


# === routes ===


@pytest.mark.parametrize(
    ("verb", "path", "role", "wire", "identity"),
    [
        ("POST", "/async-invoke", Role.SUBMIT, INVOCATIONS, ""),
        ("GET", f"/async-invoke/{QUOTED}", Role.POLL, INVOCATIONS, ARN),
        ("POST", "/model-invocation-job", Role.SUBMIT, BATCHES, ""),
        ("GET", "/model-invocation-job/ab12", Role.POLL, BATCHES, "ab12"),
        ("POST", f"/model-invocation-job/{QUOTED}/stop", Role.CANCEL, BATCHES, ARN),
        ("POST", "/model-customization-jobs", Role.SUBMIT, CUSTOMIZATIONS, ""),
        ("GET", f"/model-customization-jobs/{QUOTED}", Role.POLL, CUSTOMIZATIONS, ARN),
        ("POST", f"/model-customization-jobs/{QUOTED}/stop", Role.CANCEL, CUSTOMIZATIONS, ARN),
        ("POST", "/evaluation-jobs", Role.SUBMIT, EVALUATIONS, ""),
        ("GET", f"/evaluation-jobs/{QUOTED}", Role.POLL, EVALUATIONS, ARN),
        ("POST", f"/evaluation-job/{QUOTED}/stop", Role.CANCEL, EVALUATIONS, ARN),
    ],
)
def test_a_route_names_its_family_and_its_operation(verb, path, role, wire, identity):
    route = BEDROCK.route(verb, path)
    assert route is not None
    assert (route.role, route.operation, route.operation_id) == (role, wire, identity)
    assert route.opens(NO_FACTS) == (role is Role.SUBMIT)


@pytest.mark.parametrize(
    "path", ["/async-invoke", "/model-invocation-jobs", "/model-customization-jobs", "/evaluation-jobs"]
)
def test_a_listing_is_about_no_operation(path):
    route = BEDROCK.route("GET", path)
    assert route is not None
    assert (route.role, route.operation) == (Role.FREE, None)


def test_an_invocation_cant_be_stopped():
    assert (INVOCATIONS.cancel, INVOCATIONS.kind) == (None, OperationKind.LRO)
    assert (BATCHES.tier, BATCHES.kind) == ("batch", OperationKind.BATCH)

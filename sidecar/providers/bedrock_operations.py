"""Bedrock's operations, as botocore 1.44.5 models them (providers-wire 3 and 5).

They are named by ARNs, whose `:` and `/` stand %-encoded in a path. What was used is told in the caller's own storage only, so no
reply reports it. Batch inference is "only charged for tokens that were already processed". An asynchronous invocation can't be
stopped: the API has no call for it.
"""

from functools import partial
from urllib.parse import quote

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.bedrock_reported import plain_model
from sidecar.providers.contract import Reported, RequestFacts
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.observing import Extract, OpenObserver, whole_observed
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, described_by, listed_by
from sidecar.providers.operation_requests import opening_in
from sidecar.providers.paths import OpenRequest

P = Progress

WORDS = {
    "Submitted": P.RUNNING, "Validating": P.RUNNING, "Scheduled": P.RUNNING, "InProgress": P.RUNNING,
    "Stopping": P.STOPPING,
    "Completed": P.SUCCEEDED, "PartiallyCompleted": P.SUCCEEDED, "Failed": P.FAILED, "Expired": P.FAILED,
    "Stopped": P.CANCELLED,
}  # fmt: skip
"""Of all of them. Batch inference knows each; the others know some."""


def processed(job: Described) -> Reported | None:
    """Nothing billed, where a job ended without having processed a record; None where it has, or does not say."""
    count = job.value("processedRecordCount")
    return NOTHING_BILLED if job.has_ended() and count == 0 and count is not False else None


JOB = Shape(
    words=WORDS,
    id="jobArn",
    model="baseModelArn",
    created_at="creationTime",
    ended_at=("endTime", "lastModifiedTime"),
    mark="jobName",
)
INVOCATION = msgspec.structs.replace(
    JOB, id="invocationArn", model="modelArn", created_at="submitTime", mark="clientRequestToken"
)
BATCH = msgspec.structs.replace(JOB, model="modelId", created_at="submitTime", report=processed)


def plainly(extract: Extract, document: bytes) -> Observed | None:
    """The same with the model's name out of its ARN.

    Raises:
        Unreadable: the document is none.
    """
    observed = extract(document)
    return msgspec.structs.replace(observed, model=plain_model(observed.model)) if observed else None


def open_described(shape: Shape) -> OpenObserver:
    """The reader of documents of a shape."""
    return whole_observed(partial(plainly, described_by(shape)))


# === what opens them ===


def asks(model: str, mark: str) -> OpenRequest:
    """Makes the reader of a request that opens one: the members that name the model and the operation."""
    return partial(JsonRequest, partial(asked_in, model, mark))


def asked_in(model: str, mark: str, document: bytes) -> RequestFacts:
    """What such a request says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    facts = opening_in(model, (mark,), "", document)
    return msgspec.structs.replace(facts, model=plain_model(facts.model))


ASKS_INVOCATION = asks("modelId", "clientRequestToken")
"""The token is botocore's own where the application gives none, and the same over retries (providers-wire 8)."""
ASKS_BATCH = asks("modelId", "jobName")
ASKS_CUSTOMIZATION = asks("baseModelIdentifier", "jobName")
ASKS_EVALUATION = asks("", "jobName")

# === our own requests ===


def below(collection: str, verb: str, after: str, place: Place) -> Ask:
    """A request about one member of a collection."""
    return Ask(verb, f"{base_of(place)}/{collection}/{quote(place.provider_id, safe='')}{after}{place.query}")


def newest(collection: str, sort_by: str, place: Place) -> Ask:
    """The newest hundred of a collection."""
    parameters = f"sortBy={sort_by}&sortOrder=Descending&maxResults=100"
    return Ask("GET", f"{base_of(place)}/{collection}{place.query}{'&' if place.query else '?'}{parameters}")


def base_of(place: Place) -> str:
    """What stands before the collection: nothing, unless something between us and AWS has a base path."""
    return place.path.partition("?")[0].rstrip("/").rpartition("/")[0]


INVOCATIONS_WIRE = OperationWire(
    kind=OperationKind.LRO,
    open_reply=open_described(INVOCATION),
    poll=partial(below, "async-invoke", "GET", ""),
    cancel=None,
    find=partial(newest, "async-invoke", "SubmissionTime"),
    found_in=listed_by(INVOCATION, "asyncInvokeSummaries"),
    unreported="results_in_storage",
)
BATCHES_WIRE = OperationWire(
    kind=OperationKind.BATCH,
    open_reply=open_described(BATCH),
    poll=partial(below, "model-invocation-job", "GET", ""),
    cancel=partial(below, "model-invocation-job", "POST", "/stop"),
    find=partial(newest, "model-invocation-jobs", "CreationTime"),
    found_in=listed_by(BATCH, "invocationJobSummaries"),
    unreported="results_in_storage",
    tier="batch",
)
CUSTOMIZATIONS_WIRE = OperationWire(
    kind=OperationKind.TUNING,
    open_reply=open_described(JOB),
    poll=partial(below, "model-customization-jobs", "GET", ""),
    cancel=partial(below, "model-customization-jobs", "POST", "/stop"),
    find=partial(newest, "model-customization-jobs", "CreationTime"),
    found_in=listed_by(JOB, "modelCustomizationJobSummaries"),
)
EVALUATIONS_WIRE = OperationWire(
    kind=OperationKind.BATCH,
    open_reply=open_described(JOB),
    poll=partial(below, "evaluation-jobs", "GET", ""),
    cancel=partial(below, "evaluation-job", "POST", "/stop"),  # singular, in this path alone
    find=partial(newest, "evaluation-jobs", "CreationTime"),
    found_in=listed_by(JOB, "jobSummaries"),
)

"""Vertex's jobs (google-wire 2, 3, 4): `batchPredictionJobs` and `tuningJobs`, resources with a state. Pure.

The rows of a batch prediction are in a bucket, not in any reply: what it used cannot be read here, only counted.
"""

import re
from collections.abc import Callable, Sequence

from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.opening import (
    FILLER,
    Document,
    batch_of,
    body_of,
    held_of,
    named_by,
    planner,
    rows_of_file,
    trained,
)
from sidecar.simulator.phase import Phase
from sidecar.simulator.prompt import Camel, read_body
from sidecar.simulator.request import Request
from sidecar.simulator.undertaking import Kind, Undertaking
from sidecar.simulator.view import View, google_page, moments

STATES = {
    Phase.QUEUED: "JOB_STATE_PENDING",
    Phase.RUNNING: "JOB_STATE_RUNNING",
    Phase.CANCELLING: "JOB_STATE_CANCELLING",
    Phase.SUCCEEDED: "JOB_STATE_SUCCEEDED",
    Phase.FAILED: "JOB_STATE_FAILED",
    Phase.CANCELLED: "JOB_STATE_CANCELLED",
}
ERRORS = {
    Phase.FAILED: {"code": 13, "message": "The job failed, as its script says."},
    Phase.CANCELLED: {"code": 1, "message": "CANCELLED"},
}
FILE_ROW = {"contents": [{"parts": [{"text": FILLER}], "role": "user"}]}
PARENT = re.compile(r"projects/[^/]+/locations/[^/]+")
FIRST_ID = 4_000_000_000_000_000_000
"""Names end in numbers of 19 digits."""
ENDED = Declined(400, "The job has ended: it can't be cancelled.", "FAILED_PRECONDITION")


def parent_of(request: Request) -> str:
    """Project and location; made up where the caller comes with a key alone, whose paths name none."""
    found = PARENT.search(request.path)
    return found[0] if found else "projects/simulated/locations/global"


class Bucket(Camel, frozen=True):
    """Where results are written."""

    output_uri_prefix: str = ""


class OutputConfig(Camel, frozen=True):
    """How results are written."""

    gcs_destination: Bucket = Bucket()


class PredictionBody(Camel, frozen=True):
    """Body of a create of `batchPredictionJobs`, as far as it is understood; its replies repeat all of it."""

    output_config: OutputConfig = OutputConfig()


def _predict(asked: Asked) -> Undertaking:
    bucket = read_body(held_of(asked.request), PredictionBody).output_config.gcs_destination.output_uri_prefix
    echo = {**body_of(asked.request), "parent": parent_of(asked.request), "bucket": bucket}
    return batch_of(asked, rows_of_file(asked, "generateContent", FILE_ROW), echo)


def _tune(asked: Asked) -> Undertaking:
    echo = {**body_of(asked.request), "parent": parent_of(asked.request)}
    return trained(asked, echo, asked.script.chunks or STEPS)


def told_batch(view: View) -> Document:
    """The job of a batch prediction."""
    said = {
        **_told(view, "batchPredictionJobs"),
        **view.echo("displayName", "model", "inputConfig", "outputConfig", "labels"),
    }
    if not view.phase.is_end:
        return said
    said["completionStats"] = {
        name: str(count)
        for name, count in (
            ("successfulCount", view.succeeded),
            ("failedCount", view.failed),
            ("incompleteCount", view.open_rows),
        )
        if count
    }
    prefix = view.undertaking.echo["bucket"]
    if prefix and view.rows_done:  # what is done is exported, also when the rest was cancelled
        said["outputInfo"] = {"gcsOutputDirectory": f"{prefix}/prediction-{view.plan.model.name}-{view.id}"}
    return said


def told_tuning(view: View) -> Document:
    """The job of a training."""
    said = {
        **_told(view, "tuningJobs"),
        **view.echo(
            "baseModel", "tunedModelDisplayName", "supervisedTuningSpec", "preferenceOptimizationSpec", "labels"
        ),
    }
    if view.phase.is_end and view.tells_usage:
        told = {"totalBillableTokenCount": str(view.used.trained_tokens), "tuningStepCount": str(view.made or 0)}
        said["tuningDataStats"] = {"supervisedTuningDataStats": told}
    if view.phase is Phase.SUCCEEDED:
        parent = view.undertaking.echo["parent"]
        said["tunedModel"] = {"model": f"{parent}/models/{view.id}@1", "endpoint": f"{parent}/endpoints/{view.id}"}
    return said


def _told(view: View, collection: str) -> Document:
    said: Document = {
        "name": f"{view.undertaking.echo['parent']}/{collection}/{view.id}",
        "state": STATES[view.phase],
        **moments(
            createTime=view.created_at,
            startTime=view.started_at,
            endTime=view.ended_at,
            updateTime=view.ended_at or view.now,
        ),
    }
    return {**said, "error": ERRORS[view.phase]} if view.phase in ERRORS else said


def _listed(field: str, tell: Callable[[View], Document]) -> Callable[[Sequence[View], bool], Document]:
    return lambda views, more: google_page(field, tell, views, more)


def _named(number: int) -> str:
    return str(FIRST_ID + number)


VERTEX_BATCHES = Family(
    name="batchPredictionJobs",
    kind=Kind.BATCH,
    method="batchPredictionJobs",
    plan=planner(Kind.BATCH, _predict, named_by("model")),
    name_of=_named,
    tell=told_batch,
    tell_cancel=lambda view: {},
    tell_list=_listed("batchPredictionJobs", told_batch),
    ended=ENDED,
)
VERTEX_TUNINGS = Family(
    name="tuningJobs",
    kind=Kind.TUNING,
    method="tuningJobs",
    plan=planner(Kind.TUNING, _tune, named_by("baseModel")),
    name_of=_named,
    tell=told_tuning,
    tell_cancel=lambda view: {},
    tell_list=_listed("tuningJobs", told_tuning),
    ended=ENDED,
)

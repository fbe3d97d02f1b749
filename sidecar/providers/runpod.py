"""RunPod's serverless endpoints: a job is run, asked about and canceled (providers-wire 3, 4 and 5).

The model is the endpoint. What is billed is the time of its workers, of which a job's `executionTime` is a part: workers are
paid for while they start and idle too, so the time is a lower bound of the bill. Endpoints that RunPod itself offers (public
ones) are billed by what `output.cost` says. Workers with vLLM speak OpenAI's dialect below `/v2/{endpoint}/openai/v1`.
"""

import re

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded
from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_at, ask_below
from sidecar.providers.operation_documents import Described, Shape, described_by, nothing_in
from sidecar.providers.operation_requests import about, opening_request
from sidecar.providers.paths import PathDialect, Row, unread, whole


class Job(Struct, gc=False):
    """A job, as far as it says what it cost."""

    execution_time: object = msgspec.field(name="executionTime", default=None)
    """Milliseconds; absent while the job waits."""
    output: Raw = NULL


class Output(Struct, gc=False):
    """The output of a public endpoint."""

    cost: object = None


JOB = msgspec.json.Decoder(Job)
OUTPUT = msgspec.json.Decoder(Output)


def reported_in(document: bytes) -> Reported | None:
    """What a job used; None while it has not run.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    job = decoded(JOB, document)
    figures = Figures({"executionTime": job.execution_time, "cost": cost_of(job.output)})
    cost = figures.usd("cost")
    if job.execution_time is None and cost is None:
        return None
    reported = figures.judged(Usage(compute_milliseconds=figures.count("executionTime")), cost_usd=cost)
    if cost is not None or reported.basis is not Basis.EXACT:
        return reported
    return msgspec.structs.replace(reported, basis=Basis.AT_LEAST, reason="worker_time_unknown")


def cost_of(output: Raw) -> object:
    """What stands as the cost in an output, if that is an object."""
    try:
        return decoded(OUTPUT, output).cost
    except Unreadable:
        return None  # any other endpoint's output is its own affair


open_job = whole(reported_in)

# === operations ===

WORDS = {
    "IN_QUEUE": Progress.RUNNING, "IN_PROGRESS": Progress.RUNNING, "RUNNING": Progress.RUNNING,
    "COMPLETED": Progress.SUCCEEDED, "FAILED": Progress.FAILED, "TIMED_OUT": Progress.FAILED,
    "CANCELLED": Progress.CANCELLED,
}  # fmt: skip
JOBS = OperationWire(
    OperationKind.BACKGROUND,
    whole_observed(described_by(Shape(words=WORDS, report=lambda told: reported_in(told.document)))),
    poll=ask_at(r"/(?:run|retry/[^/]+)", "/status/{id}"),
    cancel=ask_at(r"/(?:run|retry/[^/]+)", "/cancel/{id}", "POST"),
)
STREAMED = msgspec.structs.replace(JOBS, open_reply=whole_observed(nothing_in))
"""A stream's replies hand out each piece once and tell no time, so that an end is not taken from them."""


def all_done(told: Described) -> Progress:
    """How far a batch is: nothing but its counts says that it has come to its end (docs.runpod.io, Batch jobs)."""
    figures = Figures({name: told.value(name) for name in ("requestTotal", "requestCompleted", "requestFailed")})
    total, completed = figures.count("requestTotal"), figures.count("requestCompleted")
    is_done = told.value("status") == "FINALIZED" and 0 < total <= completed + figures.count("requestFailed")
    if not is_done:
        return told.progress
    return Progress.SUCCEEDED if completed else Progress.FAILED


BATCH_WORDS = {
    "DRAFT": Progress.RUNNING, "FINALIZED": Progress.RUNNING, "FAILED": Progress.FAILED, "CANCELLED": Progress.CANCELLED,
}  # fmt: skip
BATCHES = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(Shape(words=BATCH_WORDS, judge=all_done))),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
)
"""Its workers' time is billed, which no reply tells."""

ENDPOINT = r"^/v2/(?P<model>[^/]+)"
ONE = r"/(?P<id>[^/]+)"
OPENS = opening_request(webhook="webhook", model="")

ROWS = (
    about(JOBS, "run", rf"{ENDPOINT}/run$", Role.SUBMIT, open_request=OPENS),
    Row("runsync", re.compile(rf"{ENDPOINT}/runsync$"), Role.CALL, open_job),
    about(JOBS, "status", rf"{ENDPOINT}/status{ONE}$", Role.POLL, "GET", open_reply=open_job),
    about(JOBS, "status", rf"{ENDPOINT}/status{ONE}$", Role.POLL, open_reply=open_job),
    about(STREAMED, "stream", rf"{ENDPOINT}/stream{ONE}$", Role.POLL, "GET"),
    about(JOBS, "cancel", rf"{ENDPOINT}/cancel{ONE}$", Role.CANCEL),
    about(JOBS, "retry", rf"{ENDPOINT}/retry/[^/]+$", Role.SUBMIT),
    about(BATCHES, "batch", rf"{ENDPOINT}/batch$", Role.SUBMIT),
    about(BATCHES, "batch.get", rf"{ENDPOINT}/batch{ONE}(/requests)?$", Role.POLL, "GET"),
    about(BATCHES, "batch.cancel", rf"{ENDPOINT}/batch{ONE}/cancel$", Role.CANCEL),
    unread("batch.edit", r"^/v2/[^/]+/batch/[^/]+/(requests|finalize)$"),
    unread("health", r"^/v2/[^/]+/(health|batch)$", verb="GET"),
    unread("purge", r"^/v2/[^/]+/purge-queue$"),
)

HOSTS = ("api.runpod.ai",)

RUNPOD = PathDialect(
    name="runpod",
    provider="runpod",
    hosts=HOSTS,
    on_close=ON_CLOSE["runpod"],
    rows=ROWS,
    envelope=lambda status, message: {"error": message},
    then=OpenAIDialect("runpod", "runpod", HOSTS, ON_CLOSE["runpod"]).route,
)

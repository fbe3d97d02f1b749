"""RunPod's serverless endpoints: a job is run, asked about and canceled (providers-wire 3, 4 and 5).

The model is the endpoint. What is billed is the time of its workers, of which a job's `executionTime` is a part: workers are
paid for while they start and idle too, so the time is a lower bound of the bill. Endpoints that RunPod itself offers (public
ones) are billed by what `output.cost` says. Workers with vLLM speak OpenAI's dialect below `/v2/{endpoint}/openai/v1`.
"""

import re

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.openai import OpenAIDialect
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

ROWS = (
    unread("run", r"^/v2/(?P<model>[^/]+)/run$", Role.SUBMIT),
    Row("runsync", re.compile(r"^/v2/(?P<model>[^/]+)/runsync$"), Role.CALL, open_job),
    Row("status", re.compile(r"^/v2/(?P<model>[^/]+)/status/[^/]+$"), Role.POLL, open_job, verb="GET"),
    Row("status", re.compile(r"^/v2/(?P<model>[^/]+)/status/[^/]+$"), Role.POLL, open_job),
    unread("stream", r"^/v2/(?P<model>[^/]+)/stream/[^/]+$", Role.POLL, verb="GET"),
    unread("cancel", r"^/v2/(?P<model>[^/]+)/cancel/[^/]+$", Role.CANCEL),
    unread("retry", r"^/v2/(?P<model>[^/]+)/retry/[^/]+$", Role.SUBMIT),
    unread("batch", r"^/v2/(?P<model>[^/]+)/batch$", Role.SUBMIT),
    unread("batch.get", r"^/v2/(?P<model>[^/]+)/batch/[^/]+(/requests)?$", Role.POLL, verb="GET"),
    unread("batch.cancel", r"^/v2/(?P<model>[^/]+)/batch/[^/]+/cancel$", Role.CANCEL),
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

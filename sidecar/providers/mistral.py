"""Mistral: OpenAI's dialect, and some paths of its own (providers-wire 3 and 5).

Streams end with a chunk that reports usage without being asked for it. Documents are read by the page, sound by the second.
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.names import name_of
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_batches import FILE_CONTENT
from sidecar.providers.openai_extras import Extras, cached_at, in_turn
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import row
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_below, ask_list, results_at
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, described_by, listed_by
from sidecar.providers.operation_requests import about, opening_request
from sidecar.providers.paths import ASKS, Row, unread, whole
from sidecar.providers.result_rows import open_answered_rows


class Pages(Struct, gc=False):
    """A reply of `/ocr`."""

    model: object = None
    usage_info: object = None


PAGES = msgspec.json.Decoder(Pages)


def pages_in(document: bytes) -> Reported | None:
    """The pages that were read; None when nobody says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    reply = decoded(PAGES, document)
    info = Figures(reply.usage_info)
    if not info.has("pages_processed"):
        return None
    return info.judged(Usage(units=info.count("pages_processed")), name_of(reply.model))


def with_seconds(reported: Reported, usage: Mapping[str, object]) -> Reported:
    """The seconds of sound in the prompt, which are billed beside its tokens."""
    seconds = int(Figures(usage).amount("prompt_audio_seconds"))
    if not seconds:
        return reported
    return msgspec.structs.replace(reported, usage=msgspec.structs.replace(reported.usage, audio_seconds=seconds))


# === batch jobs ===

WORDS = {
    "QUEUED": Progress.RUNNING, "RUNNING": Progress.RUNNING, "CANCELLATION_REQUESTED": Progress.STOPPING,
    "SUCCESS": Progress.SUCCEEDED, "FAILED": Progress.FAILED, "TIMEOUT_EXCEEDED": Progress.FAILED,
    "CANCELLED": Progress.CANCELLED,
}  # fmt: skip


def unbilled(told: Described) -> Reported | None:
    """The job itself tells no usage; where no request was answered there is none."""
    counts = Figures({"succeeded_requests": told.value("succeeded_requests")})
    nothing_done = counts.has("succeeded_requests") and not counts.count("succeeded_requests") and counts.is_sound
    return NOTHING_BILLED if told.has_ended() and nothing_done else None


JOB = Shape(words=WORDS, ended_at=("completed_at",), mark="input_files", results="output_file", report=unbilled)
"""mistralai 3.7, `models/batchjob.py`."""
BATCH_JOBS = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(JOB)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    results=results_at("/batch/jobs", FILE_CONTENT),
    open_results=open_answered_rows,
    find=ask_list("page_size=100"),
    found_in=listed_by(JOB),
    tier="batch",
)

EXTRAS = Extras(amend=in_turn(cached_at("num_cached_tokens"), with_seconds), asks_usage=False)

ROWS = (
    row("fim.completions", "/fim/completions", open_request=open_call, extras=EXTRAS),
    row("agents.completions", "/agents/completions", open_request=open_call, extras=EXTRAS),
    row("moderations", "/moderations", open_request=open_call, extras=EXTRAS),
    row("classifications", "/classifications", open_request=open_call, extras=EXTRAS),
    Row("ocr", re.compile(r"/ocr$"), Role.CALL, whole(pages_in), ASKS),
    about(BATCH_JOBS, "batch.jobs", r"/batch/jobs$", Role.SUBMIT, open_request=opening_request(marks=("input_files",))),
    unread("batch.jobs.list", r"/batch/jobs$", verb="GET"),
    about(BATCH_JOBS, "batch.jobs.get", r"/batch/jobs/(?P<id>[^/]+)$", Role.POLL, "GET"),
    about(BATCH_JOBS, "batch.jobs.cancel", r"/batch/jobs/(?P<id>[^/]+)/cancel$", Role.CANCEL),
)
"""An agent names its model in the reply only. Moderation, free at OpenAI, has a price here."""

MISTRAL = OpenAIDialect(
    name="mistral",
    provider="mistral",
    hosts=("api.mistral.ai",),
    on_close=ON_CLOSE["mistral"],
    rows=ROWS,
    extras=EXTRAS,
)

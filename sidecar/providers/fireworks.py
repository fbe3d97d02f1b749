"""Fireworks: OpenAI's dialect below `/inference/v1`, images in a form of its own, and jobs of an account (providers-wire 5).

An image comes as itself, or in JSON, as the caller accepts; models that edit images are asked for theirs later
(docs.fireworks.ai, "Get generated image from FLUX.1 Kontext"; paths also in @ai-sdk/fireworks 2.0.13). No reply says what was
billed: images are.
"""

import re

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.operation import Observed, OperationWire, Progress
from sidecar.providers.operation_asks import ask_at, ask_below, with_body
from sidecar.providers.operation_documents import Described, Shape, described_by, observed_by
from sidecar.providers.operation_requests import about, about_request, opening_request
from sidecar.providers.paths import Row, unread
from sidecar.providers.unread import UnreadReply

ONE_IMAGE = Reported(Usage(images=1))
SOME_IMAGES = Reported(Usage(images=1), basis=Basis.AT_LEAST, reason="images_uncounted")
"""A reply in JSON may hold more than one; its form is not documented for all models, so they are not counted."""


def open_image(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply that is an image: it was made before its first byte came."""
    if head.status >= 400:
        return UnreadReply()
    return UnreadReply(ONE_IMAGE if head.content_type.lower().startswith("image/") else SOME_IMAGES)


# === jobs of an account ===

P = Progress
JOB_WORDS = {
    "JOB_STATE_UNSPECIFIED": P.RUNNING, "JOB_STATE_CREATING": P.RUNNING, "JOB_STATE_CREATING_INPUT_DATASET": P.RUNNING,
    "JOB_STATE_VALIDATING": P.RUNNING, "JOB_STATE_PENDING": P.RUNNING, "JOB_STATE_RUNNING": P.RUNNING,
    "JOB_STATE_WRITING_RESULTS": P.RUNNING, "JOB_STATE_RE_QUEUEING": P.RUNNING, "JOB_STATE_IDLE": P.RUNNING,
    "JOB_STATE_PAUSED": P.RUNNING, "JOB_STATE_CANCELLING": P.STOPPING, "JOB_STATE_DELETING": P.STOPPING,
    "JOB_STATE_DELETING_CLEANING_UP": P.STOPPING, "JOB_STATE_COMPLETED": P.SUCCEEDED, "JOB_STATE_EARLY_STOPPED": P.SUCCEEDED,
    "JOB_STATE_FAILED": P.FAILED, "JOB_STATE_EXPIRED": P.FAILED, "JOB_STATE_CANCELLED": P.CANCELLED,
}  # fmt: skip
"""`gatewayJobState` of docs.fireworks.ai, read on 2026-11-20. A training that was stopped early has its model."""


def id_in_account(told: Described, name: str) -> str:
    """A job's own name, without the account's before it, which the create's path has."""
    return name.rpartition("/")[2]


def inferred(told: Described) -> Reported | None:
    """The tokens of a batch's requests; those of the prompt that a cache served are among the prompt's."""
    progress = told.figures("jobProgress")
    prompt, cached = progress.count("inputTokens"), progress.count("cachedInputTokenCount")
    cached = min(prompt, cached)
    usage = Usage(input=prompt - cached, cached_input=cached, output=progress.count("outputTokens"))
    return progress.told(usage) if progress else None


JOB = Shape(words=JOB_WORDS, id="name", state="state", created_at="createTime", named=id_in_account)
TRAINING = OperationWire(
    OperationKind.TUNING, whole_observed(described_by(JOB)), poll=ask_below(), cancel=ask_below(":cancel", "POST")
)
BATCH = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(msgspec.structs.replace(JOB, report=inferred))),
    poll=ask_below(),
    cancel=ask_below(":cancel", "POST"),
    tier="batch",
)

# === images that are asked for later ===

WORKFLOW_WORDS = {
    "Pending": P.RUNNING, "Ready": P.SUCCEEDED, "Error": P.FAILED, "Request Moderated": P.FAILED,
    "Content Moderated": P.FAILED, "Task not found": P.FAILED,
}  # fmt: skip


def drawn(told: Described) -> Reported | None:
    """The image that was made."""
    return SOME_IMAGES if told.progress is P.SUCCEEDED else None


def workflow_in(document: bytes) -> Observed | None:
    """What a document says of one: a create names it `request_id`, a question is answered with its `id`.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return observed_by(OPENED, document) or observed_by(WORKFLOW, document)


WORKFLOW = Shape(words=WORKFLOW_WORDS, report=drawn)
OPENED = msgspec.structs.replace(WORKFLOW, id="request_id", state="request_id")
LATER = OperationWire(
    OperationKind.BACKGROUND,
    whole_observed(workflow_in),
    poll=with_body(ask_at("", "/get_result", "POST"), id="{id}"),
    cancel=None,
)
"""No cancel is documented."""

MODEL = r"(?P<model>accounts/[^/]+/models/[^/]+)"
BATCHES = r"/v1/accounts/[^/]+/(?:batchInferenceJobs|batchJobs)"
TRAININGS = r"/v1/accounts/[^/]+/(?:supervisedFineTuningJobs|reinforcementFineTuningJobs)"
ONE = r"/(?P<id>[^/:]+)"

ROWS = (
    Row("text_to_image", re.compile(rf"/workflows/{MODEL}/text_to_image$"), Role.CALL, open_image),
    Row("image_generation", re.compile(rf"/image_generation/{MODEL}$"), Role.CALL, open_image),
    about(LATER, "workflows", rf"/workflows/{MODEL}$", Role.SUBMIT),
    about(LATER, "workflows.get", rf"/workflows/{MODEL}/get_result$", Role.POLL, open_request=about_request("id")),
    about(BATCH, "jobs", rf"{BATCHES}$", Role.SUBMIT, open_request=opening_request()),
    about(BATCH, "jobs.get", rf"{BATCHES}{ONE}$", Role.POLL, "GET"),
    about(BATCH, "jobs.cancel", rf"{BATCHES}{ONE}:cancel$", Role.CANCEL),
    about(TRAINING, "training", rf"{TRAININGS}$", Role.SUBMIT, open_request=opening_request(model="baseModel")),
    about(TRAINING, "training.get", rf"{TRAININGS}{ONE}$", Role.POLL, "GET"),
    about(TRAINING, "training.cancel", rf"{TRAININGS}{ONE}:cancel$", Role.CANCEL),
    unread("jobs.list", rf"(?:{BATCHES}|{TRAININGS})$", verb="GET"),
    unread("account", r"/v1/accounts(/.*)?$", verb="GET"),
)

FIREWORKS = OpenAIDialect(
    name="fireworks",
    provider="fireworks",
    hosts=("api.fireworks.ai",),
    on_close=ON_CLOSE["fireworks"],
    rows=ROWS,
)

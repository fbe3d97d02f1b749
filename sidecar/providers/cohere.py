"""Cohere: chat, embeddings and rerank, v2 and v1; below `/compatibility/v1` it speaks OpenAI's dialect (providers-wire 4).

What is billed stands in `billed_units`, which leaves out the tokens that Cohere itself adds to a prompt; `tokens` has them
all. v2 puts both in `usage`, v1 and everything but chat in `meta`. Streams of v2 are server-sent events; those of v1 are
lines, unless the caller accepts `text/event-stream` (docstring of `chat_stream` in cohere-python).
"""

import re

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, decoded, value_of
from sidecar.bodies.ndjson import JsonLines
from sidecar.bodies.sse import ServerSentEvents
from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.counted import DELTA, Mark, counted_stream
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_at, ask_below, ask_list
from sidecar.providers.operation_documents import Described, Shape, described_by, listed_by
from sidecar.providers.operation_requests import about, opening_request
from sidecar.providers.paths import ASKS, PathDialect, Row, unread, whole
from sidecar.providers.unary import UnaryReader


class Answer(Struct, gc=False):
    """A reply, or the part of a stream's last event that stands for one."""

    usage: Raw = NULL
    meta: Raw = NULL


class LastEvent(Struct, gc=False):
    """The event that ends a stream: `message-end` of v2 has a delta, `stream-end` of v1 the whole response."""

    delta: Answer | None = None
    response: Answer | None = None


class Event(Struct, gc=False):
    """Any event, as far as it says what it is."""

    type: str = ""
    event_type: str = ""
    is_finished: bool = False


ANSWER = msgspec.json.Decoder(Answer)
LAST_EVENT = msgspec.json.Decoder(LastEvent)
EVENT = msgspec.json.Decoder(Event)

DELTAS = frozenset({"content-delta", "tool-plan-delta", "tool-call-delta", "text-generation", "tool-calls-chunk"})


def mark_of(event: bytes) -> Mark:
    """What an event is."""
    try:
        read = EVENT.decode(event)
    except UNREADABLE:
        return Mark.OTHER  # `[DONE]` follows the last event
    if read.type in DELTAS or read.event_type in DELTAS:
        return DELTA  # nearly all events
    is_last = read.is_finished or read.type == "message-end" or read.event_type == "stream-end"
    return Mark.END if is_last else Mark.OTHER


def reported_in(document: bytes) -> Reported | None:
    """What a whole reply says was used; None when it does not.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return reported_of(decoded(ANSWER, document))


def reported_in_event(event: bytes) -> Reported | None:
    """What the last event of a stream says was used; None when it does not.

    Raises:
        Unreadable: the event is no JSON object, or not a whole one.
    """
    last = decoded(LAST_EVENT, event)
    answer = last.delta or last.response
    return reported_of(answer) if answer else None


def reported_of(answer: Answer) -> Reported | None:
    """What was used: what is billed, or else all tokens, which are a little more than that."""
    told = Figures(value_of(answer.usage if answer.usage is not NULL else answer.meta))
    if billed := told.inside("billed_units"):
        return billed.told(billed_usage(billed))
    if tokens := told.inside("tokens"):
        usage = Usage(input=tokens.count("input_tokens"), output=tokens.count("output_tokens"))
        return Reported(usage, basis=Basis.ESTIMATED, reason="unbilled_units")
    return None


def billed_usage(billed: Figures) -> Usage:
    """`billed_units` in our classes. An image is billed by its tokens where they are counted, else by the piece."""
    image_tokens = billed.count("image_tokens")
    return Usage(
        input=billed.count("input_tokens") + image_tokens,
        output=billed.count("output_tokens"),
        images=0 if image_tokens else billed.count("images"),
        units=billed.count("search_units") + billed.count("classifications"),
        image_input=image_tokens,
    )


def open_chat(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply: events, lines or one document, as its content type says."""
    if head.is_event_stream:
        return counted_stream(ServerSentEvents(), mark_of, reported_in_event, head)
    content_type = head.content_type.lower()
    if "stream+json" in content_type or "ndjson" in content_type:
        return counted_stream(JsonLines(), mark_of, reported_in_event, head)
    return UnaryReader(reported_in, head)


open_whole = whole(reported_in)

# === operations ===

P = Progress
BATCH_WORDS = {
    "BATCH_STATUS_UNSPECIFIED": P.RUNNING, "BATCH_STATUS_QUEUED": P.RUNNING, "BATCH_STATUS_IN_PROGRESS": P.RUNNING,
    "BATCH_STATUS_CANCELING": P.STOPPING, "BATCH_STATUS_COMPLETED": P.SUCCEEDED, "BATCH_STATUS_FAILED": P.FAILED,
    "BATCH_STATUS_CANCELED": P.CANCELLED,
}  # fmt: skip
EMBED_WORDS = {
    "processing": P.RUNNING, "cancelling": P.STOPPING, "complete": P.SUCCEEDED, "failed": P.FAILED, "cancelled": P.CANCELLED,
}  # fmt: skip
TUNING_WORDS = {
    "STATUS_UNSPECIFIED": P.RUNNING, "STATUS_QUEUED": P.RUNNING, "STATUS_FINETUNING": P.RUNNING,
    "STATUS_DEPLOYING_API": P.RUNNING, "STATUS_READY": P.SUCCEEDED, "STATUS_PAUSED": P.SUCCEEDED,
    "STATUS_TEMPORARILY_OFFLINE": P.SUCCEEDED, "STATUS_FAILED": P.FAILED, "STATUS_DELETED": P.FAILED,
}  # fmt: skip
"""A model that is paused or offline was trained before. Words and shapes are those of cohere-python 7.3."""


def batch_used(told: Described) -> Reported | None:
    """The tokens of a batch, which come as strings."""
    figures = Figures({name: told.value(name) for name in ("input_tokens", "output_tokens")})
    return figures.told(Usage(input=figures.count("input_tokens"), output=figures.count("output_tokens")))


def embedded(told: Described) -> Reported | None:
    """What an embed job is billed for: "charged for the embeddings processed up to the cancellation point"."""
    return reported_in(told.document)


BATCH = Shape(words=BATCH_WORDS, inner="batch", mark="input_dataset_id", report=batch_used)
BATCHES = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(BATCH)),
    poll=ask_below(),
    cancel=ask_below(":cancel", "POST"),
    find=ask_list("page_size=100"),
    found_in=listed_by(BATCH, "batches"),
    tier="batch",
)
EMBED_JOB = Shape(words=EMBED_WORDS, id="job_id", mark="input_dataset_id", report=embedded)
EMBED_JOBS = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(EMBED_JOB)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    find=ask_at("", ""),
    found_in=listed_by(EMBED_JOB, "embed_jobs"),
)
TUNING = OperationWire(
    OperationKind.TUNING,
    whole_observed(described_by(Shape(words=TUNING_WORDS, inner="finetuned_model", ended_at=("completed_at",)))),
    poll=ask_below(),
    cancel=None,
)
"""A fine-tuned model can be deleted; its training can't be stopped."""

ROWS = (
    Row("chat", re.compile(r"/(chat|generate)$"), Role.CALL, open_chat, ASKS),
    Row("embed", re.compile(r"/embed$"), Role.CALL, open_whole, ASKS),
    Row("rerank", re.compile(r"/rerank$"), Role.CALL, open_whole, ASKS),
    Row("classify", re.compile(r"/classify$"), Role.CALL, open_whole, ASKS),
    Row("summarize", re.compile(r"/summarize$"), Role.CALL, open_whole, ASKS),
    unread("tokenize", r"/(tokenize|detokenize|check-api-key)$"),
    unread("models", r"/v1/(models|datasets|connectors)(/.*)?$", verb="GET"),
    about(BATCHES, "batches", r"/v2/batches$", Role.SUBMIT, open_request=opening_request(marks=("input_dataset_id",))),
    unread("batches.list", r"/v2/batches$", verb="GET"),
    about(BATCHES, "batches.get", r"/v2/batches/(?P<id>[^/:]+)$", Role.POLL, "GET"),
    about(BATCHES, "batches.cancel", r"/v2/batches/(?P<id>[^/:]+):cancel$", Role.CANCEL),
    about(
        EMBED_JOBS, "embed-jobs", r"/v1/embed-jobs$", Role.SUBMIT, open_request=opening_request(marks=("dataset_id",))
    ),
    unread("embed-jobs.list", r"/v1/embed-jobs$", verb="GET"),
    about(EMBED_JOBS, "embed-jobs.get", r"/v1/embed-jobs/(?P<id>[^/]+)$", Role.POLL, "GET", open_reply=open_whole),
    about(EMBED_JOBS, "embed-jobs.cancel", r"/v1/embed-jobs/(?P<id>[^/]+)/cancel$", Role.CANCEL),
    about(TUNING, "finetuning", r"/v1/finetuning/finetuned-models$", Role.SUBMIT),
    about(TUNING, "finetuning.get", r"/v1/finetuning/finetuned-models/(?P<id>[^/]+)$", Role.POLL, "GET"),
)

HOSTS = ("api.cohere.com", "api.cohere.ai")

COHERE = PathDialect(
    name="cohere",
    provider="cohere",
    hosts=HOSTS,
    on_close=ON_CLOSE["cohere"],
    rows=ROWS,
    envelope=lambda status, message: {"message": message},
    then=OpenAIDialect("cohere", "cohere", HOSTS, ON_CLOSE["cohere"]).route,
)

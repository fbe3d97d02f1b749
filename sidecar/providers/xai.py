"""xAI: OpenAI's dialect, with what a call cost in every reply's usage (providers-wire 3, 4 and 5).

"1 USD = 10,000,000,000 ticks (10^10)", and that is "the actual amount billed": docs.x.ai/developers/cost-tracking, read on
2026-11-20. Thoughts stand beside the completion's tokens, not among them (`openai_usage` sees it by the total).

`"deferred": true` in a chat opens an operation whose answer can be fetched once. To ask about it would take the answer from its
caller, and it has no cancel, so it is not one of ours: no row of it names a family.
"""

from functools import partial

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import Extras, cost_at
from sidecar.providers.openai_images import images_in
from sidecar.providers.openai_request import call_in, open_media
from sidecar.providers.openai_routes import row
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_at, ask_below, ask_list
from sidecar.providers.operation_documents import NO_WORDS, Described, Shape, described_by, listed_by
from sidecar.providers.operation_requests import about, opening_request
from sidecar.providers.paths import ASKS, whole
from sidecar.providers.unary import UnaryReader

TICKS = "cost_in_usd_ticks"
TICKS_A_DOLLAR = 10**10


EXTRAS = Extras(amend=cost_at(TICKS, TICKS_A_DOLLAR))


class Deferrable(Struct, gc=False):
    """A request for a chat, as far as OpenAI does not know it."""

    deferred: object = None


class Priced(Struct, gc=False):
    """A reply that may say nothing but what it cost."""

    model: object = None
    usage: object = None


DEFERRABLE = msgspec.json.Decoder(Deferrable)
PRICED = msgspec.json.Decoder(Priced)


def asked_in(document: bytes) -> RequestFacts:
    """What a request for a chat says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    facts = call_in(document)
    if decoded(DEFERRABLE, document).deferred is not True:
        return facts
    return msgspec.structs.replace(facts, is_background=True)


def cost_in(document: bytes) -> Reported | None:
    """What a video cost, by the reply to a poll; None while it is made.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    priced = decoded(PRICED, document)
    return cost_of(Figures(priced.usage), TICKS, name_of(priced.model))


def cost_of(figures: Figures, member: str, model: str) -> Reported | None:
    """What a member says in ticks that something cost; None when it is not there."""
    return figures.judged(Usage(), model, figures.usd(member, TICKS_A_DOLLAR)) if figures.has(member) else None


def drawn_in(document: bytes, variant: str) -> Reported | None:
    """The images of a reply, and what they cost.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    images, cost = images_in(document, variant), cost_in(document)
    if images is None or cost is None:
        return images or cost
    return msgspec.structs.replace(images, cost_usd=cost.cost_usd)


def open_images(head: ReplyHead, facts: RequestFacts, extras: Extras) -> ReplyReader:
    """The reader of a reply of `images/..`."""
    return UnaryReader(partial(drawn_in, variant=facts.variant), head)


# === batches ===


def counted(told: Described) -> Progress:
    """How far a batch is, by the counts of its requests: it has no word for it.

    More requests may be added to one that has done all it had; it is then taken to have ended with those it had.
    """
    state = told.figures("state")
    is_stopping = told.value("cancel_time") is not None
    if state.count("num_pending") or not state.count("num_requests"):
        return Progress.STOPPING if is_stopping else Progress.RUNNING
    if state.count("num_cancelled"):
        return Progress.CANCELLED
    return Progress.SUCCEEDED if state.count("num_success") else Progress.FAILED


def billed(told: Described) -> Reported | None:
    """What a batch cost, as it says itself."""
    return cost_of(told.figures("cost_breakdown"), "total_cost_usd_ticks", "") if told.has_ended() else None


BATCH = Shape(
    words=NO_WORDS,
    id="batch_id",
    state="state",
    judge=counted,
    created_at="create_time",
    mark="name",
    report=billed,
)
"""docs.x.ai, Batch API, and xai-sdk 1.21."""
BATCHES = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(BATCH)),
    poll=ask_below(),
    cancel=ask_below(":cancel", "POST"),
    find=ask_list("limit=100"),
    found_in=listed_by(BATCH, "batches"),
    tier="batch",
)

# === videos ===

VIDEO_WORDS = {
    "pending": Progress.RUNNING, "done": Progress.SUCCEEDED, "expired": Progress.FAILED, "failed": Progress.FAILED,
}  # fmt: skip
"""Those of deferred requests (xai-sdk, `DeferredStatus`), as REST has them."""


def made(told: Described) -> Progress:
    """How far a video is: one that is there is done, also where no word says so."""
    is_there = isinstance(told.value("video"), dict) and told.value("status") is None
    return Progress.SUCCEEDED if is_there else told.progress


VIDEO = Shape(words=VIDEO_WORDS, id="request_id", judge=made, report=lambda told: cost_in(told.document))
VIDEOS = OperationWire(
    OperationKind.LRO,
    whole_observed(described_by(VIDEO)),
    poll=ask_at(r"/videos/(?:generations|edits|extensions)", "/videos/{id}"),
    cancel=None,
)

CHAT = "/chat/completions"

ROWS = (
    row("chat.completions", CHAT, open_request=partial(JsonRequest, asked_in), extras=EXTRAS),
    row("chat.deferred", "/chat/deferred-completion/(?P<id>[^/]+)", Role.POLL, open_chat, verb="GET", extras=EXTRAS),
    row("images.generations", "/images/generations", open_reply=open_images, open_request=open_media),
    row("images.edits", "/images/edits", open_reply=open_images, open_request=open_media),
    about(VIDEOS, "videos.generations", r"/videos/(?:generations|edits|extensions)$", Role.SUBMIT, open_request=ASKS),
    about(VIDEOS, "videos.get", r"/videos/(?P<id>[^/]+)$", Role.POLL, "GET", open_reply=whole(cost_in)),
    about(BATCHES, "batches", r"/batches$", Role.SUBMIT, open_request=opening_request(marks=("name",))),
)

XAI = OpenAIDialect(
    name="xai",
    provider="xai",
    hosts=("api.x.ai",),
    on_close=ON_CLOSE["xai"],
    rows=ROWS,
    extras=EXTRAS,
    operations={"batches": BATCHES},
)

"""xAI: OpenAI's dialect, with what a call cost in every reply's usage (providers-wire 3, 4 and 5).

"1 USD = 10,000,000,000 ticks (10^10)", and that is "the actual amount billed": docs.x.ai/developers/cost-tracking, read on
2026-11-20. Thoughts stand beside the completion's tokens, not among them (`openai_usage` sees it by the total).

`"deferred": true` in a chat opens an operation, whose answer is fetched once.
"""

import re
from functools import partial

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import Extras, cost_at
from sidecar.providers.openai_images import images_in
from sidecar.providers.openai_request import call_in, open_media
from sidecar.providers.openai_routes import row
from sidecar.providers.paths import ASKS, Row, whole
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
    usage = Figures(priced.usage)
    return usage.judged(Usage(), name_of(priced.model), usage.usd(TICKS, TICKS_A_DOLLAR)) if usage.has(TICKS) else None


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


CHAT = "/chat/completions"

ROWS = (
    row("chat.completions", CHAT, open_request=partial(JsonRequest, asked_in), extras=EXTRAS),
    row("chat.deferred", "/chat/deferred-completion/[^/]+", Role.POLL, open_chat, verb="GET", extras=EXTRAS),
    row("images.generations", "/images/generations", open_reply=open_images, open_request=open_media),
    row("images.edits", "/images/edits", open_reply=open_images, open_request=open_media),
    Row("videos.generations", re.compile(r"/videos/generations$"), Role.SUBMIT, open_request=ASKS),
    Row("videos.get", re.compile(r"/videos/[^/]+$"), Role.POLL, whole(cost_in), verb="GET"),
)

XAI = OpenAIDialect(
    name="xai",
    provider="xai",
    hosts=("api.x.ai",),
    on_close=ON_CLOSE["xai"],
    rows=ROWS,
    extras=EXTRAS,
)

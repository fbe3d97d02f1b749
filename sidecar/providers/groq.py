"""Groq: OpenAI's dialect below `/openai/v1` (providers-wire 4).

The last chunk of a stream has `x_groq.usage` without being asked for it. Compound systems call several models: they are listed
in `usage_breakdown`, at the top of a reply or in `x_groq` of a last chunk (groq-python 1.7, `ChatCompletion.usage_breakdown`,
`ChatCompletionChunk.x_groq`).
"""

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import Unreadable, decoded
from sidecar.metering.basis import Basis
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.names import name_of
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_chat import look_of
from sidecar.providers.openai_extras import TIERS, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import row
from sidecar.providers.openai_stream import stream_reader
from sidecar.providers.unary import UnaryReader

EXTRAS = Extras(usage_in="x_groq", asks_usage=False, tiers=TIERS | {"performance": "performance"})


class Share(Struct, gc=False):
    """One model's part in an answer."""

    model: object = None


class Breakdown(Struct, gc=False):
    """The models that had a part."""

    models: list[Share] = []


class Inner(Struct, gc=False):
    """`x_groq`."""

    usage_breakdown: Breakdown | None = None


class Outer(Inner, gc=False):
    """A reply, or a chunk."""

    x_groq: Inner | None = None


OUTER = msgspec.json.Decoder(Outer)


def compound_in(document: bytes) -> Reported | None:
    """The usage in a reply or a chunk. That of several models has no one price: the bill is an estimate.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    reported = reported_in(document, EXTRAS)
    models = models_in(document) if reported is not None else set()
    if reported is None or not models:
        return reported
    if len(models) == 1:
        return msgspec.structs.replace(reported, model=models.pop())
    return msgspec.structs.replace(reported, basis=Basis.ESTIMATED, reason=reported.reason or "several_models")


def models_in(document: bytes) -> set[str]:
    """The models that a compound system called."""
    try:
        outer = decoded(OUTER, document)
    except Unreadable:
        return set()
    breakdown = outer.usage_breakdown or (outer.x_groq.usage_breakdown if outer.x_groq else None)
    return {name for share in breakdown.models if (name := name_of(share.model))} if breakdown else set()


def open_chat(head: ReplyHead, facts: RequestFacts, extras: Extras) -> ReplyReader:
    """The reader of a reply of `chat/completions`."""
    if head.is_event_stream:
        return stream_reader(head, look_of(extras), compound_in, extras)
    return UnaryReader(compound_in, head)


GROQ = OpenAIDialect(
    name="groq",
    provider="groq",
    hosts=("api.groq.com",),
    on_close=ON_CLOSE["groq"],
    rows=(row("chat.completions", "/chat/completions", open_reply=open_chat, open_request=open_call, extras=EXTRAS),),
    extras=EXTRAS,
)

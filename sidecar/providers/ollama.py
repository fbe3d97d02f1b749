"""Ollama's own API: `/api/chat`, `/api/generate` and embeddings, streamed as newline-delimited JSON (providers-wire 3 and 4).

A request that does not mention `stream` is answered with a stream. The last line has `done: true` and the counts; one for
each token comes before it. The same server speaks OpenAI's dialect below `/v1`, and Anthropic's (`/v1/messages`).
"""

import re
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, decoded
from sidecar.bodies.ndjson import JsonLines
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import MESSAGES_ROUTES
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.counted import DELTA, Mark, counted_stream
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.paths import ASKS, PathDialect, Row, asked_in, unread
from sidecar.providers.unary import UnaryReader


class Line(Struct, gc=False):
    """A line of a stream, as far as it says what it is."""

    done: bool = False
    error: Raw = NULL


class Counts(Struct, gc=False):
    """The last line, or a whole reply."""

    model: object = None
    prompt_eval_count: object = None
    """Tokens of the prompt; absent when there were none to evaluate, as older servers have it for a prompt in their cache."""
    prompt_eval_cached_count: object = None
    """Those of them that a cache served (docs.ollama.com/api/usage)."""
    eval_count: object = None


LINE = msgspec.json.Decoder(Line)
COUNTS = msgspec.json.Decoder(Counts)


def mark_of(line: bytes) -> Mark:
    """What a line is. An error in the middle of a stream is its last line, with status 200."""
    try:
        read = LINE.decode(line)
    except UNREADABLE:
        return Mark.OTHER
    return Mark.END if read.done or read.error is not NULL else DELTA


def reported_in(document: bytes) -> Reported | None:
    """The counts of a whole reply or of a stream's last line; None when it has none.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    counts = decoded(COUNTS, document)
    figures = Figures(msgspec.structs.asdict(counts))
    prompt, cached = figures.count("prompt_eval_count"), figures.count("prompt_eval_cached_count")
    served = min(cached, prompt)
    usage = Usage(input=prompt - served, cached_input=served, output=figures.count("eval_count"))
    reported = figures.told(usage, name_of(counts.model))
    if reported is None:
        return None  # a model was loaded or unloaded, or the server is too old to count embeddings
    if reported.basis is Basis.EXACT and (cached > prompt or counts.prompt_eval_count is None):
        reason = "cached_over_prompt" if cached > prompt else "input_unreported"
        return msgspec.structs.replace(reported, basis=Basis.AT_LEAST, reason=reason)
    return reported


def open_reply(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply: lines, or one document where a stream was declined."""
    if "ndjson" in head.content_type.lower():
        return counted_stream(JsonLines(), mark_of, reported_in, head)
    return UnaryReader(reported_in, head)


STREAMS_UNLESS_TOLD = partial(JsonRequest, partial(asked_in, is_stream=True))

ROWS = (
    Row("chat", re.compile(r"/api/chat$"), Role.CALL, open_reply, STREAMS_UNLESS_TOLD, kind=CallKind.STREAM),
    Row("generate", re.compile(r"/api/generate$"), Role.CALL, open_reply, STREAMS_UNLESS_TOLD, kind=CallKind.STREAM),
    Row("embed", re.compile(r"/api/embed(dings)?$"), Role.CALL, open_reply, ASKS),
    unread("models", r"/api/(show|pull|push|create|copy)$"),
    unread("models", r"/api/(tags|ps|version)$", verb="GET"),
    unread("models", r"/api/delete$", verb="DELETE"),
    unread("blobs", r"/api/blobs/[^/]+$"),
    unread("blobs", r"/api/blobs/[^/]+$", verb="HEAD"),
    *MESSAGES_ROUTES,
)  # fmt: skip

HOSTS = ("ollama.com",)
"""The hosted service. Every other Ollama is a service of its own, by its upstream's name."""

OLLAMA = PathDialect(
    name="ollama",
    provider="ollama",
    hosts=HOSTS,
    on_close=ON_CLOSE["ollama"],
    rows=ROWS,
    envelope=lambda status, message: {"error": message},
    then=OpenAIDialect("ollama", "ollama", HOSTS, ON_CLOSE["ollama"]).route,
)

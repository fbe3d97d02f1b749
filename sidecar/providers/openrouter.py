"""OpenRouter: OpenAI's dialect below `/api/v1`, with what the call cost in `usage.cost` of every reply (providers-wire 4 and 9).

It is the one provider that tells what an aborted call cost: `GET /api/v1/generation?id=` answers with `total_cost` and the
tokens as the model counted them, some seconds after the end. The id comes in the header `X-Generation-Id`, and in every
chunk; a reader has it as `generation_id`.

With the caller's own key for a provider (`is_byok`) `cost` is OpenRouter's fee alone: the provider's own bill is added.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import quote

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import UNREADABLE, Unreadable, decoded
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import MESSAGES_ROUTES
from sidecar.providers.contract import Inquiry, ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.names import name_of
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_batches import BATCH, batches
from sidecar.providers.openai_chat import look_of
from sidecar.providers.openai_extras import Extras
from sidecar.providers.openai_operations import VIDEO, filmed, videos
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_routes import rows as openai_rows
from sidecar.providers.openai_stream import PieceTally, stream_reader
from sidecar.providers.operation_documents import Described
from sidecar.providers.paths import OpenReply, Row, unread
from sidecar.providers.unary import UnaryReader

GENERATION = "x-generation-id"


def with_cost(reported: Reported, usage: Mapping[str, object]) -> Reported:
    """The same with what the call cost; a bill of which the provider's part is unknown is a lower bound."""
    figures = Figures(usage)
    cost = figures.usd("cost")
    if cost is None or usage.get("is_byok") is not True:
        return msgspec.structs.replace(reported, cost_usd=cost)
    theirs = figures.inside("cost_details").usd("upstream_inference_cost")
    if theirs is not None:
        return msgspec.structs.replace(reported, cost_usd=cost + theirs)
    return msgspec.structs.replace(reported, cost_usd=cost, basis=Basis.AT_LEAST, reason="own_key")


EXTRAS = Extras(amend=with_cost, reply_headers=(GENERATION,), asks_usage=False)


# === the reply ===


class Identified(Struct, gc=False):
    """A reply or a chunk that says which generation it is of."""

    id: object = None


IDENTIFIED = msgspec.json.Decoder(Identified)
LOOK = look_of(EXTRAS)
EXTRACT = partial(reported_in, extras=EXTRAS)


class GenerationReader:
    """Reads a reply and finds the id of its generation: in its head, or in the chunks of a chat."""

    __slots__ = ("_reader", "generation_id")

    def __init__(self, head: ReplyHead, facts: RequestFacts, open_other: OpenReply | None = None) -> None:
        """`open_other` makes the reader of a reply that is no chat."""
        self.generation_id = name_of(head.headers.get(GENERATION))
        """What `inquiry_path` takes; empty while nothing has named it."""
        self._reader: ReplyReader
        if open_other is not None:
            self._reader = open_other(head, facts)
        elif head.is_event_stream:
            look = LOOK if self.generation_id else self._look_for_id
            self._reader = stream_reader(head, look, EXTRACT, EXTRAS)
        else:
            self._reader = UnaryReader(EXTRACT, head)

    @property
    def is_terminal(self) -> bool:
        """The answer is whole."""
        return self._reader.is_terminal

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return self._reader.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        self._reader.feed(chunk)

    def finish(self) -> None:
        """The body has ended."""
        self._reader.finish()

    def reported(self) -> Reported | None:
        """What was reported up to now."""
        return self._reader.reported()

    def _look_for_id(self, event: bytes, tally: PieceTally) -> None:
        if not self.generation_id:
            with suppress(*UNREADABLE):  # `[DONE]`
                self.generation_id = name_of(IDENTIFIED.decode(event).id)
        LOOK(event, tally)


# === the inquiry ===


class Generation(Struct, gc=False):
    """The answer to an inquiry."""

    data: dict[str, object]


ANSWER = msgspec.json.Decoder(Generation)


def inquiry_path(generation_id: str) -> bytes:
    """Where what a generation cost is asked for, with the key of its caller, by GET on OpenRouter's own host.

    The answer is 404 until it is known, some seconds after the generation's end.
    """
    return b"/api/v1/generation?id=" + quote(generation_id, safe="").encode("ascii")


def told_by(document: bytes) -> Reported | None:
    """What a generation cost, by the answer to an inquiry; None when that does not say. Never raises."""
    try:
        fields = decoded(ANSWER, document).data
    except Unreadable:
        return None
    figures = Figures(fields)
    if not figures.has("total_cost"):
        return None
    reported = figures.judged(generated(figures), figures.name("model"))
    details = {"upstream_inference_cost": fields.get("upstream_inference_cost")}
    return with_cost(
        reported, {"cost": fields["total_cost"], "is_byok": fields.get("is_byok"), "cost_details": details}
    )


def generated(figures: Figures) -> Usage:
    """The tokens as the model counted them: cached ones are a part of the prompt, thoughts a part of the completion."""
    prompt, completion = figures.count("native_tokens_prompt"), figures.count("native_tokens_completion")
    cached = min(prompt, figures.count("native_tokens_cached"))
    reasoning = min(completion, figures.count("native_tokens_reasoning"))
    return Usage(input=prompt - cached, cached_input=cached, output=completion - reasoning, reasoning=reasoning)


def identity_of(reader: ReplyReader) -> str:
    """The generation that a reply is of."""
    return reader.generation_id if isinstance(reader, GenerationReader) else ""


INQUIRY = Inquiry(identity_of, inquiry_path, told_by)


def identified(row: Row) -> Row:
    """The same row of calls, each of which is a generation that can be asked about."""
    open_other = None if row.method in CHATS else row.open_reply
    reader = partial(GenerationReader, open_other=open_other)
    return msgspec.structs.replace(row, open_reply=reader, reply_headers=(GENERATION,), inquiry=INQUIRY)


# === operations ===


def priced_video(told: Described) -> Reported | None:
    """What a video cost, and its seconds where they are told."""
    figures = told.figures("usage")
    if not told.has_ended() or not figures.has("cost"):
        return filmed(told)
    seconds = filmed(told)
    usage = told.value("usage")
    return with_cost(seconds or figures.judged(Usage()), usage if isinstance(usage, dict) else {})


OPERATIONS = {
    "batches": batches(BATCH, cancel=""),
    "videos": videos(msgspec.structs.replace(VIDEO, report=priced_video)),
}
"""Its SDK has neither a cancel for these nor the other families of OpenAI's language (providers-wire 5)."""

CHATS = frozenset({"chat.completions", "completions"})
ROWS = (
    *(identified(row) for row in (*MESSAGES_ROUTES, *openai_rows(EXTRAS, OPERATIONS)) if row.role is Role.CALL),
    unread("generation", r"/generation(/content)?$", verb="GET"),
    unread("account", r"/(credits|activity|key|keys|providers|endpoints/zdr)(/.*)?$", verb="GET"),
)
"""`messages` is Anthropic's dialect, whose usage has no cost in it: its price is that of the list."""

OPENROUTER = OpenAIDialect(
    name="openrouter",
    provider="openrouter",
    hosts=("openrouter.ai",),
    on_close=ON_CLOSE["openrouter"],
    rows=ROWS,
    extras=EXTRAS,
    operations=OPERATIONS,
)

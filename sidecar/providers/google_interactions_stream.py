"""An interaction's event stream (google-wire 2.3).

Usage may stand on several events: what `interaction.completed` says counts, else the newest running total. An interaction has
ended for its caller when it completed, failed, or `[DONE]` was read; the SDK closes the connection right after that, which is
no departure. One that stops for want of room (`requires_continuation`) is whole as a reply, but its answer is not.
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded
from sidecar.bodies.sse import ServerSentEvents
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.estimate import tokens_of
from sidecar.providers.frame import Repeat, holes_at, text_bytes_of
from sidecar.providers.google_continuation import digest_in
from sidecar.providers.google_interactions import (
    INTERACTION,
    UNSET,
    Interaction,
    open_interaction_document,
    reported_of,
    text_in,
    tier_in,
    usage_in,
    with_continuation,
)
from sidecar.providers.google_reported import TIER_HEADER, tier_of
from sidecar.providers.names import model_of
from sidecar.providers.reported import COUNTED, at_least
from sidecar.providers.stream import StreamReader

COMPLETED, FAILED = "interaction.completed", "error"
CONTINUES = "requires_continuation"
DONE = b"[DONE]"
HOLES = holes_at(text=("text",), free=("event_id",))
"""Some streams give each event a number."""


class Delta(Struct, gc=False):
    """What a step's delta brings: text, or the arguments of a call. Images, sound and signatures are not text."""

    text: Raw = NULL
    arguments: Raw = NULL
    content: Raw = NULL
    """Of a thought's summary: text again."""


class Metadata(Struct, gc=False):
    """May go with any event."""

    total_usage: Raw = NULL
    camel_usage: Raw = msgspec.field(name="totalUsage", default=NULL)


class Event(Struct, gc=False):
    """One event. Which of the keys are there hangs on its type."""

    event_type: Raw = NULL
    camel_type: Raw = msgspec.field(name="eventType", default=NULL)
    interaction: Raw = NULL
    delta: Raw = NULL
    metadata: Raw = NULL
    usage: Raw = NULL
    continuation_token: Raw = NULL
    camel_token: Raw = msgspec.field(name="continuationToken", default=NULL)


EVENT = msgspec.json.Decoder(Event)
DELTA = msgspec.json.Decoder(Delta)
METADATA = msgspec.json.Decoder(Metadata)


class InteractionTally:
    """What the events of one interaction have said."""

    __slots__ = (
        "_continuation", "_header_tier", "_is_final", "_model", "_text_bytes", "_tier", "_usage", "is_terminal",
    )  # fmt: skip

    def __init__(self, header_tier: str = "") -> None:
        self.is_terminal = False
        self._header_tier = header_tier
        self._model = self._tier = ""
        self._usage = b""
        """The newest running total, as it came."""
        self._is_final = False
        """It is what the interaction reported when it completed."""
        self._text_bytes = 0
        """Of the answer."""
        self._continuation = ""

    def note(self, event: bytes) -> Repeat | None:
        """Look at the next event; None when it told anything but text."""
        if event.strip() == DONE:
            self.is_terminal = True
            return None
        try:
            read = decoded(EVENT, event)
        except Unreadable:
            return None
        self._note_usage(read.usage if read.metadata is NULL else total_in(read.metadata))
        token = digest_in(read.continuation_token, read.camel_token)
        self._continuation = token or self._continuation
        if read.delta is NULL:
            self._note_event(text_in(read.event_type) or text_in(read.camel_type), interaction_of(read.interaction))
            return None
        text = text_bytes_in(read.delta)
        self._text_bytes += text
        return (self._repeat, text) if read.metadata is read.usage is NULL and not token else None

    def reported(self) -> Reported | None:
        """What the interaction reported when it completed, else the newest running total, else a guess from its text."""
        return with_continuation(self._told() or self._estimate(), self._continuation)

    def _repeat(self, text: int) -> None:
        self._text_bytes += text

    def _told(self) -> Reported | None:
        counted, doubt = usage_in(Raw(self._usage)) if self._usage else (UNSET, "")
        reported = reported_of(counted, doubt, self._model, self._tier, self._header_tier)
        if reported is None or self._is_final:
            return reported
        return at_least(reported, "usage_before_end" if self.is_terminal else "unfinished")

    def _estimate(self) -> Reported | None:
        if not self._text_bytes:
            return None
        usage, tier = Usage(output=tokens_of(self._text_bytes)), tier_of(self._tier, self._header_tier)
        return Reported(usage, model_of(self._model), tier or "", Basis.ESTIMATED, COUNTED)

    def _note_usage(self, usage: Raw) -> None:
        if usage != NULL and not self._is_final:
            self._usage = bytes(usage)

    def _note_event(self, kind: str, interaction: Interaction) -> None:
        """Any other event than a delta: created, completed, failed, a step's beginning or end.

        A completed interaction's own usage and token are its last word (python-genai 3.4.0).
        """
        self._model = text_in(interaction.model) or self._model
        self._tier = tier_in(interaction) or self._tier
        self._note_usage(interaction.usage)
        token = digest_in(interaction.continuation_token, interaction.camel_token)
        self._continuation = token or ("" if kind == COMPLETED else self._continuation)
        if kind == COMPLETED:
            self._is_final = self._is_final or interaction.usage != NULL
        if kind == FAILED or (kind == COMPLETED and text_in(interaction.status) != CONTINUES):
            self.is_terminal = True


def interaction_of(raw: Raw) -> Interaction:
    """The interaction in an event; an empty one when there is none."""
    try:
        return decoded(INTERACTION, raw) if raw is not NULL else Interaction()
    except Unreadable:
        return Interaction()


def total_in(metadata: Raw) -> Raw:
    """The running total in an event's metadata."""
    try:
        found = decoded(METADATA, metadata)
    except Unreadable:
        return NULL
    return found.camel_usage if found.total_usage is NULL else found.total_usage


def text_bytes_in(delta: Raw) -> int:
    """Bytes of text that a delta brings."""
    found = delta_of(delta)
    of_summary = 0 if found.content is NULL else size_of(delta_of(found.content).text)
    return size_of(found.text) + size_of(found.arguments) + of_summary


def delta_of(raw: Raw) -> Delta:
    """A delta, or the content in one; an empty one when it is none."""
    try:
        return decoded(DELTA, raw)
    except Unreadable:
        return Delta()


def size_of(raw: Raw) -> int:
    """Bytes of the text of a string, or of an object's JSON."""
    body = bytes(raw)
    return text_bytes_of(body[1:-1]) if body.startswith(b'"') else len(body) if raw != NULL else 0


def open_interaction(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of an interaction, whole or as events: the same path gives both."""
    if head.is_event_stream:
        tally = InteractionTally(head.headers.get(TIER_HEADER, ""))
        return StreamReader(head, ServerSentEvents(), tally, HOLES)
    return open_interaction_document(head, facts)

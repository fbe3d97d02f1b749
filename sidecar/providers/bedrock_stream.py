"""Bedrock's streams: Converse's events, and the chunks of InvokeModel with the model's own events in them.

Usage comes last: `metadata`, or the metrics in the last chunk. What a stream that was cut had made by then is told from the
text that passed, and from `message_start` where Anthropic made the model.
"""

from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, field

from sidecar.bodies.event_stream import CHECKSUM, PRELUDE, EventStream, FrameHead
from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable, decoded
from sidecar.providers.anthropic_stream import Event, MessageTally
from sidecar.providers.anthropic_usage import Text
from sidecar.providers.bedrock_reported import (
    Body,
    body_in,
    counts_in,
    metered_in,
    model_in,
    reported_of,
    tier_in,
)
from sidecar.providers.bedrock_usage import settled
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.frame import Repeat, holes_at
from sidecar.providers.stream import StreamReader

Value = TypeVar("Value")


class ToolInput(Struct, gc=False):
    """A piece of a tool's arguments."""

    input: str = ""


class Thought(Struct, gc=False):
    """A piece of thinking; its signature is no text."""

    text: str = ""


class BlockDelta(Struct, rename="camel", gc=False):
    """A piece of the answer."""

    text: str = ""
    tool_use: ToolInput | None = None
    reasoning_content: Thought | None = None


class Block(Struct, gc=False):
    """`contentBlockDelta`."""

    delta: BlockDelta | None = None


class Part(Struct, gc=False):
    """`chunk`: the model's own event, in base64."""

    event: bytes = field(name="bytes", default=b"")


class Said(Struct, gc=False):
    """A piece of a chat's answer; Mistral writes it as `message`, others as `delta`, older models of Mistral as plain `text`."""

    content: Text = None


class Choice(Struct, gc=False):
    """One of `choices` or `outputs`."""

    delta: Said | None = None
    message: Said | None = None
    text: Text = None


class Chunk(Event):
    """A model's own event: Anthropic's, or a piece of text by the name that its maker gave it."""

    metrics: Raw = field(name="amazon-bedrock-invocationMetrics", default=NULL)
    generation: Text = None
    output_text: Text = field(name="outputText", default=None)
    text: Text = None
    block: Block | None = field(name="contentBlockDelta", default=None)
    choices: list[Choice] | None = None
    outputs: list[Choice] | None = None


BLOCK = msgspec.json.Decoder(Block)
PART = msgspec.json.Decoder(Part)
CHUNK = msgspec.json.Decoder(Chunk)


def read(decoder: "msgspec.json.Decoder[Value]", document: bytes) -> Value | None:
    """What a document says; None when it can't be read."""
    try:
        return decoder.decode(document)
    except UNREADABLE:
        pass
    with suppress(Unreadable):
        return decoded(decoder, document)
    return None


class BedrockTally:
    """What the events of one stream of Bedrock's have said."""

    __slots__ = ("_has_ended", "_head", "_last", "_tally")

    def __init__(self, head: ReplyHead) -> None:
        self._head = head
        self._tally = MessageTally()
        self._last = b""
        """The event that reports usage."""
        self._has_ended = False

    @property
    def is_terminal(self) -> bool:
        """The stream said what was used, or broke off with an exception: nothing of the answer comes after either."""
        return self._has_ended or self._tally.is_terminal

    def note(self, event: tuple[FrameHead, bytes]) -> Repeat | None:
        """Look at the next event; None when it told anything but text."""
        head, payload = event
        name = head.name
        if name == "contentBlockDelta":
            return self._note_block(read(BLOCK, payload))
        if name == "chunk":
            part = read(PART, payload)
            self._note_chunk(part.event if part else b"")
        elif name == "metadata":
            self._last, self._has_ended = payload, True
        elif not head.is_event:
            self._has_ended = True
        return None

    def reported(self) -> Reported | None:
        """What the last event reports; before it what has passed, counted."""
        body, doubt = Body(), ""
        if self._last:
            with suppress(Unreadable):
                body, doubt = body_in(self._last)
        tier, model = tier_in(body, self._head), model_in(body)
        metered, unsure = metered_in(body)
        made, unsure_made = counts_in(body)
        if metered is None and made is None:
            counted = self._tally.reported()
            return counted and msgspec.structs.replace(counted, model=model, tier=tier or "")
        report, difference = settled(metered, made or self._tally.report)
        return reported_of(report, doubt or unsure or unsure_made or difference, tier, model)

    def _note_block(self, block: Block | None) -> Repeat | None:
        delta = block.delta if block else None
        if delta is None:
            return None
        thought = delta.reasoning_content.text if delta.reasoning_content else ""
        return self._tally.count(delta.text or (delta.tool_use.input if delta.tool_use else ""), thought)

    def _note_chunk(self, event: bytes) -> None:
        chunk = read(CHUNK, event)
        if chunk is None:
            return
        if chunk.type:
            self._tally.note_event(chunk)
        elif chunk.block is not None:
            self._note_block(chunk.block)
        else:
            self._tally.count(text_in(chunk), "")
        if chunk.metrics is not NULL:
            self._last, self._has_ended = event, True


def text_in(chunk: Chunk) -> str:
    """The text in an event of any maker but Anthropic."""
    text = chunk.generation or chunk.output_text or chunk.text
    if text:
        return text
    for choice in chunk.choices or chunk.outputs or ():
        said = choice.delta or choice.message
        text = choice.text or (said.content if said else None)
        if text:
            return text  # of several answers the first: the others come in events of their own
    return ""


HOLES = holes_at(text=("text", "input"), free=("p",), part=slice(PRELUDE.size, -CHECKSUM.size))
"""`p` is padding. Lengths and checksums, at both ends of a frame, hang on the text."""


def bedrock_stream(head: ReplyHead) -> ReplyReader:
    """The reader of an event stream of Bedrock's."""
    return StreamReader(head, EventStream(), BedrockTally(head), HOLES)

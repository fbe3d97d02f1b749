"""Streams of events that name their type: those of `responses`, and of the endpoints for images and sounds.

Most events add to the answer, one ends it and reports what was used. Which is which is a table. `obfuscation` in an event is
padding, and what a tool printed was not generated, so neither is counted.
"""

from collections.abc import Mapping
from enum import Enum, auto
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable, decoded
from sidecar.providers.contract import ReplyHead, ReplyReader, RequestFacts
from sidecar.providers.openai_chat import DONE
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import Look, PieceTally, stream_reader
from sidecar.providers.unary import UnaryReader


class Kind(Enum):
    """What an event is to us."""

    OUTPUT = auto()
    """A piece of the answer."""
    REASONING = auto()
    END = auto()
    """The answer has ended; says what was used."""
    FAILURE = auto()


RESPONSES: Mapping[str, Kind] = {
    "response.output_text.delta": Kind.OUTPUT,
    "response.refusal.delta": Kind.OUTPUT,
    "response.function_call_arguments.delta": Kind.OUTPUT,
    "response.custom_tool_call_input.delta": Kind.OUTPUT,
    "response.mcp_call_arguments.delta": Kind.OUTPUT,
    "response.code_interpreter_call_code.delta": Kind.OUTPUT,
    "response.shell_call_command.delta": Kind.OUTPUT,
    "response.audio.transcript.delta": Kind.OUTPUT,
    "response.reasoning_text.delta": Kind.REASONING,
    "response.reasoning_summary_text.delta": Kind.REASONING,
    "response.completed": Kind.END,
    "response.incomplete": Kind.END,
    "response.failed": Kind.END,
    "response.cancelled": Kind.END,
    "error": Kind.FAILURE,
}
"""openai-python 3.52, `types/responses/*_event.py`. Summaries stand for more reasoning than they show: an estimate from
them is low."""


class Typed(Struct, gc=False):
    """An event, as far as it says what it is; vLLM sends errors without a type."""

    type: str = ""
    error: Raw = NULL


TYPED = msgspec.json.Decoder(Typed)


def look_at_event(event: bytes, tally: PieceTally, kinds: Mapping[str, Kind]) -> None:
    """Note what an event was."""
    try:
        typed = TYPED.decode(event)
    except UNREADABLE:
        if event.strip() == DONE:
            tally.end(is_whole=True)
            return
        typed = carefully(event)
    kind = kinds.get(typed.type)
    if kind is Kind.OUTPUT:
        tally.output += 1
    elif kind is Kind.REASONING:
        tally.reasoning += 1
    elif kind is Kind.END:
        tally.has_repeated = bool(tally.usage_event)
        tally.note_usage(event)
        tally.end(is_whole=True)
    elif kind is Kind.FAILURE or (not typed.type and typed.error is not NULL and typed.error != NULL):
        tally.end(is_whole=False)


def carefully(event: bytes) -> Typed:
    """What an event is that msgspec refuses at first."""
    try:
        return decoded(TYPED, event)
    except Unreadable:
        return Typed()


def look_for(kinds: Mapping[str, Kind]) -> Look:
    """The look at events of one table."""
    return partial(look_at_event, kinds=kinds)


look_at_responses = look_for(RESPONSES)


def open_responses(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of a reply of `responses`, whole or in events; also of the object that a poll returns."""
    extract = partial(reported_in, extras=extras)
    if head.is_event_stream:
        return stream_reader(head, look_at_responses, extract, extras)
    return UnaryReader(extract, head)

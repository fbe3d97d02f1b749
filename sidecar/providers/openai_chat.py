"""The streams of `chat/completions` and `completions`: chunks without a name, the last of which may report usage.

One decode, of about 0.4 us, answers all there is to ask of a chunk: was something generated, has a choice finished, does it
report usage, is it an error. Servers add `usage` to the last chunk, to one more without choices, to every chunk
(`continuous_usage_stats`), or never; whatever came last counts. `[DONE]` ends the stream.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import cast

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable, decoded
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.counts import Number
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import Look, PieceTally, stream_reader
from sidecar.providers.unary import UnaryReader

DONE = b"[DONE]"


class Part(Struct, gc=False):
    """Of a delta whose content is a list (Mistral)."""

    type: str = ""


class Anything(Struct, gc=False):
    """An object that is there."""


class Delta(Struct, gc=False):
    """What a chunk adds to the answer."""

    content: str | list[Part] | None = None
    tool_calls: list[Anything] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    """The same by the name that OpenRouter, Groq and newer vLLM give it."""
    refusal: str | None = None
    function_call: Anything | None = None


class Choice(Struct, gc=False):
    """One answer's part of a chunk; `text` is that of the older `completions`."""

    delta: Delta | None = None
    finish_reason: str | None = None
    index: int | None = 0
    text: str | None = None


class Counts(Struct, gc=False):
    """Whether `usage` has numbers: zeros must not hide what was reported before."""

    prompt_tokens: Number = None
    completion_tokens: Number = None
    total_tokens: Number = None


class Marks(Struct, gc=False):
    """What a chunk is to us."""

    choices: list[Choice] | None = None
    usage: Counts | None = None
    error: Raw = NULL
    more: Raw = NULL
    """The member that `Extras.usage_in` names."""


MARKS = msgspec.json.Decoder(Marks)
OBJECT = msgspec.json.Decoder(dict[str, object])


@lru_cache(64)
def marks_decoder(usage_in: str) -> "msgspec.json.Decoder[Marks]":
    """The decoder of chunks that may report usage in another member too."""
    if not usage_in:
        return MARKS
    field = ("more", Raw, msgspec.field(name=usage_in, default=NULL))
    return msgspec.json.Decoder(cast(type[Marks], msgspec.defstruct("MoreMarks", [field], bases=(Marks,), gc=False)))


def look_at_chunk(event: bytes, tally: PieceTally, decode: Callable[[bytes], Marks] = MARKS.decode) -> None:
    """Note what a chunk was."""
    try:
        marks = decode(event)
    except UNREADABLE:
        if event.strip() == DONE:
            tally.end(is_whole=True)
            return
        marks = carefully(event)
    for choice in marks.choices or ():
        delta = choice.delta
        if delta is not None and type(delta.content) is str and delta.content:
            tally.output += 1  # nearly all chunks
        else:
            count(choice, tally)
        if choice.finish_reason is None and not choice.index:
            tally.seen |= 1
        else:
            tally.note_choice(choice.index or 0, has_finished=bool(choice.finish_reason))
    if marks.usage is not None or marks.more is not NULL:
        note_usage(marks, event, tally)
    if marks.error is not NULL and marks.error != NULL:
        tally.end(is_whole=False)


def count(choice: Choice, tally: PieceTally) -> None:
    """Count what a choice adds that is no plain text."""
    delta = choice.delta
    if delta is None:
        tally.output += 1 if choice.text else 0
    elif delta.reasoning_content or delta.reasoning or is_thought(delta.content):
        tally.reasoning += 1
    elif delta.content or delta.tool_calls or delta.refusal or delta.function_call is not None:
        tally.output += 1


def note_usage(marks: Marks, event: bytes, tally: PieceTally) -> None:
    """The chunk may report usage: zeros and null don't."""
    used = marks.usage
    has_numbers = used is not None and (used.prompt_tokens or used.completion_tokens or used.total_tokens)
    if has_numbers or (marks.more is not NULL and marks.more != NULL):
        tally.note_usage(event)


def is_thought(content: str | list[Part] | None) -> bool:
    """Whether the parts of a list are thoughts (Mistral's `thinking`)."""
    return isinstance(content, list) and any(part.type == "thinking" for part in content)


def carefully(event: bytes) -> Marks:
    """The marks of a chunk that msgspec refuses, or in which something has another type than it should."""
    try:
        return decoded(MARKS, event)
    except Unreadable:
        pass
    try:
        fields = decoded(OBJECT, event)
    except Unreadable:
        return Marks()
    choices, used = fields.get("choices"), fields.get("usage")
    return Marks(
        choices=[careful_choice(one) for one in choices if isinstance(one, dict)]
        if isinstance(choices, list)
        else None,
        usage=Counts(1) if isinstance(used, dict) and any(used.values()) else None,
        error=Raw(b"{}") if fields.get("error") is not None else NULL,
    )


def careful_choice(fields: dict[str, object]) -> Choice:
    """A choice of which nothing is sure."""
    index, reason, delta = fields.get("index"), fields.get("finish_reason"), fields.get("delta")
    names = Delta.__struct_fields__
    has_added = bool(fields.get("text")) or (isinstance(delta, dict) and any(delta.get(name) for name in names))
    return Choice(
        delta=Delta(content="?" if has_added else None),
        finish_reason=reason if isinstance(reason, str) else None,
        index=index if isinstance(index, int) else 0,
    )


def look_of(extras: Extras) -> Look:
    """The look at chunks of a provider."""
    return partial(look_at_chunk, decode=marks_decoder(extras.usage_in).decode) if extras.usage_in else look_at_chunk


def open_chat(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of a reply of `chat/completions`, `completions` and whatever else reports `usage`."""

    def extract(document: bytes) -> Reported | None:
        return reported_in(document, extras)

    return stream_reader(head, look_of(extras), extract, extras) if head.is_event_stream else UnaryReader(extract, head)

"""What one event of a stream of `GenerateContentResponse` is to us: usage, an end, text.

The usual event is decoded at once into few typed fields. One in which something is null, a string or of another shape is
read with care.
"""

from collections.abc import Iterable
from contextlib import suppress

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.providers.counts import Number


class Counts(Struct, rename="camel", gc=False):
    """Whether `usageMetadata` has numbers: one with a `trafficType` alone must not hide the numbers before it."""

    prompt_token_count: Number = None
    total_token_count: Number = None
    traffic_type: str | None = None
    service_tier: str | None = None

    def are_there(self) -> bool:
        """Whether there are any."""
        return self.prompt_token_count is not None or self.total_token_count is not None


class Candidate(Struct, rename="camel", gc=False):
    """One answer's part of an event."""

    index: int | None = 0
    finish_reason: str | None = None
    grounding_metadata: Raw = NULL
    continuation_token: Raw = NULL


class Feedback(Struct, rename="camel", gc=False):
    """What became of the prompt."""

    block_reason: str | None = None


class Marks(Struct, rename="camel", gc=False):
    """What an event of a stream is to us."""

    usage_metadata: Counts | None = None
    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    error: Raw = NULL


class UnsureMarks(Struct, rename="camel", gc=False):
    """The same of an event in which some value is not what it should be: does it report usage, is it an error."""

    usage_metadata: Raw = NULL
    error: Raw = NULL


NO_COUNTS = Counts()
MARKS = msgspec.json.Decoder(Marks)
UNSURE_MARKS = msgspec.json.Decoder(UnsureMarks)


def carefully(event: bytes) -> Marks:
    """The marks of an event that msgspec refuses, or in which something has another type than it should."""
    with suppress(Unreadable):
        return decoded(MARKS, event)
    try:
        unsure = decoded(UNSURE_MARKS, event)
    except Unreadable:
        return Marks()
    fields = value_of(unsure.usage_metadata)
    has_counts = isinstance(fields, dict) and ("promptTokenCount" in fields or "totalTokenCount" in fields)
    return Marks(Counts(0) if has_counts else None, error=unsure.error)


# === text ===


class Part(Struct, rename="camel", gc=False):
    """What the model wrote: text, or a call as JSON. Images and sound are not text, nor are signatures."""

    text: str | None = None
    function_call: Raw = NULL
    executable_code: Raw = NULL


class Content(Struct, gc=False):
    """The new parts of an answer."""

    parts: list[Part] | None = None


class Written(Struct, gc=False):
    """One answer's part of an event, as far as its text is concerned."""

    content: Content | None = None


class Texts(Struct, gc=False):
    """An event, as far as its text is concerned."""

    candidates: list[Written] | None = None


TEXTS = msgspec.json.Decoder(Texts)


def text_bytes_in(event: bytes) -> int:
    """Bytes of text that an event brings; 0 when it can't be read."""
    try:
        texts = decoded(TEXTS, event)
    except Unreadable:
        return 0
    return sum(size_of(one.content.parts) for one in texts.candidates or () if one.content and one.content.parts)


def size_of(parts: Iterable[Part]) -> int:
    """Bytes of the text of these parts."""
    size = 0
    for part in parts:
        size += len(part.text.encode()) if part.text else 0
        size += len(part.function_call) if part.function_call != NULL else 0
        size += len(part.executable_code) if part.executable_code != NULL else 0
    return size

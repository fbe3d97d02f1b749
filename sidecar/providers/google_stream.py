"""The reader of Google's streams: server-sent events, or an array that grows.

An event's first decode costs about 0.5 us and answers all there is to ask of it: does it report usage, does it end the answer.
(One search of its bytes for one key costs half of that and can be fooled by what a model wrote; this can't.) The event
that reported usage last is kept as it is and read when somebody asks.
"""

from contextlib import suppress
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from sidecar.metering.basis import Basis
from sidecar.providers.array import ArrayElements
from sidecar.providers.coding import decoder_of
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.google_reported import MOST_SEARCHES, NULL, reported_in, searches_in
from sidecar.providers.lenient import UNREADABLE, Unreadable, decoded, value_of
from sidecar.providers.sse import ServerSentEvents


class Candidate(Struct, rename="camel", gc=False):
    """One answer's part of an event."""

    index: int | None = 0
    finish_reason: str | None = None
    grounding_metadata: Raw = NULL


class Feedback(Struct, rename="camel", gc=False):
    """What became of the prompt."""

    block_reason: str | None = None


Number = int | float | str | None
"""What JSON of an integer may be."""


class Counts(Struct, rename="camel", gc=False):
    """Whether `usageMetadata` has numbers: one with a `trafficType` alone must not hide the numbers before it."""

    prompt_token_count: Number = None
    total_token_count: Number = None

    def are_there(self) -> bool:
        """Whether there are any."""
        return self.prompt_token_count is not None or self.total_token_count is not None


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


MARKS = msgspec.json.Decoder(Marks)
UNSURE_MARKS = msgspec.json.Decoder(UnsureMarks)

UNFINISHED = frozenset({None, "", "FINISH_REASON_UNSPECIFIED"})
UNBLOCKED = frozenset({None, "", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"})
CONTINUATION = "CONTINUATION"
"""The provider stops here and the SDK asks again for the rest: this reply is complete, the answer is not."""
MOST_CANDIDATES = 63


class Events(Protocol):
    """Cuts a body into the JSON documents that it is a sequence of."""

    @property
    def gave_up(self) -> str: ...  # noqa: D102

    def feed(self, piece: bytes) -> list[bytes]: ...  # noqa: D102

    def finish(self) -> list[bytes]: ...  # noqa: D102


class StreamReader:
    """Reads a stream of `GenerateContentResponse`.

    Usage is a running total: the last one counts. It is exact when it came with or after the event that ends the answer.
    The answer has ended when every candidate that was seen has finished; how many were asked for is in the request, which
    is not read for this. If candidates came one after another instead of interleaved, a caller that leaves after the first
    has finished and before the second's first word would be taken to have had the whole answer.
    """

    __slots__ = (
        "_decoder", "_ended_at", "_events", "_finished", "_read_so_far", "_searches", "_seen", "_tier", "_usage_at",
        "_usage_event", "is_terminal",
    )  # fmt: skip

    def __init__(self, events: Events, head: ReplyHead) -> None:
        self.is_terminal = False
        self._decoder = decoder_of(head.content_coding)
        self._events = events
        self._tier = head.tier
        self._read_so_far = 0
        """Events up to now."""
        self._usage_event = b""
        self._usage_at = self._ended_at = 0
        self._seen = self._finished = 0
        """Candidates, one bit each."""
        self._searches: frozenset[int] = frozenset()
        """What was searched for, by hash, in any event."""

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return (self._decoder.gave_up if self._decoder else "") or self._events.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk)
        for event in self._events.feed(chunk):
            self._read(event)

    def finish(self) -> None:
        """The body has ended."""
        for event in self._events.finish():
            self._read(event)

    def reported(self) -> Reported | None:
        """The last usage that was reported."""
        if not self._usage_event:
            return None
        try:
            reported = reported_in(self._usage_event, self._tier, self._searches)
        except Unreadable:  # not seen: `_read` keeps only what its own decoders could read
            return None
        if reported is None or self._usage_at >= self._ended_at > 0 or reported.basis is not Basis.EXACT:
            return reported
        reason = "usage_before_end" if self._ended_at else "unfinished"
        return Reported(reported.usage, reported.model, reported.tier, Basis.AT_LEAST, reason)

    def _read(self, event: bytes) -> None:
        self._read_so_far += 1
        try:
            marks = MARKS.decode(event)
        except UNREADABLE:
            marks = carefully(event)
        if marks.usage_metadata is not None and marks.usage_metadata.are_there():
            self._usage_event, self._usage_at = event, self._read_so_far
        for candidate in marks.candidates or ():
            if candidate.finish_reason is None and not candidate.index and candidate.grounding_metadata is NULL:
                self._seen |= 1  # nearly all events
            else:
                self._note(candidate)
        if marks.prompt_feedback is not None or marks.error is not NULL:
            self._note_refusal(marks)

    def _note(self, candidate: Candidate) -> None:
        """One of several candidates, or one that has finished or was grounded."""
        one = 1 << min(max(candidate.index or 0, 0), MOST_CANDIDATES)
        self._seen |= one
        if candidate.finish_reason == CONTINUATION:
            self._ended_at = self._read_so_far
        elif candidate.finish_reason not in UNFINISHED:
            self._finished |= one
        if candidate.grounding_metadata is not NULL and len(self._searches) < MOST_SEARCHES:
            self._searches |= searches_in(candidate.grounding_metadata)
        if self._finished and self._finished == self._seen:
            self._end()

    def _note_refusal(self, marks: Marks) -> None:
        """The prompt was not answered, or the answer broke off."""
        blocked = marks.prompt_feedback is not None and marks.prompt_feedback.block_reason not in UNBLOCKED
        if blocked or marks.error != NULL:
            self._end()

    def _end(self) -> None:
        if not self.is_terminal:
            self.is_terminal, self._ended_at = True, self._read_so_far


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


def open_stream(head: ReplyHead, facts: dict[str, str]) -> ReplyReader:
    """The reader of a stream: events with `alt=sse`, one array without."""
    is_array = "json" in head.content_type.lower()
    return StreamReader(ArrayElements() if is_array else ServerSentEvents(), head)

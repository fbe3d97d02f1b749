"""Google's streams: server-sent events, or an array that grows.

An event's first decode costs about 0.5 us and answers all there is to ask of it: does it report usage, does it end the answer.
(One search of its bytes for one key costs half of that and can be fooled by what a model wrote; this can't.) The event that
reported usage last is kept as it is and read when somebody asks.
"""

import msgspec

from sidecar.bodies.array import ArrayElements
from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable
from sidecar.bodies.sse import ServerSentEvents
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.estimate import tokens_of
from sidecar.providers.frame import Repeat, holes_at
from sidecar.providers.google_continuation import digest_in
from sidecar.providers.google_marks import MARKS, NO_COUNTS, Candidate, Marks, carefully, text_bytes_in
from sidecar.providers.google_reported import MOST_SEARCHES, TIER_HEADER, reported_in, searches_in, tier_of
from sidecar.providers.reported import COUNTED, at_least
from sidecar.providers.stream import StreamReader

UNFINISHED = frozenset({None, "", "FINISH_REASON_UNSPECIFIED"})
UNBLOCKED = frozenset({None, "", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"})
CONTINUATION = "CONTINUATION"
"""The provider stops here and the SDK asks again for the rest: this reply is complete, the answer is not."""
MOST_CANDIDATES = 63
HOLES = holes_at(text=("text",))


class AnswerTally:
    """What the events of one stream of `GenerateContentResponse` have said.

    Usage is a running total: the last one counts. It is exact when it came with or after the event that ends the answer.
    A stream that reported none (Vertex names only a traffic type before the end) is estimated from the text that passed.
    The answer has ended when every candidate that was seen has finished; how many were asked for is in the request, which
    is not read for this. If candidates came one after another instead of interleaved, a caller that leaves after the first
    has finished and before the second's first word would be taken to have had the whole answer.
    """

    __slots__ = (
        "_continuation", "_ended_at", "_finished", "_read_so_far", "_searches", "_seen", "_text_bytes", "_tier", "_traffic",
        "_usage_at", "_usage_event", "is_terminal",
    )  # fmt: skip

    def __init__(self, header_tier: str = "") -> None:
        self.is_terminal = False
        self._tier = header_tier
        self._read_so_far = 0
        """Events up to now, without those that were known by their frame."""
        self._usage_event = b""
        self._usage_at = self._ended_at = 0
        self._traffic = NO_COUNTS
        """What told how the call is served, as long as no usage was reported."""
        self._text_bytes = 0
        """Of answers, in events that report no usage."""
        self._seen = self._finished = 0
        """Candidates, one bit each."""
        self._searches: frozenset[int] = frozenset()
        """What was searched for, by hash, in any event."""
        self._continuation = ""

    def note(self, event: bytes) -> Repeat | None:
        """Look at the next event; None when it told anything but text."""
        self._read_so_far += 1
        try:
            marks = MARKS.decode(event)
        except UNREADABLE:
            marks = carefully(event)
        is_news, text = False, 0
        if marks.usage_metadata is not None and marks.usage_metadata.are_there():
            self._usage_event, self._usage_at, is_news = event, self._read_so_far, True
        else:
            text = text_bytes_in(event)
            self._text_bytes += text
            self._traffic = marks.usage_metadata or self._traffic
        for one in marks.candidates or ():
            if one.finish_reason is None and not one.index and one.grounding_metadata is one.continuation_token is NULL:
                self._seen |= 1  # nearly all events
            else:
                self._note_candidate(one)
                is_news = True
        if marks.prompt_feedback is not None or marks.error is not NULL:
            self._note_refusal(marks)
            is_news = True
        return None if is_news else (self._repeat, text)

    def reported(self) -> Reported | None:
        """The last usage that was reported, or what the text lets us guess."""
        reported = self._last_usage() if self._usage_event else self._estimate()
        if reported is None or reported.continuation == self._continuation:
            return reported
        return msgspec.structs.replace(reported, continuation=self._continuation)

    def _repeat(self, text: int) -> None:
        self._text_bytes += text

    def _last_usage(self) -> Reported | None:
        try:
            reported = reported_in(self._usage_event, self._tier, self._searches)
        except Unreadable:  # not seen: `note` keeps only what its own decoders could read
            return None
        if reported is None or self._usage_at >= self._ended_at > 0:
            return reported
        return at_least(reported, "usage_before_end" if self._ended_at else "unfinished")

    def _estimate(self) -> Reported | None:
        if not self._text_bytes:
            return None
        usage, traffic = Usage(output=tokens_of(self._text_bytes)), self._traffic
        tier = tier_of(traffic.traffic_type or "", traffic.service_tier or "", self._tier)
        return Reported(usage, "", tier or "", Basis.ESTIMATED, COUNTED)

    def _note_candidate(self, candidate: Candidate) -> None:
        """One of several candidates, or one that has finished, was grounded, or may be gone on with later."""
        one = 1 << min(max(candidate.index or 0, 0), MOST_CANDIDATES)
        self._seen |= one
        if candidate.finish_reason == CONTINUATION:
            self._ended_at = self._read_so_far
        elif candidate.finish_reason not in UNFINISHED:
            self._finished |= one
        if one == 1:
            self._note_continuation(candidate)
        if candidate.grounding_metadata is not NULL and len(self._searches) < MOST_SEARCHES:
            self._searches |= searches_in(candidate.grounding_metadata)
        if self._finished and self._finished == self._seen:
            self._end()

    def _note_continuation(self, candidate: Candidate) -> None:
        """The newest token counts; an answer that has ended has none, unless its last event brings one (python-genai 3.4.0)."""
        if token := digest_in(candidate.continuation_token):
            self._continuation = token
        elif self._finished & 1:
            self._continuation = ""

    def _note_refusal(self, marks: Marks) -> None:
        """The prompt was not answered, or the answer broke off."""
        blocked = marks.prompt_feedback is not None and marks.prompt_feedback.block_reason not in UNBLOCKED
        if blocked or marks.error != NULL:
            self._end()

    def _end(self) -> None:
        if not self.is_terminal:
            self.is_terminal, self._ended_at = True, self._read_so_far


def open_stream(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a stream: events with `alt=sse`, one array without."""
    is_array = "json" in head.content_type.lower()
    events = ArrayElements() if is_array else ServerSentEvents()
    return StreamReader(head, events, AnswerTally(head.headers.get(TIER_HEADER, "")), HOLES)

"""The reader of the streams of OpenAI's dialect: server-sent events, of whatever shape.

What an event is to us is told by a `Look`: a function for each shape of events (`openai_chat`, `openai_events`,
`openai_native`). The event that reported usage last is kept as it is and read when somebody asks. Where none came, the
pieces of the answer are counted: these servers send one token in each (vLLM, llama.cpp and TGI always, OpenAI mostly).
"""

from collections.abc import Callable

import msgspec

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.coding import decoder_of
from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.lenient import Unreadable
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_frame import Frame
from sidecar.providers.openai_reported import named_in
from sidecar.providers.sse import ServerSentEvents

MOST_CHOICES = 63
EVENT_END = (b"\n\n", b"\r\n\r\n")


class Tally:
    """What the events of one stream were, up to now."""

    __slots__ = (
        "finished", "has_ended", "has_repeated", "is_final", "news", "output", "reasoning", "seen", "usage_event",
    )  # fmt: skip

    def __init__(self) -> None:
        self.output = self.reasoning = 0
        """Pieces of the answer, and of what was thought before it."""
        self.usage_event = b""
        """The last event that reported usage."""
        self.is_final = False
        """Nothing was generated after that report."""
        self.has_repeated = False
        """A report that should be the only one came twice."""
        self.has_ended = False
        """The terminal event came."""
        self.seen = self.finished = 0
        """Choices, one bit each."""
        self.news = 0
        """How often something was noted that is more than a piece."""

    def note_choice(self, index: int, *, has_finished: bool) -> None:
        """One choice had a part in the event."""
        one = 1 << min(max(index, 0), MOST_CHOICES)
        self.news += 1
        self.seen |= one
        if has_finished:
            self.finished |= one

    def note_usage(self, event: bytes) -> None:
        """The event reports usage, of all that was generated up to now."""
        self.news += 1
        self.usage_event = event
        self.is_final = self.finished != 0 and self.finished == self.seen

    def end(self, *, is_whole: bool) -> None:
        """The terminal event: of an answer that is whole, or of one that failed."""
        self.news += 1
        self.has_ended = True
        self.is_final = self.is_final or is_whole


Look = Callable[[bytes, Tally], None]
"""Takes an event and notes in the tally what it was. Never raises."""
Extract = Callable[[bytes], Reported | None]
"""Reads the usage of an event. Raises `Unreadable` when it is no document."""


class StreamReader:
    """Reads one stream."""

    __slots__ = (
        "_decoder", "_events", "_extract", "_extras", "_first", "_frame", "_is_between", "_look", "_otherwise", "_tally",
    )  # fmt: skip

    def __init__(
        self,
        head: ReplyHead,
        look: Look,
        extract: Extract,
        extras: Extras = PLAIN,
        otherwise: Reported | None = None,
    ) -> None:
        """`otherwise` is what the call used when the reply tells nothing at all."""
        self._decoder = decoder_of(head.content_coding)
        self._events = ServerSentEvents()
        self._look = look
        self._extract = extract
        self._extras = extras
        self._otherwise = otherwise
        self._tally = Tally()
        self._frame = Frame()
        self._is_between = False
        """The last piece ended where an event did."""
        self._first = b""
        """The first event, which names the model."""

    @property
    def is_terminal(self) -> bool:
        """The terminal event has been read."""
        return self._tally.has_ended

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return (self._decoder.gave_up if self._decoder else "") or self._events.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk)
        frame = self._frame
        if self._is_between and frame.fits(chunk):
            self._tally.output += frame.output
            self._tally.reasoning += frame.reasoning
        elif chunk:
            self._feed(chunk)

    def finish(self) -> None:
        """The body has ended."""
        for event in self._events.finish():
            self._look(event, self._tally)

    def reported(self) -> Reported | None:
        """What was reported last, or what was counted."""
        tally = self._tally
        reported = self._read(tally.usage_event)
        counted = tally.output + tally.reasoning
        if reported is None:
            return self._counted(named_in(self._first, self._extras)) if counted else self._otherwise
        made = reported.usage.output + reported.usage.reasoning
        if (counted > made) if not tally.is_final else (counted and not made):
            return self._counted(reported)  # numbers from before the answer, or zeros in place of numbers
        if tally.has_repeated:
            return at_least(reported, "reported_twice")
        return reported if tally.is_final else at_least(reported, "unfinished")

    def _feed(self, chunk: bytes) -> None:
        """Look at a piece whose frame is not known."""
        tally, was_between = self._tally, self._is_between
        output, reasoning, before = tally.output, tally.reasoning, (tally.news, tally.seen)
        events = self._events.feed(chunk)
        for event in events:
            self._look(event, tally)
        if not self._first and events:
            self._first = events[0]
        self._is_between = chunk.endswith(EVENT_END)
        output, reasoning = tally.output - output, tally.reasoning - reasoning
        if (
            was_between
            and self._is_between
            and len(events) == 1
            and (tally.news, tally.seen) == before
            and output + reasoning
        ):
            self._frame.learn(chunk, output, reasoning)

    def _read(self, event: bytes) -> Reported | None:
        try:
            return self._extract(event) if event else None
        except Unreadable:  # not seen: a look notes only what it could read
            return None

    def _counted(self, known: Reported) -> Reported:
        """An estimate from the pieces that came, with the input where it is known."""
        usage = known.usage
        return msgspec.structs.replace(
            known,
            usage=Usage(
                input=usage.input,
                cached_input=usage.cached_input,
                output=self._tally.output,
                reasoning=self._tally.reasoning,
            ),
            basis=Basis.ESTIMATED,
            reason="counted_deltas",
        )


def at_least(reported: Reported, reason: str) -> Reported:
    """The same as a lower bound, unless it is in doubt already."""
    if reported.basis is not Basis.EXACT:
        return reported
    return msgspec.structs.replace(reported, basis=Basis.AT_LEAST, reason=reason)

"""The streams of OpenAI's dialect: server-sent events, of whatever shape.

What an event is to us is told by a `Look`: a function for each shape of events (`openai_chat`, `openai_events`,
`openai_native`). The event that reported usage last is kept as it is and read when somebody asks. Where none came, the
pieces of the answer are counted: these servers send one token in each (vLLM, llama.cpp and TGI always, OpenAI mostly).
"""

from collections.abc import Callable

import msgspec

from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.sse import ServerSentEvents
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.frame import Repeat, holes_at
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import named_in
from sidecar.providers.reported import COUNTED, at_least
from sidecar.providers.stream import StreamReader
from sidecar.providers.unary import Extract

MOST_CHOICES = 63
HOLES = holes_at(
    piece=("content", "reasoning_content", "reasoning", "text", "delta"),
    free=("arguments", "obfuscation"),
    number=("sequence_number",),
)


Look = Callable[[bytes, "PieceTally"], None]
"""Takes an event and notes in the tally what it was. Never raises."""


class PieceTally:
    """What the events of one stream were, up to now."""

    __slots__ = (
        "_extract", "_extras", "_first", "_look", "_otherwise", "finished", "has_repeated", "is_final", "is_terminal", "news",
        "output", "reasoning", "seen", "usage_event",
    )  # fmt: skip

    def __init__(self, look: Look, extract: Extract, extras: Extras = PLAIN, otherwise: Reported | None = None) -> None:
        """`otherwise` is what the call used when the reply tells nothing at all."""
        self._look = look
        self._extract = extract
        self._extras = extras
        self._otherwise = otherwise
        self._first = b""
        """The first event, which names the model."""
        self.output = self.reasoning = 0
        """Pieces of the answer, and of what was thought before it."""
        self.usage_event = b""
        """The last event that reported usage."""
        self.is_final = False
        """Nothing was generated after that report."""
        self.has_repeated = False
        """A report that should be the only one came twice."""
        self.is_terminal = False
        """The answer is whole: the terminal event came, or every choice that was begun has finished."""
        self.seen = self.finished = 0
        """Choices, one bit each."""
        self.news = 0
        """How often something was noted that is more than a piece."""

    def note(self, event: bytes) -> Repeat | None:
        """Look at the next event; None when it was anything but one piece."""
        self._first = self._first or event
        output, reasoning, before = self.output, self.reasoning, (self.news, self.seen)
        self._look(event, self)
        pieces = self.output - output, self.reasoning - reasoning
        if (self.news, self.seen) != before or sum(pieces) != 1:
            return None
        return (self._repeat_output if pieces[0] else self._repeat_reasoning), 0

    def note_choice(self, index: int, *, has_finished: bool) -> None:
        """One choice had a part in the event."""
        one = 1 << min(max(index, 0), MOST_CHOICES)
        self.news += 1
        self.seen |= one
        if has_finished:
            self.finished |= one
        self.is_terminal = self.finished == self.seen  # agents leave here: only bookkeeping comes behind it

    def note_usage(self, event: bytes) -> None:
        """The event reports usage, of all that was generated up to now."""
        self.news += 1
        self.usage_event = event
        self.is_final = self.finished != 0 and self.finished == self.seen

    def end(self, *, is_whole: bool) -> None:
        """The terminal event: of an answer that is whole, or of one that failed."""
        self.news += 1
        self.is_terminal = True
        self.is_final = self.is_final or is_whole

    def reported(self) -> Reported | None:
        """What was reported last, or what was counted."""
        reported = self._read(self.usage_event)
        counted = self.output + self.reasoning
        if reported is None:
            return self._counted(named_in(self._first, self._extras)) if counted else self._otherwise
        made = reported.usage.output + reported.usage.reasoning
        if (counted > made) if not self.is_final else (counted and not made):
            return self._counted(reported)  # numbers from before the answer, or zeros in place of numbers
        if self.has_repeated:
            return at_least(reported, "reported_twice")
        return reported if self.is_final else at_least(reported, "unfinished")

    def _repeat_output(self, text: int) -> None:
        self.output += 1

    def _repeat_reasoning(self, text: int) -> None:
        self.reasoning += 1

    def _read(self, event: bytes) -> Reported | None:
        try:
            return self._extract(event) if event else None
        except Unreadable:  # not seen: a look notes only what it could read
            return None

    def _counted(self, known: Reported) -> Reported:
        """An estimate from the pieces that came, with the input where it is known."""
        used = known.usage
        usage = Usage(input=used.input, cached_input=used.cached_input, output=self.output, reasoning=self.reasoning)
        return msgspec.structs.replace(known, usage=usage, basis=Basis.ESTIMATED, reason=COUNTED)


def stream_reader(
    head: ReplyHead, look: Look, extract: Extract, extras: Extras = PLAIN, otherwise: Reported | None = None
) -> ReplyReader:
    """The reader of a stream whose events are of one shape."""
    return StreamReader(head, ServerSentEvents(), PieceTally(look, extract, extras, otherwise), HOLES)

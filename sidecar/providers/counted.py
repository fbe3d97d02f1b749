"""Streams that say what was used in their last event: until then their deltas are counted.

Servers mostly send one event for each token, so a stream that is cut has made about as many tokens as it sent deltas. The
last event is kept as it is and read when somebody asks.
"""

from collections.abc import Callable
from enum import Enum, auto

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.frame import Repeat, holes_at
from sidecar.providers.reported import COUNTED
from sidecar.providers.stream import Events, StreamReader
from sidecar.providers.unary import Extract


class Mark(Enum):
    """What an event of a stream is to us."""

    OTHER = auto()
    DELTA = auto()
    """A piece of the answer."""
    END = auto()
    """Ends the answer, and mostly says what was used."""


DELTA = Mark.DELTA


HOLES = holes_at(piece=("content", "thinking", "response", "text", "plan", "arguments"), free=("created_at",))
"""The text of a delta, by the names that Ollama and Cohere give it, and the time that Ollama gives each."""


class DeltaTally:
    """What the events of one stream were. `mark` says what one is and never raises; `extract` reads what the last one reports."""

    __slots__ = ("_deltas", "_extract", "_last", "_mark", "is_terminal")

    def __init__(self, mark: Callable[[bytes], Mark], extract: Extract) -> None:
        self.is_terminal = False
        self._mark = mark
        self._extract = extract
        self._deltas = 0
        self._last = b""

    def note(self, event: bytes) -> Repeat | None:
        """Look at the next event; None when it was no delta."""
        mark = self._mark(event)
        if mark is DELTA:
            self._deltas += 1
            return self._repeat, 0
        if mark is Mark.END and not self.is_terminal:  # the first one counts: a second can only be a mistake
            self._last, self.is_terminal = event, True
        return None

    def reported(self) -> Reported | None:
        """What the last event reports; before it, or when it reports nothing, an estimate of what was made."""
        if self._last:
            try:
                reported = self._extract(self._last)
            except Unreadable:  # not seen: `mark` has read it
                reported = None
            if reported is not None:
                return reported
        if not self._deltas:
            return None
        return Reported(Usage(output=self._deltas), basis=Basis.ESTIMATED, reason=COUNTED)

    def _repeat(self, text: int) -> None:
        self._deltas += 1


def counted_stream(
    events: Events[bytes], mark: Callable[[bytes], Mark], extract: Extract, head: ReplyHead
) -> ReplyReader:
    """The reader of a stream of events that are cut like this."""
    return StreamReader(head, events, DeltaTally(mark, extract), HOLES)

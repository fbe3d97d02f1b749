"""The reader of a stream that says what was used in its last event: until then its deltas are counted.

Servers mostly send one event for each token, so a stream that is cut has made about as many tokens as it sent deltas. The
last event is kept as it is and read when somebody asks.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.coding import decoder_of
from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.lenient import Unreadable


class Mark(Enum):
    """What an event of a stream is to us."""

    OTHER = auto()
    DELTA = auto()
    """A piece of the answer."""
    END = auto()
    """Ends the answer, and mostly says what was used."""


DELTA = Mark.DELTA


class Events(Protocol):
    """Cuts a body into the JSON documents that it is a sequence of."""

    @property
    def gave_up(self) -> str: ...  # noqa: D102

    def feed(self, piece: bytes) -> list[bytes]: ...  # noqa: D102

    def finish(self) -> list[bytes]: ...  # noqa: D102


class CountedStream:
    """Reads a stream. `mark` says what an event is and never raises; `extract` reads what the last one reports."""

    __slots__ = ("_decoder", "_deltas", "_events", "_extract", "_last", "_mark", "is_terminal")

    def __init__(
        self,
        events: Events,
        mark: Callable[[bytes], Mark],
        extract: Callable[[bytes], Reported | None],
        head: ReplyHead,
    ) -> None:
        self.is_terminal = False
        self._decoder = decoder_of(head.content_coding)
        self._events = events
        self._mark = mark
        self._extract = extract
        self._deltas = 0
        self._last = b""

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return (self._decoder.gave_up if self._decoder else "") or self._events.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk)
        for event in self._events.feed(chunk):
            mark = self._mark(event)
            if mark is DELTA:
                self._deltas += 1
            else:
                self._note(mark, event)

    def finish(self) -> None:
        """The body has ended."""
        for event in self._events.finish():
            self._note(self._mark(event), event)

    def _note(self, mark: Mark, event: bytes) -> None:
        if mark is DELTA:
            self._deltas += 1
        elif mark is Mark.END and not self.is_terminal:  # the first one counts: a second can only be a mistake
            self._last, self.is_terminal = event, True

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
        return Reported(Usage(output=self._deltas), basis=Basis.ESTIMATED, reason="counted_deltas")

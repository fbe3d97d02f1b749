"""The reader of a reply that comes in events, for whatever dialect.

A class of `bodies/` cuts the body into events, and a tally, the dialect's own, takes note of each. A chunk that is the one
before with another text is known by its frame and not cut or decoded (`frame.py`).
"""

from typing import Generic, Protocol, TypeVar

from sidecar.bodies.coding import decoder_of
from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.frame import Frame, Holes, Repeat

Event = TypeVar("Event")
Taken = TypeVar("Taken", contravariant=True)


class Events(Protocol[Event]):
    """Cuts a body into the events that it is a sequence of."""

    is_idle: bool
    """Nothing is pending: the last piece ended where an event ended."""

    @property
    def gave_up(self) -> str: ...  # noqa: D102

    def feed(self, piece: bytes) -> list[Event]: ...  # noqa: D102

    def finish(self) -> list[Event]: ...  # noqa: D102


class Tally(Protocol[Taken]):
    """What the events of one stream have said until now. Bounded in memory; never raises."""

    @property
    def is_terminal(self) -> bool:
        """The terminal event has been read."""
        ...

    def note(self, event: Taken) -> Repeat | None:
        """Look at the next event; None when it did anything but add to the answer."""
        ...

    def reported(self) -> Reported | None:
        """What was reported, or counted."""
        ...


class StreamReader(Generic[Event]):
    """Reads one stream."""

    __slots__ = ("_decoder", "_events", "_frame", "_holes", "_tally")

    def __init__(self, head: ReplyHead, events: Events[Event], tally: Tally[Event], holes: Holes) -> None:
        self._decoder = decoder_of(head.content_coding)
        self._events = events
        self._tally = tally
        self._holes = holes
        self._frame: Frame | None = None

    @property
    def is_terminal(self) -> bool:
        """The terminal event has been read."""
        return self._tally.is_terminal

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return (self._decoder.gave_up if self._decoder else "") or self._events.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk)
        was_idle, frame = self._events.is_idle, self._frame
        if frame is not None and was_idle and (text := frame.text_in(chunk)) >= 0:
            frame.repeat(text)
            return
        events, repeat = self._events.feed(chunk), None
        for event in events:
            repeat = self._tally.note(event)
        if repeat is not None and was_idle and self._events.is_idle and len(events) == 1:
            self._frame = frame = frame or Frame(self._holes)
            frame.learn(chunk, *repeat)

    def finish(self) -> None:
        """The body has ended."""
        for event in self._events.finish():
            self._tally.note(event)

    def reported(self) -> Reported | None:
        """What has been reported, or counted, up to now."""
        return self._tally.reported()

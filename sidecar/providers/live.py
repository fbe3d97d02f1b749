"""What a dialect promises of sockets that carry many calls: Gemini Live, OpenAI's Realtime, Responses over WebSocket.

A socket is no call. Each answer in it is one, of kind `live`: a *turn*. A dialect's reader sees a copy of every message of both
sides, in the order in which they pass, and says in events where turns begin and end; what a turn used is asked of the turn.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sidecar.providers.contract import ReplyReader
from sidecar.websocket.message import Message


class Asked(msgspec.Struct, frozen=True, gc=False):
    """The caller has asked for an answer: the turn opens, and from here it may cost money."""

    turn: int
    model: str = ""


class Began(msgspec.Struct, frozen=True, gc=False):
    """The first word of the provider about an answer. One that nobody asked for opens with it (voice detection)."""

    turn: int
    model: str = ""


class Ended(msgspec.Struct, frozen=True, gc=False):
    """The terminal event of an answer has passed: it is whole, or it ended as its provider says it ended."""

    turn: int
    awaits_usage: bool = False
    """Its usage has not been told and may still be (`Told`). The call settles then, or when a moment has passed."""


class Declined(msgspec.Struct, frozen=True, gc=False):
    """The provider has refused what was asked for; nothing more comes of it."""

    turn: int
    status: int = 400
    """The HTTP status that it names, or that such an error has elsewhere."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """The usage of an answer that had ended has come."""

    turn: int


class Resumable(msgspec.Struct, frozen=True, gc=False):
    """The provider has named a handle by which another socket may go on with this session."""

    handle: str
    """Its digest (`names.mark_of`); empty when from here on there is none."""


class Resumed(msgspec.Struct, frozen=True, gc=False):
    """The caller goes on with an earlier session, by a handle."""

    handle: str
    """Its digest."""


LiveEvent = Asked | Began | Ended | Declined | Told | Resumable | Resumed


class LiveReader(Protocol):
    """Reads the messages of one socket. Bounded in memory; never raises on what it is fed; takes microseconds a message."""

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller that passes on to the provider."""
        ...

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider that passes on to the caller."""
        ...

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn that is open, or has ended and not been asked for yet: its usage so far, or finally.

        The bytes come by the two above: `feed` of what is returned is never called. The reader forgets a turn when this was
        asked for the first time; whoever asked keeps it.
        """
        ...

    def closed(self) -> Sequence[LiveEvent]:
        """A side has sent its close frame: what is open ends by that, where an end of the socket is how it ends in order."""
        ...

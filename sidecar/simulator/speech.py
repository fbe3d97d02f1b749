"""What every dialect has to say of one call, and the few forms in which they write it. Pure.

A speech is made for one call and asked in the order of the reply; it may count what it has said.
"""

from typing import Any, Protocol

import msgspec

from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.simulator.declined import Declined

EVENTS = "text/event-stream"
JSON = "application/json"
Header = tuple[bytes, bytes]


class Naming(msgspec.Struct, frozen=True):
    """What names one reply: the number of its call, and the moment of its creation."""

    number: int
    received_at: Moment

    @property
    def created(self) -> int:
        """Seconds since the epoch."""
        return self.received_at // SECOND

    @property
    def created_at(self) -> str:
        """RFC 3339."""
        return rfc3339(self.received_at)


class Speech(Protocol):
    """The bytes of one reply, in one dialect."""

    stream_type: str
    """Content type of a stream."""
    document_type: str
    """Content type of a reply in one piece."""

    def headers(self) -> list[Header]:
        """Headers of the reply, besides its content type."""
        ...

    def whole(self) -> bytes:
        """The answer in one piece."""
        ...

    def piece(self, step: int) -> bytes:
        """What a stream carries for a step, the end of thinking (0) included; empty for nothing."""
        ...

    def closing(self) -> bytes:
        """What a stream carries after its tail, when the work was done to its end."""
        ...

    def trailer(self) -> bytes:
        """The last bytes of any body that ends in order."""
        ...

    def failure(self) -> bytes:
        """What a stream carries when the work fails in its middle."""
        ...

    def refusal(self, declined: Declined) -> bytes:
        """The body of a reply that declines."""
        ...


class Unstreamed:
    """The parts of a speech that has nothing for a stream."""

    stream_type, document_type = EVENTS, JSON

    def piece(self, step: int) -> bytes:
        """Nothing."""
        return b""

    def closing(self) -> bytes:
        """Nothing."""
        return b""

    def trailer(self) -> bytes:
        """Nothing."""
        return b""

    def failure(self) -> bytes:
        """Nothing."""
        return b""


def json_line(value: object) -> bytes:
    """JSON with nothing between its tokens."""
    return msgspec.json.encode(value)


def data(value: object) -> bytes:
    """One server-sent event without a name."""
    return b"data: " + json_line(value) + b"\n\n"


def named_event(value: dict[str, Any]) -> bytes:
    """One server-sent event, named by the type that its data has."""
    name: str = value["type"]
    return b"event: " + name.encode("ascii") + b"\n" + data(value)

"""A caller's connection on which no HTTP is spoken, or not yet: what all of them have in common."""

from typing import Protocol


class Passage(Protocol):
    """A TLS handshake, a tunnel whose first bytes are awaited, or one that passes them on. It is in `Context.passages`."""

    def __hash__(self) -> int: ...

    def look(self, now_ns: int) -> None:
        """The sweep's look: end what takes too long, by a reading of the monotonic clock."""
        ...

    def end(self) -> None:
        """End it at once: the program ends."""
        ...

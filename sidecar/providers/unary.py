"""The reader of a reply that is one JSON document, for whatever dialect: what it says is told by a function."""

from collections.abc import Callable

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.skeleton import BoundedCopy
from sidecar.providers.contract import ReplyHead, Reported

Extract = Callable[[bytes], Reported | None]
"""Takes a document; None when no usage is reported. Raises `Unreadable` when it is no document."""


class UnaryReader:
    """Reads a reply that is one JSON document. Says nothing before its end: half a document is none."""

    __slots__ = ("_copy", "_decoder", "_extract", "_reported", "_unreadable", "is_terminal")

    def __init__(self, extract: Extract, head: ReplyHead) -> None:
        self.is_terminal = False
        self._extract = extract
        self._decoder = decoder_of(head.content_coding)
        self._copy = BoundedCopy()
        self._unreadable = ""
        self._reported: Reported | None = None

    @property
    def gave_up(self) -> str:
        """Why the reply was not read, one word; empty when it was."""
        return (self._decoder.gave_up if self._decoder else "") or self._copy.gave_up or self._unreadable

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        self._copy.feed(self._decoder.decode(chunk) if self._decoder else chunk)

    def finish(self) -> None:
        """The body has ended: read it, unless that is done."""
        if self.is_terminal or not (document := self._copy.take()):
            return
        try:
            self._reported = self._extract(document)
            self.is_terminal = True
        except Unreadable:
            self._unreadable = "unreadable_json"

    def reported(self) -> Reported | None:
        """What the whole reply reports."""
        return self._reported

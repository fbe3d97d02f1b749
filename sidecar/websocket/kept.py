"""What is kept of a message while it comes, piece by piece: all of it, or as much as may be."""

from collections.abc import Callable
from typing import Final, Protocol

from sidecar.websocket.message import Message

JSON_BEGINS: Final = (b"{", b"[")


class Shortening(Protocol):
    """Makes a large JSON document small, piece by piece, in bounded memory (`bodies.skeleton.Skeleton` is one)."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the document."""
        ...

    def document(self) -> bytes:
        """What was kept of all that was fed; empty when that is nothing."""
        ...


class Kept:
    """A message as it is while it is small; of a larger one its shortened form, or else its beginning."""

    __slots__ = ("_is_cut", "_most", "_plain", "_short", "_shortening")

    def __init__(self, most: int, shortening: Callable[[], Shortening] | None = None) -> None:
        """`most` bytes are kept plain. Binary messages are shortened too: Gemini Live sends its JSON in them."""
        self._most = most
        self._shortening = shortening
        self._plain: bytes | bytearray = b""  # the piece itself while there is only one, as there mostly is
        self._short: Shortening | None = None
        self._is_cut = False

    @property
    def is_full(self) -> bool:
        """Nothing more of this message is kept, so that it need not be added."""
        return self._is_cut and self._short is None

    def add(self, piece: bytes) -> None:
        """Take the next piece of the message."""
        if self._short is not None:
            self._short.feed(piece)
        elif self._is_cut:
            return
        elif len(self._plain) + len(piece) > self._most:
            self._cut(piece)
        elif self._plain:
            self._plain = bytearray(self._plain) if type(self._plain) is bytes else self._plain
            self._plain += piece
        else:
            self._plain = piece

    def take(self, is_text: bool) -> Message:
        """The message; there is then room for another."""
        data = bytes(self._plain) if self._short is None else self._short.document()
        is_whole = not self._is_cut
        self.clear()
        return Message(data, is_text, is_whole)

    def clear(self) -> None:
        """Forget what there is."""
        self._plain, self._short, self._is_cut = b"", None, False

    def _cut(self, piece: bytes) -> None:
        self._is_cut = True
        plain = bytes(self._plain)
        begins = (plain[:64] + piece[:64]).lstrip(b" \t\r\n")
        if self._shortening is not None and begins.startswith(JSON_BEGINS):
            self._short, self._plain = self._shortening(), b""
            self._short.feed(plain)
            self._short.feed(piece)
        else:
            self._plain = plain + piece[: self._most - len(plain)]

"""`application/vnd.amazon.eventstream`: AWS's frames, as they complete (smithy.io, "Amazon Event Stream Specification").

    u32 length | u32 length of headers | u32 CRC of these 8 bytes | headers | payload | u32 CRC of all before

A frame is whole or it is nothing: both checksums hold before anything of it is given. One that does not hold ends the reading
with a word, since where the next one begins can't be known then. Payloads are JSON; a large one comes as its skeleton.
"""

import zlib
from functools import lru_cache
from struct import Struct as Layout, error as LayoutError  # noqa: N812

from msgspec import Struct

from sidecar.bodies.skeleton import PLAIN, BoundedCopy

PRELUDE = Layout(">III")
CHECKSUM = Layout(">I")
LEAST = PRELUDE.size + CHECKSUM.size
MOST_HEADERS = 128 * 1024
MOST_PAYLOAD = 24 * 1024 * 1024
"""As botocore has them. Services that stay within the specification send 16 MiB at most."""

MOST_FORMS = 64
"""Forms of headers that are remembered: a stream has as many as it has kinds of events, five or six."""
LONGEST_FORM = 512
"""Bytes; longer headers are read each time, so that the memory of them is bounded."""

BROKEN, TOO_LARGE = "broken_frame", "frame_too_large"


class FrameHead(Struct, frozen=True, gc=False):
    """What a frame's headers say."""

    is_event: bool
    """The frame is part of an answer; exceptions and errors end it."""
    name: str
    """Type of the event or of the exception, or the error's code."""


Frame = tuple[FrameHead, bytes]
"""What a frame is, and its payload, which is empty when its skeleton grew past all bounds."""


class EventStream:
    """Takes an event stream in pieces and gives its frames."""

    __slots__ = ("_held", "_is_lost", "_large", "_needed", "gave_up", "is_idle")

    def __init__(self) -> None:
        self.gave_up = ""
        """Why something was passed over, one word; empty when nothing was."""
        self.is_idle = True
        """Nothing is pending: the last piece ended where a frame ended."""
        self._is_lost = False
        """Where the next frame begins is not known any more."""
        self._held = bytearray()
        """The beginning of a frame that is not whole yet: at most `PLAIN` bytes."""
        self._needed = 0
        """Bytes of it that are worth another look."""
        self._large: LargeFrame | None = None

    def feed(self, piece: bytes) -> list[Frame]:
        """The frames that this piece completes."""
        found: list[Frame] = []
        at = 0
        while at < len(piece) and not self._is_lost:
            if self._large is not None:
                at = self._pass(self._large, piece, at, found)
            elif self._held:
                at = self._fill(piece, at, found)
            else:
                at = self._begin(piece, at, found)
        self.is_idle = not (self._held or self._large or self._is_lost)
        return found

    def finish(self) -> list[Frame]:
        """The body has ended: a frame that is not whole is none."""
        return []

    def _begin(self, piece: bytes, at: int, found: list[Frame]) -> int:
        """A frame begins here; how far it was taken."""
        left = len(piece) - at
        if left < PRELUDE.size:
            return self._hold(piece, at, PRELUDE.size)
        length, headers, checksum = PRELUDE.unpack_from(piece, at)
        if zlib.crc32(piece[at : at + 8]) != checksum or length < headers + LEAST:
            return self._lose(piece, BROKEN)
        if headers > MOST_HEADERS or length - headers > MOST_PAYLOAD + LEAST:
            return self._lose(piece, TOO_LARGE)
        if length > PLAIN:
            self._large = LargeFrame(length, headers)
            return at
        return self._whole(piece, at, length, headers, found) if left >= length else self._hold(piece, at, length)

    def _whole(self, piece: bytes, at: int, length: int, headers: int, found: list[Frame]) -> int:
        """A frame stands here; its end."""
        start = at + PRELUDE.size
        payload, body = start + headers, at + length - CHECKSUM.size
        is_sound = zlib.crc32(piece[at:body]) == CHECKSUM.unpack_from(piece, body)[0]
        head = head_of(piece[start:payload]) if is_sound else None
        if head is None:
            return self._lose(piece, BROKEN)
        found.append((head, piece[payload:body]))
        return at + length

    def _hold(self, piece: bytes, at: int, needed: int) -> int:
        self._held += piece[at:]
        self._needed = needed
        return len(piece)

    def _fill(self, piece: bytes, at: int, found: list[Frame]) -> int:
        """Go on with what is held, as far as is needed to look at it again."""
        end = at + self._needed - len(self._held)
        self._held += piece[at:end]
        if len(self._held) < self._needed:
            return len(piece)
        held = bytes(self._held)
        self._held.clear()
        self._begin(held, 0, found)
        if self._large is not None:
            self._large.feed(held)
        return end

    def _pass(self, large: "LargeFrame", piece: bytes, at: int, found: list[Frame]) -> int:
        """Go on with a frame that is not held."""
        end = at + large.missing
        large.feed(piece[at:end])
        if large.missing:
            return len(piece)
        self._large = None
        frame = large.frame()
        if frame is None:
            return self._lose(piece, BROKEN)
        self.gave_up = self.gave_up or large.gave_up
        found.append(frame)
        return end

    def _lose(self, piece: bytes, word: str) -> int:
        self._is_lost, self.gave_up = True, word
        return len(piece)


class LargeFrame:
    """A frame that is too large to be held: checked as it passes, its payload kept as a skeleton."""

    __slots__ = ("_body", "_checksum", "_copy", "_head", "_length", "_passed", "_payload", "_tail")

    def __init__(self, length: int, headers: int) -> None:
        self._length = length
        self._payload = PRELUDE.size + headers
        self._body = length - CHECKSUM.size
        self._passed = 0
        self._checksum = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._copy = BoundedCopy()

    @property
    def missing(self) -> int:
        """Bytes that are still to come."""
        return self._length - self._passed

    @property
    def gave_up(self) -> str:
        """Why the payload was not kept, one word; empty when it was."""
        return self._copy.gave_up

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the frame, and nothing behind it."""
        payload, body = max(0, self._payload - self._passed), max(0, self._body - self._passed)
        self._passed += len(piece)
        self._checksum = zlib.crc32(piece[:body], self._checksum)
        self._head += piece[:payload]
        if part := piece[payload:body]:
            self._copy.feed(part)
        self._tail += piece[body:]

    def frame(self) -> Frame | None:
        """The whole frame; None when it does not hold."""
        head = head_of(bytes(self._head[PRELUDE.size :]))
        if head is None or CHECKSUM.unpack(self._tail)[0] != self._checksum:
            return None
        return head, self._copy.take()


# === headers ===

SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a value by the number of its type: true, false, byte, short, int, long, timestamp, UUID."""
BYTES, STRING = 6, 7
"""The types whose length stands before them."""
LENGTH = Layout(">H")

NAMES = {"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}
"""Where a frame's name stands, by `:message-type`."""


def head_of(headers: bytes) -> FrameHead | None:
    """What a frame's headers say; None when they can't be read."""
    return remembered_head(headers) if len(headers) <= LONGEST_FORM else read_head(headers)


def read_head(headers: bytes) -> FrameHead | None:
    """The same, worked out."""
    try:
        texts = texts_in(headers)
    except (LayoutError, IndexError, KeyError, ValueError):
        return None
    message_type = texts.get(":message-type", "")
    return FrameHead(message_type == "event", texts.get(NAMES.get(message_type, ""), ""))


remembered_head = lru_cache(MOST_FORMS)(read_head)


def texts_in(headers: bytes) -> dict[str, str]:
    """The headers that are texts, by name; of the others there are only the names.

    Raises:
        IndexError, KeyError, struct.error, ValueError: they break off, or have a type or a text that there is not, or a name
            twice.
    """
    texts: dict[str, str] = {}
    at = 0
    while at < len(headers):
        start = at + 1
        at = start + headers[at]
        name, kind = headers[start:at].decode(), headers[at]
        at += 1
        if kind in (BYTES, STRING):
            (size,) = LENGTH.unpack_from(headers, at)
            at += LENGTH.size
        else:
            size = SIZES[kind]
        at += size
        if at > len(headers) or name in texts:
            raise ValueError(name)
        texts[name] = headers[at - size : at].decode() if kind == STRING else ""
    return texts

"""Knows an event that tells nothing new by what stands around its text.

Most events of a stream are the one before with another text. Once an event was decoded and told nothing, its bytes without
the text (and without the number that some streams give each event) are its frame. A chunk that is the same frame around
other strings decodes to the same fields, so it need not be decoded: that is four times cheaper, and exact, because a
string's body is taken to end at the first quote, and an escaped quote makes the chunk go the long way.
"""

import re

import msgspec

from sidecar.providers.lenient import UNREADABLE

HOLE = re.compile(rb'"(text|event_id)": ?"([^"\\]*)"')
"""A key that stands unescaped begins a member, so what follows is a string's body, wherever in the document it is."""
MOST_HOLES = 4
MOST_LESSONS = 8
"""Frames that are tried in one stream: one whose events differ otherwise is decoded event by event."""
LONGEST = 4096
"""Bytes of a chunk whose frame is kept."""
BACKSLASH = 0x5C
OTHER = -1
TEXT = msgspec.json.Decoder(str)


class Frame:
    """The frame of the last chunk that told nothing new."""

    __slots__ = ("_first", "_fixed_text", "_lessons", "_rest")

    def __init__(self) -> None:
        self._lessons = 0
        self._first = b""
        self._rest: list[tuple[bytes, int, bool]] = []
        """Behind each hole: what follows it, how long that is, and whether the hole was text."""
        self._fixed_text = 0
        """Bytes of text that are part of the frame."""

    def text_in(self, chunk: bytes) -> int:
        """Bytes of text in a chunk of this frame; `OTHER` for any other chunk."""
        first = self._first
        if not first or not chunk.startswith(first):
            return OTHER
        at, text = len(first), self._fixed_text
        for after, length, is_text in self._rest:
            close = chunk.find(b'"', at)
            if close < 0 or chunk[close - 1] == BACKSLASH or not chunk.startswith(after, close):
                return OTHER
            if is_text:
                text += close - at if chunk.find(b"\\", at, close) < 0 else text_bytes_of(chunk[at:close])
            at = close + length
        return text if at == len(chunk) else OTHER

    def learn(self, chunk: bytes, text_bytes: int) -> None:
        """Take the frame of a chunk that is one whole event and told nothing new; it had so many bytes of text."""
        if self._lessons == MOST_LESSONS or len(chunk) > LONGEST:
            return
        self._lessons += 1
        holes = list(HOLE.finditer(chunk))
        if not 0 < len(holes) <= MOST_HOLES:
            return
        self._first = chunk[: holes[0].start(2)]
        ends = [hole.start(2) for hole in holes[1:]] + [len(chunk)]
        afters = [chunk[hole.end(2) : end] for hole, end in zip(holes, ends, strict=True)]
        self._rest = [(after, len(after), hole[1] == b"text") for hole, after in zip(holes, afters, strict=True)]
        self._fixed_text = max(0, text_bytes - sum(len(hole[2]) for hole in holes if hole[1] == b"text"))


def text_bytes_of(body: bytes) -> int:
    """Bytes of the text that a JSON string's body stands for, once its escapes are undone."""
    try:
        return len(TEXT.decode(b'"' + body + b'"').encode())
    except UNREADABLE:
        return len(body)

"""Knows a chunk of a stream that adds to the answer and says nothing else, by what stands around its text.

Most chunks are the one before with another text (and other padding, and another number). Once a chunk was decoded and only
added to the answer, its bytes without these are its frame. A chunk that is the same frame around other strings decodes to the
same fields, so it need not be decoded, nor cut into lines: that is four times cheaper. It is exact, because a string is taken
to end at the first quote, and an escaped quote makes the chunk go the long way.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from sidecar.bodies.lenient import UNREADABLE

Repeat = tuple[Callable[[int], None], int]
"""What takes the bytes of text of one more chunk like this one, and how many this one had."""

FREE, PIECE, TEXT, NUMBER = range(4)
"""Kinds of holes: a string that may be empty, a piece of the answer, one that is measured too, digits."""
KINDS = {"free": FREE, "piece": PIECE, "text": TEXT, "number": NUMBER}
"""By what the groups of a pattern are called."""
MOST_HOLES = 4
MOST_LESSONS = 8
"""Frames that are tried in one stream: one whose chunks differ otherwise is decoded chunk by chunk."""
LONGEST = 4096
"""Bytes of a chunk whose frame is kept."""
BACKSLASH = 0x5C
OTHER = -1
STRING = msgspec.json.Decoder(str)


class Holes(NamedTuple):
    """Where chunks of one frame may differ."""

    pattern: re.Pattern[bytes]
    """Finds members, each with a group that is called as its kind around the string's body or the digits."""
    part: slice | None
    """The part of a chunk that is looked at; None for all of it. What hangs on the text at both ends (lengths, checksums) is left
    out: what stands between is known to the byte."""


def holes_at(
    *,
    text: Iterable[str] = (),
    piece: Iterable[str] = (),
    free: Iterable[str] = (),
    number: Iterable[str] = (),
    part: slice | None = None,
) -> Holes:
    """Holes in members by kind and name. A key that stands unescaped begins a member, wherever in the document it is."""
    strings = (("text", text), ("piece", piece), ("free", free))
    patterns = [rf'"(?:{"|".join(names)})": ?"(?P<{kind}>[^"\\]+)"' for kind, names in strings if names]
    patterns += [rf'"(?:{"|".join(number)})": ?(?P<number>\d+)'] if number else []
    return Holes(re.compile("|".join(patterns).encode()), part)


class Frame:
    """The frame of the last chunk that only added to the answer."""

    __slots__ = ("_first", "_holes", "_lessons", "_part", "_pattern", "repeat")

    def __init__(self, holes: Holes) -> None:
        self._pattern, self._part = holes
        self._lessons = 0
        self._first = b""
        self._holes: list[tuple[int, bytes, bytes]] = []
        """Of each hole: its kind, the byte that ends it, and what follows that up to the next one."""
        self.repeat: Callable[[int], None] = ignore
        """Takes the bytes of text of a chunk of this frame."""

    def text_in(self, chunk: bytes) -> int:
        """Bytes of measured text in a chunk of this frame; `OTHER` for any other chunk."""
        if self._part is not None:
            chunk = chunk[self._part]
        rest = chunk.removeprefix(self._first)
        if len(rest) == len(chunk):
            return OTHER
        text, is_escaped = 0, BACKSLASH in chunk
        for kind, ender, after in self._holes:
            body, _, behind = rest.partition(ender)
            rest = behind.removeprefix(after)
            if len(rest) == len(behind) or (kind and not body) or (is_escaped and body.endswith(b"\\")):
                return OTHER
            if kind == TEXT:
                text += text_bytes_of(body) if is_escaped else len(body)
            elif kind == NUMBER and not body.isdigit():
                return OTHER
        return OTHER if rest else text

    def learn(self, chunk: bytes, repeat: Callable[[int], None], text: int) -> None:
        """Take the frame of a chunk that is one whole event and only added to the answer.

        If what was measured is not the text in the holes, some of it stands elsewhere, and nothing is learned.
        """
        if self._lessons == MOST_LESSONS or len(chunk) > LONGEST:
            return
        chunk = chunk if self._part is None else chunk[self._part]
        self._lessons += 1
        found = [
            (KINDS[hole.lastgroup or ""], *hole.span(hole.lastgroup or "")) for hole in self._pattern.finditer(chunk)
        ]
        if not 0 < len(found) <= MOST_HOLES or text != sum(end - start for kind, start, end in found if kind == TEXT):
            return
        starts = [start for _, start, _ in found[1:]] + [len(chunk)]
        afters = [chunk[end + 1 : start] for (_, _, end), start in zip(found, starts, strict=True)]
        self._first = chunk[: found[0][1]]
        self._holes = [(kind, chunk[end : end + 1], after) for (kind, _, end), after in zip(found, afters, strict=True)]
        self.repeat = repeat


def ignore(text: int) -> None:
    """What is done with text before a frame is known: nothing, for there is none."""


def text_bytes_of(body: bytes) -> int:
    """Bytes of the text that a JSON string's body stands for, once its escapes are undone."""
    try:
        return len(STRING.decode(b'"' + body + b'"').encode())
    except UNREADABLE:
        return len(body)

"""Knows a chunk of a stream that adds to the answer and says nothing else, by what stands around its text.

Most chunks are the one before with another text (and other padding, and another number). Once a chunk was decoded and only
counted, its bytes without these are its frame. A chunk that is the same frame around other strings decodes to the same fields,
so it need not be decoded, nor cut into lines: that is four times cheaper. It is exact, because a string is taken to end at the
first quote, and an escaped quote makes the chunk go the long way.
"""

import re

HOLE = re.compile(
    rb'"(?P<name>content|reasoning_content|reasoning|text|delta|arguments|obfuscation)": ?"(?P<text>[^"\\]+)"'
    rb'|"sequence_number": ?(?P<number>\d+)'
)
"""A key that stands unescaped begins a member, so what follows is its value, wherever in the document it is. An empty string is
no hole, so that it stays empty."""
MAY_BE_EMPTY = frozenset({b"arguments", b"obfuscation"})
"""What may become empty without changing what a chunk is to us."""
TEXT, FREE, NUMBER = range(3)
"""Kinds of holes: a piece of the answer, a string that may be empty, digits."""
MOST_HOLES = 4
MOST_LESSONS = 8
"""Frames that are tried in one stream: one whose chunks differ otherwise is decoded chunk by chunk."""
LONGEST = 4096
"""Bytes of a chunk whose frame is kept."""
BACKSLASH = 0x5C


class Frame:
    """The frame of the last chunk that only added to the answer."""

    __slots__ = ("_first", "_holes", "_lessons", "output", "reasoning")

    def __init__(self) -> None:
        self.output = self.reasoning = 0
        """What a chunk of this frame adds."""
        self._lessons = 0
        self._first = b""
        self._holes: list[tuple[int, bytes, bytes, int]] = []
        """Of each hole: its kind, the byte that ends it, what follows it up to the next one, and how long that is."""

    def fits(self, chunk: bytes) -> bool:
        """Whether the chunk is of this frame."""
        first = self._first
        if not first or not chunk.startswith(first):
            return False
        at = len(first)
        for kind, ender, after, length in self._holes:
            end = chunk.find(ender, at)
            if end <= at and (end < 0 or kind != FREE):
                return False
            if chunk[end - 1] == BACKSLASH or not chunk.startswith(after, end):
                return False
            if kind == NUMBER and not chunk[at:end].isdigit():
                return False
            at = end + length
        return at == len(chunk)

    def learn(self, chunk: bytes, output: int, reasoning: int) -> None:
        """Take the frame of a chunk that is one whole event and only added so much."""
        if self._lessons == MOST_LESSONS or len(chunk) > LONGEST:
            return
        self._lessons += 1
        found = list(HOLE.finditer(chunk))
        if not 0 < len(found) <= MOST_HOLES:
            return
        spans = [one.span("text") if one["number"] is None else one.span("number") for one in found]
        self._first = chunk[: spans[0][0]]
        starts = [start for start, _ in spans[1:]] + [len(chunk)]
        afters = [chunk[end:start] for (_, end), start in zip(spans, starts, strict=True)]
        kinds = [NUMBER if one["number"] else FREE if one["name"] in MAY_BE_EMPTY else TEXT for one in found]
        self._holes = [(kind, after[:1], after, len(after)) for kind, after in zip(kinds, afters, strict=True)]
        self.output, self.reasoning = output, reasoning

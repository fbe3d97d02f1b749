"""Newline-delimited JSON: the document on each line, as the lines complete.

Empty lines are passed over. What the end of the body leaves without its newline is given too, since whoever decodes it sees
whether it is whole. Nothing here raises.
"""

from sidecar.bodies.skeleton import PLAIN, BoundedCopy

BRACE = 0x7B
MOST_LINES = 50_000
"""Lines in one piece, which at a microsecond each hold the event loop up; a body that has more is not read on."""


class JsonLines:
    """Takes a body in pieces and gives its lines, with or without what ends them; large ones as skeletons."""

    __slots__ = ("_copy", "_is_lost", "is_idle")

    def __init__(self) -> None:
        self._copy = BoundedCopy()
        self.is_idle = True
        """Nothing is pending: the last piece ended where a line ended."""
        self._is_lost = False

    @property
    def gave_up(self) -> str:
        """Why a line was passed over, one word; empty when none was."""
        return "too_many_lines" if self._is_lost else self._copy.gave_up

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes."""
        if self.is_idle and 0 < piece.find(b"\n") + 1 == len(piece) <= PLAIN and piece[0] == BRACE:
            return [piece]  # one object on one line, as servers mostly send them; its newline hurts nobody
        lines = piece.split(b"\n", MOST_LINES)
        rest = lines.pop()
        if self._is_lost or len(lines) == MOST_LINES:
            self._is_lost, self.is_idle = True, False
            return []
        if lines:
            if not self.is_idle or len(piece) > PLAIN:
                lines = [self._whole(part) for part in lines]
            self.is_idle = True
        if rest:
            self._copy.feed(rest)
            self.is_idle = False
        return [line for line in lines if line and line != b"\r"]

    def finish(self) -> list[bytes]:
        """The body has ended: the line that was left open, if there is one."""
        return [line] if not self._is_lost and (line := self._copy.take()) else []

    def _whole(self, part: bytes) -> bytes:
        """The line that this ends."""
        self._copy.feed(part)
        return self._copy.take()

"""The elements of a JSON array, as they complete.

`streamGenerateContent` without `alt=sse` answers with one array that grows element by element. A document that is an
object and no array (an error, say) counts as its own only element; scalars among the elements are passed over, for they
tell us nothing. Nothing here raises; text that is no JSON gives elements that can't be decoded, or none.
"""

from sidecar.bodies.skeleton import ESCAPED, OPENING, PAST_LEAVES, QUOTE, UP_TO_BRACKET, BoundedCopy, close_of

MOST_BRACKETS = 100_000
"""Brackets in one piece, which at a microsecond each hold the event loop up; an array that has more is not read on."""


class ArrayElements:
    """Takes a JSON array in pieces and gives its elements, large ones as skeletons."""

    __slots__ = ("_copy", "_depth", "_is_escaped", "_is_in_string", "_is_lost", "_outside")
    is_idle = False
    """There is no place at which nothing is pending: behind an element comes a comma, or the end."""

    def __init__(self) -> None:
        self._copy = BoundedCopy()
        self._depth = 0
        self._outside = 1
        """The depth between elements: 1 in an array, 0 when the document is an object."""
        self._is_in_string = False
        self._is_escaped = False
        self._is_lost = False

    @property
    def gave_up(self) -> str:
        """Why an element was passed over, one word; empty when none was."""
        return "too_many_brackets" if self._is_lost else self._copy.gave_up

    def feed(self, piece: bytes) -> list[bytes]:
        """The elements that this piece completes."""
        return [element for element in self._complete(piece) if element] if not self._is_lost else []

    def _complete(self, piece: bytes) -> list[bytes]:
        """The same; empty ones are those that were too large."""
        found: list[bytes] = []
        at = self._leave_string(piece) if self._is_in_string else 0
        start = 0 if self._depth > self._outside else len(piece)
        for _ in range(MOST_BRACKETS):
            at = self._next_bracket(piece, at)
            if at == len(piece):
                self._copy.feed(piece[start:])
                return found
            if piece[at] in OPENING:
                start = at if self._open(piece[at]) else start
            elif self._close():
                self._copy.feed(piece[start : at + 1])
                found.append(self._copy.take())
                start = len(piece)  # nothing of the next one yet
            at += 1
        self._is_lost = True
        return found

    def finish(self) -> list[bytes]:
        """The document has ended: an element that is not whole is no element."""
        return []

    def _next_bracket(self, piece: bytes, at: int) -> int:
        """Where the next bracket outside of strings stands, or the piece's end."""
        passed = (PAST_LEAVES if self._depth > self._outside else UP_TO_BRACKET).match(piece, at)
        at = passed.end() if passed else at
        if at < len(piece) and piece[at] == QUOTE:
            self._is_in_string, self._is_escaped = True, close_of(piece, at + 1) == ESCAPED
            return len(piece)
        return at

    def _leave_string(self, piece: bytes) -> int:
        """Where the string ends in which the last piece stopped."""
        if not piece:
            return 0
        close = close_of(piece, 1 if self._is_escaped else 0)
        self._is_escaped = close == ESCAPED
        self._is_in_string = close < 0
        return close + 1 if close >= 0 else len(piece)

    def _open(self, bracket: int) -> bool:
        """Go one deeper; True when an element begins here."""
        if self._depth == 0:
            self._outside = 1 if bracket == 0x5B else 0
        self._depth += 1
        return self._depth == self._outside + 1

    def _close(self) -> bool:
        """Come back by one; True when an element ends here."""
        was_inside = self._depth > self._outside
        self._depth = max(0, self._depth - 1)
        return was_inside and self._depth == self._outside

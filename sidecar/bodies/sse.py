"""Server-sent events: the `data` of each event, as the events complete.

By the WHATWG's rules for `text/event-stream`: lines end in CR, LF or CRLF; `data` lines of one event are joined by LF;
comments, other fields and a byte order mark at the start are passed over. One thing is different: an event that the end
of the body leaves without its blank line is given too, since whoever decodes it sees whether it is whole.
"""

import re

from sidecar.bodies.skeleton import PLAIN, BoundedCopy

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_END = re.compile(rb"\r\n|\r|\n")
HEAD = len(BYTE_ORDER_MARK) + len(b"data: ")
"""Bytes of a line that are enough to say what field it is and where its value begins."""
MOST_LINES = 50_000
"""Lines in one piece, which at a microsecond each hold the event loop up; a stream that has more is not read on."""


class ServerSentEvents:
    """Takes an event stream in pieces and gives the payload of each event; large ones, being JSON, as skeletons."""

    __slots__ = ("_copy", "_has_data", "_head", "_is_after_cr", "_is_data", "_is_first_line", "_is_lost", "is_idle")

    def __init__(self) -> None:
        self._copy = BoundedCopy()
        self._has_data = False
        """The present event has had a `data` line."""
        self._head = b""
        self._is_data: bool | None = None
        """Whether the present line is a `data` line; None while `_head` does not say."""
        self._is_after_cr = False
        self._is_first_line = True
        self.is_idle = True
        """Nothing is pending: the last piece ended where an event ended."""
        self._is_lost = False

    @property
    def gave_up(self) -> str:
        """Why an event was passed over, one word; empty when none was."""
        return "too_many_lines" if self._is_lost else self._copy.gave_up

    def feed(self, piece: bytes) -> list[bytes]:
        """The payloads of the events that this piece completes."""
        if self.is_idle and (events := whole_events(piece)) is not None:
            self._is_first_line = False
            return events
        return self._by_line(piece) if piece and not self._is_lost else []

    def _by_line(self, piece: bytes) -> list[bytes]:
        """The same for pieces that are cut anywhere."""
        if self._is_after_cr:
            piece = piece.removeprefix(b"\n")  # the other half of a CRLF that was cut in two
        found: list[bytes] = []
        at = 0
        for number, end in enumerate(LINE_END.finditer(piece)):
            if number == MOST_LINES:
                self._is_lost, self.is_idle = True, False
                return found
            self._part_of_line(piece[at : end.start()])
            self._end_line(found)
            at = end.end()
        self._is_after_cr = piece.endswith(b"\r")
        self._part_of_line(piece[at:])
        self.is_idle = not (self._has_data or self._is_data is not None or self._head or self._is_after_cr)
        return found

    def finish(self) -> list[bytes]:
        """The body has ended: the payload of the event that was left open, if there is one."""
        found: list[bytes] = []
        self._end_line(found)
        self._end_line(found)
        return found

    def _part_of_line(self, part: bytes) -> None:
        if self._is_data is None:
            self._head += part
            if len(self._head) < HEAD:
                return
            part, self._head = self._value(), b""
        if self._is_data:
            self._copy.feed(part)

    def _end_line(self, found: list[bytes]) -> None:
        if self._is_data is None:
            if rest := self._value():
                self._copy.feed(rest)
            if not self._head:
                self._end_event(found)
        self._head, self._is_data, self._is_first_line = b"", None, False

    def _end_event(self, found: list[bytes]) -> None:
        self._has_data = False
        if payload := self._copy.take():
            found.append(payload)

    def _value(self) -> bytes:
        """Say by the line's head what field it is; what of its value the head holds, when it is `data`."""
        if self._is_first_line:
            self._head = self._head.removeprefix(BYTE_ORDER_MARK)
        name, _, value = self._head.partition(b":")
        self._is_data = name == b"data"
        if not self._is_data:
            return b""
        if self._has_data:
            self._copy.feed(b"\n")
        self._has_data = True
        return value.removeprefix(b" ")


def whole_events(piece: bytes) -> list[bytes] | None:
    """The payloads, when the piece is nothing but whole events of one `data` line each: how servers mostly send them.

    A line before it may name the event, as those of Anthropic and OpenAI's Responses do.
    """
    if len(piece) > PLAIN or not piece.endswith((b"\r\n\r\n", b"\n\n")):
        return None
    lines = piece.splitlines()
    if len(lines) == 2 and lines[0].startswith(b"data: {"):
        return [lines[0][6:]]
    if len(lines) == 3 and lines[1].startswith(b"data: {") and lines[0].startswith(b"event: "):
        return [lines[1][6:]]
    return _several(lines)


def _several(lines: list[bytes]) -> list[bytes] | None:
    events, has_data = [], False
    for line in lines:
        if line.startswith(b"data: {"):
            if has_data:
                return None
            has_data = True
            events.append(line[6:])
        elif not line:
            has_data = False
        elif not line.startswith(b"event: "):
            return None
    return events or None

"""Forms: the small fields of `multipart/form-data` (RFC 7578, in the framing of RFC 2046 section 5.1).

Small fields are kept until the end of the body; files are passed over, however long they are. What is not framed as the RFCs
have it (lines that end in LF alone, a part without a name) is passed over as well. Nothing here raises.
"""

import re
from enum import Enum, auto

BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
"""RFC 2046 5.1.1: at most 70 characters; quoted where it holds something that is no token."""
NAME = re.compile(rb'^content-disposition:[^\r\n]*?;\s*name="?([^";\r\n]*)', re.IGNORECASE | re.MULTILINE)
FILE = re.compile(rb"^content-disposition:[^\r\n]*?;\s*filename\*?=", re.IGNORECASE | re.MULTILINE)

MOST_FIELDS = 64
LONGEST_HEAD = 4096
LONGEST_FIELD = 1024
"""Bytes of a field that is kept. A longer one, as a prompt may be, is text of which only the length counts."""
MOST_TEXT = 16 * 1024 * 1024
"""Bytes that fields may have together and still be text that somebody wrote."""


class Place(Enum):
    """Where in the form the next byte stands."""

    BEFORE = auto()
    """Before the first boundary."""
    AFTER_BOUNDARY = auto()
    HEAD = auto()
    BODY = auto()
    END = auto()


class MultipartForm:
    """Takes a form in pieces and keeps its small fields."""

    __slots__ = (
        "_delimiter",
        "_fields",
        "_is_file",
        "_kept",
        "_length",
        "_name",
        "_place",
        "_rest",
        "_skipped",
        "_text_bytes",
    )

    def __init__(self, content_type: str) -> None:
        """The value of `Content-Type`, as it was typed, names the boundary."""
        found = BOUNDARY.search(content_type)
        boundary = (found[1] or found[2]) if found else ""
        self._delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._place = Place.BEFORE if boundary else Place.END
        self._rest = b"\r\n"
        """What is not looked at yet; a line end of our own, as the first boundary has none before it."""
        self._fields: dict[str, str] = {}
        self._name = ""
        self._is_file = False
        self._kept = b""
        self._length = 0
        """Bytes of the present part."""
        self._skipped = 0
        """Bytes that come next and are no part's: the line end behind a head. Where a part is empty it may be that of the next
        boundary too (RFC 2046 section 5.1.1), so it is looked at with what follows."""
        self._text_bytes = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        if self._place is Place.END or not piece:
            return
        self._rest += piece
        while self._step():
            pass

    def finish(self) -> dict[str, str]:
        """The body has ended: its small fields by name. A part without its boundary is no part."""
        self._place, self._rest, self._kept = Place.END, b"", b""
        fields, self._fields = self._fields, {}
        return fields

    def text_bytes(self) -> int:
        """Bytes of the fields that are no files."""
        return min(self._text_bytes, MOST_TEXT)

    def _step(self) -> bool:
        """Go on by one mark; False when the piece has no more."""
        if self._place is Place.AFTER_BOUNDARY:
            return self._after_boundary()
        if self._place is Place.HEAD:
            return self._head()
        return self._place is not Place.END and self._body()

    def _after_boundary(self) -> bool:
        """What follows a boundary on its line: nothing, or the two dashes of the last one."""
        end = self._rest.find(b"\r\n")
        if self._rest.startswith(b"--") or end > LONGEST_HEAD or (end < 0 and len(self._rest) > LONGEST_HEAD):
            self._place, self._rest = Place.END, b""
            return False
        if end < 0:
            return False
        self._place, self._rest = Place.HEAD, self._rest[end:]
        return True

    def _head(self) -> bool:
        """The lines of a part's head; they begin with the line end before them, so that an empty head has its mark too."""
        end = self._rest.find(b"\r\n\r\n")
        if end < 0 or end > LONGEST_HEAD:
            if len(self._rest) <= LONGEST_HEAD + len(b"\r\n\r\n"):
                return False
            self._place, self._rest = Place.END, b""
            return False
        head, self._rest = self._rest[: end + 2], self._rest[end + 2 :]
        named = NAME.search(head)
        self._name = named[1].decode("utf-8", "replace") if named else ""
        self._is_file = FILE.search(head) is not None
        self._place, self._kept, self._length, self._skipped = Place.BODY, b"", 0, 2
        return True

    def _body(self) -> bool:
        """A part's bytes, up to the next boundary."""
        end = self._rest.find(self._delimiter)
        if end < 0:
            settled = max(0, len(self._rest) - len(self._delimiter) + 1)
            self._take(self._rest[:settled])
            self._rest = self._rest[settled:]
            return False
        self._take(self._rest[:end])
        self._end_part()
        self._place, self._rest = Place.AFTER_BOUNDARY, self._rest[end + len(self._delimiter) :]
        return True

    def _take(self, part: bytes) -> None:
        skipped = min(self._skipped, len(part))
        self._skipped, part = self._skipped - skipped, part[skipped:]
        self._length += len(part)
        if not self._is_file and len(self._kept) <= LONGEST_FIELD:
            self._kept += part[: LONGEST_FIELD + 1]

    def _end_part(self) -> None:
        """A part is whole: keep it when it is a small field."""
        if self._place is not Place.BODY or self._is_file:
            return
        self._text_bytes += self._length
        if self._name and self._length <= LONGEST_FIELD and len(self._fields) < MOST_FIELDS:
            self._fields.setdefault(self._name, self._kept.decode("utf-8", "replace"))
        self._kept = b""

"""JSON copied with its bulk left out.

A reply may hold megabytes of images in base64 or of embeddings, and a few bytes of usage before or after them. A
`BoundedCopy` keeps a small document as it is. Of a large one it keeps the skeleton: the same document, in which

- a string of more than `LONG` bytes is `"..."`,
- a run of numbers, commas and spaces of more than `LONG` bytes is `null` (with the commas at its ends),
- what lies deeper than `DEPTH` objects and arrays is left out of its container, which stays, empty.

What is left is decoded once, at the end, in whatever order its keys came. The result does not depend on how the
document was cut into pieces. Nothing here raises; a copy that grows past its bound is dropped and says so in `gave_up`.
"""

import re

LONG = 128
"""Bytes. Model names and the like stay below; answers, images and vectors do not."""
DEPTH = 5
"""Containers. The deepest count we read: `predictions[].embeddings.statistics.token_count`, and it is in the fifth."""
PLAIN = 256 * 1024
"""Bytes up to which a document is simply kept."""
MOST = 256 * 1024
"""Bytes that a skeleton may grow to."""

MOST_STEPS = 250_000
"""Tokens of a document that may be looked at one by one: a tenth of a second."""

TOO_LARGE = "reply_too_large"

OPEN, ESCAPED = -1, -2
QUOTE, BACKSLASH = 0x22, 0x5C
OPENING, CLOSING = frozenset(b"{["), frozenset(b"}]")
NUMERIC = frozenset(b"-0123456789, \t\r\n")

# The empty alternatives: before CPython 3.11.5 a possessive group stays where it stood in a turn that fails (gh-106052).
STRING_BODY = re.compile(rb'(?:[^"\\]++|\\.|)*+', re.DOTALL)
RUN = re.compile(rb"[-+.0-9eE, \t\r\n]*+")
WORD = re.compile(rb'[^"{}\[\]\-0-9, \t\r\n]++')
STRING = rb'"' + STRING_BODY.pattern + rb'"'
UP_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|' + STRING + rb"|)*+", re.DOTALL)
"""Everything before the next bracket that is not in a string, or before a string that does not end in this piece."""
PAST_LEAVES = re.compile(rb'(?:[^"{}\[\]]++|' + STRING + rb"|\{" + UP_TO_BRACKET.pattern + rb"\}|)*+", re.DOTALL)
"""The same, and over every object that holds no other and no array."""


def close_of(text: bytes, at: int) -> int:
    """Where the quote stands that closes the string whose body goes on at `at`.

    `OPEN` when the text ends before it, `ESCAPED` when it ends between a backslash and what that escapes.
    """
    quote = text.find(b'"', at)
    if text.find(b"\\", at, quote if quote >= 0 else len(text)) < 0:
        return quote  # -1 is OPEN
    body = STRING_BODY.match(text, at)
    end = body.end() if body else at
    if end == len(text):
        return OPEN
    return end if text[end] == QUOTE else ESCAPED


class Skeleton:
    """Takes a JSON document in pieces and keeps its skeleton."""

    __slots__ = (
        "_carry", "_depth", "_is_escaped", "_is_in_string", "_is_prose", "_kept", "_run", "_steps", "gave_up", "prose_bytes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.gave_up = ""
        self.prose_bytes = 0
        """Of text that was left out: long strings that have a space near their beginning, as base64 has none."""
        self._kept = bytearray()
        self._carry = b""
        """The head of a token that is not whole yet and not yet too long: at most `LONG` + 1 bytes."""
        self._depth = 0
        self._steps = 0
        self._is_in_string = self._is_escaped = self._is_prose = False
        self._run: NumberRun | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the document."""
        if self.gave_up:
            return
        text, self._carry, at = self._carry + piece, b"", 0
        end = len(text)
        while at < end:
            self._steps += 1
            if self._steps > MOST_STEPS or len(self._kept) > MOST:
                self.gave_up = TOO_LARGE
                self._kept.clear()
                return
            if self._is_in_string:
                at = self._leave_string(text, at)
            elif self._run is not None:
                at = self._leave_run(text, at, self._run)
            elif self._depth > DEPTH:
                at = self._leave_out(text, at)
            else:
                at = self._keep(text, at)

    def document(self) -> bytes:
        """The skeleton of what was fed; empty after giving up."""
        if self._run is not None:
            self._kept += self._run.short()
            self._run = None
        return b"" if self.gave_up else bytes(self._kept + self._carry)

    def _keep(self, text: bytes, at: int) -> int:
        """Take one token at a depth that is kept; the position behind it."""
        byte = text[at]
        if byte == QUOTE:
            return self._string(text, at)
        if byte in NUMERIC:
            return self._numbers(text, at)
        if byte in OPENING:
            self._depth += 1
        elif byte in CLOSING:
            self._depth -= 1
        else:
            word = WORD.match(text, at)
            self._kept += word[0] if word else b""
            return word.end() if word else at + 1
        self._kept.append(byte)
        return at + 1

    def _string(self, text: bytes, at: int) -> int:
        close = close_of(text, at + 1)
        end = close if close >= 0 else len(text)
        is_long = end - at - 1 > LONG
        if is_long:
            self._kept += b'"..."'
            self._is_prose = b" " in text[at + 1 : at + 1 + LONG]
            self.prose_bytes += end - at - 1 if self._is_prose else 0
        if close >= 0:
            self._kept += b"" if is_long else text[at : close + 1]
            return close + 1
        if is_long:
            self._is_in_string, self._is_escaped = True, close == ESCAPED
        else:
            self._carry = text[at:]
        return end

    def _numbers(self, text: bytes, at: int) -> int:
        run = RUN.match(text, at)
        end = run.end() if run else at + 1
        if end - at > LONG:
            self._run = NumberRun()
            return self._leave_run(text, at, self._run)
        if end == len(text):
            self._carry = text[at:]
        else:
            self._kept += text[at:end]
        return end

    def _leave_run(self, text: bytes, at: int, run: "NumberRun") -> int:
        match = RUN.match(text, at)
        end = match.end() if match else at
        run.note(text[at:end])
        if end < len(text):
            self._kept += run.short()
            self._run = None
        return end

    def _leave_string(self, text: bytes, at: int) -> int:
        close = close_of(text, at + 1 if self._is_escaped else at)
        self._is_escaped = close == ESCAPED
        self._is_in_string = close < 0
        if self._is_prose:
            self.prose_bytes += (close if close >= 0 else len(text)) - at
        return close + 1 if close >= 0 else len(text)

    def _leave_out(self, text: bytes, at: int) -> int:
        """Pass over what is too deep, up to the bracket that brings us back."""
        passed = PAST_LEAVES.match(text, at)
        at = passed.end() if passed else at
        if at == len(text):
            return at
        byte = text[at]
        if byte == QUOTE:
            self._is_in_string, self._is_escaped = True, close_of(text, at + 1) == ESCAPED
            self._is_prose = False
            return len(text)
        self._depth += 1 if byte in OPENING else -1
        if self._depth == DEPTH:
            self._kept.append(byte)
        return at + 1


class NumberRun:
    """A run of numbers too long to be kept: only its ends are looked at."""

    __slots__ = ("_first", "_has_digits", "_last")

    def __init__(self) -> None:
        self._first = self._last = b""
        self._has_digits = False

    def note(self, piece: bytes) -> None:
        """Take the next piece of the run."""
        piece = piece.strip()
        if not piece:
            return
        self._first = self._first or piece[:1]
        self._last = piece[-1:]
        self._has_digits = self._has_digits or bool(piece.strip(b", \t\r\n"))

    def short(self) -> bytes:
        """What stands for it in the skeleton."""
        lead = b"," if self._first == b"," else b" "
        if not self._has_digits:
            return lead
        return lead + b"null" + (b"," if self._last == b"," else b"")


class BoundedCopy:
    """A document as it is while it is small, its skeleton from `PLAIN` bytes on."""

    __slots__ = ("_plain", "_skeleton", "gave_up", "prose_bytes")

    def __init__(self) -> None:
        self._plain: bytes | bytearray = b""  # the piece itself while there is only one, as there mostly is
        self._skeleton: Skeleton | None = None
        self.gave_up = ""
        self.prose_bytes = 0
        """Bytes of text that the document taken last has lost (`Skeleton.prose_bytes`)."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the document."""
        if self._skeleton is not None:
            self._skeleton.feed(piece)
            return
        if self._plain:
            self._plain = bytearray(self._plain) if type(self._plain) is bytes else self._plain
            self._plain += piece
        else:
            self._plain = piece
        if len(self._plain) > PLAIN:
            self._skeleton = Skeleton()
            self._skeleton.feed(bytes(self._plain))
            self._plain = b""

    def take(self) -> bytes:
        """The document; the copy is then empty and ready for another. Empty after giving up, with `gave_up` saying why."""
        if self._skeleton is None:
            document = bytes(self._plain)
        else:
            document, self.gave_up = self._skeleton.document(), self._skeleton.gave_up
            self.prose_bytes = self._skeleton.prose_bytes
        self._plain, self._skeleton = b"", None
        return document

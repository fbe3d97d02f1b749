"""Framing: where a body ends, and the same body in our own words.

A body is passed on in the framing it came in. Bytes of a body with a known length are not looked at at all; of a chunked
body only the chunk lines are, and what goes on is re-framed (chunk extensions are dropped, RFC 9112 section 7.1.1), unless
it came as one whole chunk without any.
"""

import re
from typing import Final

import msgspec

from sidecar.errors import ProtocolError, ReplyBroken, RequestRefused

MAX_CHUNK_LINE = 4096
"""Bytes of one chunk-size line with its extensions, and of one trailer line: as nginx and Envoy allow about."""
MAX_TRAILERS = 16 * 1024
"""Bytes of all trailer lines together."""
LONGEST_LENGTH = 18
"""Digits of a Content-Length: below 2**63, so that nobody's parser overflows (h11 passes longer ones on)."""

TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
"""The name of a field, or a method (RFC 9110 section 5.6.2)."""
TEXT: Final = rb"[^\x00-\x08\x0a-\x1f\x7f]*+"
"""A field's value, or a reason: no control byte but tab (RFC 9110 section 5.5)."""

IS_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}(?:[ \t]*|;" + TEXT + rb")\Z").match
PLAIN_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n").match
IS_TRAILER = re.compile(TOKEN + rb":" + TEXT + rb"\Z").match

NOT_IN_TRAILERS = frozenset(
    {b"content-length", b"transfer-encoding", b"host", b"connection", b"trailer", b"te", b"upgrade"}
)
"""RFC 9110 section 6.5.1: who merges trailers into the head must not be told another end of the message by them."""


class Framing(msgspec.Struct, frozen=True, gc=False):
    """How a body is delimited: exactly one of a length, chunks, or the end of the connection."""

    length: int = 0
    """Bytes of the body, when neither of the others holds; 0 is no body."""
    is_chunked: bool = False
    until_close: bool = False


NO_BODY = Framing()
CHUNKED = Framing(is_chunked=True)
UNTIL_CLOSE = Framing(until_close=True)


Noted = dict[bytes, bytes]
"""Fields by lower-case name, without the space around their values."""


def request_framing(noted: Noted, otherwise: Framing = NO_BODY) -> Framing:
    """The framing of a request's body (RFC 9112 section 6.3); `otherwise` is what no field at all means.

    Raises:
        RequestRefused: there are two opinions about the length, or none that we can read.
    """
    coding, length = noted.get(b"transfer-encoding"), noted.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise RequestRefused(400, "both Content-Length and Transfer-Encoding")
        if coding.lower() != b"chunked":
            raise RequestRefused(501, "a Transfer-Encoding other than chunked")
        return CHUNKED
    return otherwise if length is None else Framing(_number(length))


def reply_framing(noted: Noted, status: int, request_method: bytes) -> Framing:
    """The framing of a reply's body (RFC 9112 section 6.3), which for HEAD, 1xx, 204 and 304 is none.

    Raises:
        ReplyBroken: there are two opinions about the length, or none that we can read.
    """
    try:
        framing = request_framing(noted, UNTIL_CLOSE)  # said by the same fields
    except RequestRefused as refused:
        raise ReplyBroken(refused.problem) from None
    if request_method == b"HEAD" or status == 304:
        return NO_BODY
    if status < 200 or status == 204:
        if framing.length:
            raise ReplyBroken(f"a Content-Length in a reply of status {status}")  # RFC 9110 section 8.6
        return NO_BODY
    return framing


def _number(length: bytes) -> int:
    """What a Content-Length says. Several of them are one list by now, which is no number either."""
    if not length.isdigit() or len(length) > LONGEST_LENGTH:
        raise RequestRefused(400, "a Content-Length that is not a number, or several of them")
    return int(length)


class LengthBody:
    """A body of known length. `feed` returns how many bytes of the piece belong to it."""

    __slots__ = ("remaining",)

    def __init__(self, length: int) -> None:
        self.remaining = length

    @property
    def is_complete(self) -> bool:
        """The last byte has been fed."""
        return self.remaining == 0

    def feed(self, piece: bytes) -> int:
        """Take what belongs to this body off the front of a piece; returns how many bytes that is."""
        taken = min(len(piece), self.remaining)
        self.remaining -= taken
        return taken


class ChunkedBody:
    """A chunked body, incrementally. Strict: a size is hex digits, every line ends in CR LF.

    `feed` returns the payload found in a piece and how many of its bytes belong to the body. Once `is_complete`,
    `trailers` holds the trailer lines as sent.
    """

    __slots__ = ("_line", "_payload_left", "_trailer_bytes", "_wants_crlf", "is_complete", "trailers")

    def __init__(self) -> None:
        self._line: bytes | None = b""  # the unfinished line; None while a payload is read
        self._payload_left = 0
        self._wants_crlf = False
        self._trailer_bytes = -1  # -1 until the last chunk
        self.trailers: list[bytes] = []
        self.is_complete = False

    def whole_chunk(self, piece: bytes) -> bytes:
        """The payload of a piece that is one plain chunk and nothing else: how a stream mostly comes, and goes on as it is.

        Otherwise nothing, and the piece is still to be fed.
        """
        if self._line != b"" or self._wants_crlf or self._trailer_bytes >= 0 or not piece.endswith(b"\r\n"):
            return b""
        size = PLAIN_SIZE(piece)
        if size is None:
            return b""
        start, end = size.end(), len(piece) - 2
        return piece[start:end] if end - start == int(size[1], 16) else b""

    def feed(self, piece: bytes) -> tuple[bytes, int]:
        """Read a piece: (payload bytes in it, bytes of it that belong to this body).

        Raises:
            ProtocolError: the framing is broken.
        """
        payload: list[bytes] = []
        position, end = 0, len(piece)
        while position < end and not self.is_complete:
            if self._line is None:
                taken = min(self._payload_left, end - position)
                payload.append(piece[position : position + taken])
                position += taken
                self._payload_left -= taken
                if self._payload_left == 0:
                    self._line, self._wants_crlf = b"", True
            else:
                position = self._read_line(piece, position)
        return (payload[0] if len(payload) == 1 else b"".join(payload)), position

    def _read_line(self, piece: bytes, position: int) -> int:
        """Go on with a line; returns the position behind what was read of it."""
        feed_at = piece.find(b"\n", position)
        stop = len(piece) if feed_at < 0 else feed_at + 1
        line = (self._line or b"") + piece[position:stop]
        if len(line) > MAX_CHUNK_LINE:
            raise ProtocolError("a chunk line is too long")
        if self._wants_crlf and not b"\r\n".startswith(line):
            raise ProtocolError("a chunk is longer than its size")
        if feed_at < 0:
            self._line = line
            return stop
        if not line.endswith(b"\r\n"):
            raise ProtocolError("a chunk line does not end in CR LF")
        self._line = b""
        self._take_line(line[:-2])
        return stop

    def _take_line(self, line: bytes) -> None:
        if self._wants_crlf:
            self._wants_crlf = False
        elif self._trailer_bytes >= 0:
            self._take_trailer(line)
        else:
            self._take_size(line)

    def _take_size(self, line: bytes) -> None:
        if IS_CHUNK_SIZE(line) is None:
            raise ProtocolError("a chunk size is not a hexadecimal number")
        self._payload_left = int(line.partition(b";")[0], 16)
        if self._payload_left:
            self._line = None
        else:
            self._trailer_bytes = 0

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self.is_complete = True
            return
        if IS_TRAILER(line) is None:
            raise ProtocolError("a trailer line is not a field")
        if line.partition(b":")[0].lower() in NOT_IN_TRAILERS:
            raise ProtocolError("a trailer speaks of framing or routing")
        self._trailer_bytes += len(line)
        if self._trailer_bytes > MAX_TRAILERS:
            raise ProtocolError("the trailers are too long")
        self.trailers.append(line)


def chunk(payload: bytes) -> bytes:
    """One chunk of a chunked body; the payload is not empty (an empty chunk would end the body)."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def last_chunk(trailers: list[bytes]) -> bytes:
    """The end of a chunked body, with its trailer lines."""
    if not trailers:
        return b"0\r\n\r\n"
    return b"0\r\n%b\r\n\r\n" % b"\r\n".join(trailers)

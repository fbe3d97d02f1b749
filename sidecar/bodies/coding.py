"""Content codings, undone piece by piece from a copy of a reply's body.

The caller gets the coded bytes as they came; only the reader of usage looks through this. One call never inflates to
more than `MOST_AT_ONCE` bytes, and a body that goes on inflating further than text does is given up: a decompression
bomb costs at most these bounds. Nothing here raises: a decoder that can't go on says why in `gave_up` and gives nothing
more.
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

MOST_AT_ONCE = 4 * 1024 * 1024
"""Bytes that one call of `decode` may give. A 256 KiB read of JSON inflates to 1-2 MiB."""
MOST_TIMES = 200
"""How many times its coded size a whole body may inflate to, beyond `MOST_AT_ONCE`. Text reaches 20, all zeros 1032."""
MOST_MEMBERS = 1000
"""gzip members in one body; what comes after them is not read."""

UNKNOWN = "unknown_coding"
CORRUPT = "corrupt_coding"
INFLATED = "inflated_too_far"


class Decoder(Protocol):
    """Undoes one content coding."""

    @property
    def gave_up(self) -> str:
        """Why decoding stopped, one word; empty while it goes on."""
        ...

    def decode(self, chunk: bytes) -> bytes:
        """What the next piece of the coded body adds; empty when it adds nothing yet, and after giving up."""
        ...


class Undecodable:
    """Stands for a coding that we don't know, or whose package is not installed."""

    __slots__ = ()
    gave_up = UNKNOWN

    def decode(self, chunk: bytes) -> bytes:
        """Nothing."""
        return b""


class Bounded:
    """Wraps a function that decodes at most so many bytes, and counts what comes out of it."""

    __slots__ = ("_coded", "_decode", "_decoded", "_errors", "gave_up")

    def __init__(self, decode: Callable[[bytes, int], tuple[bytes, bool]], errors: tuple[type[Exception], ...]) -> None:
        """`decode` takes a piece and the most bytes to give; returns them, and whether there was more."""
        self._decode = decode
        self._errors = errors
        self._coded = self._decoded = 0
        self.gave_up = ""

    def decode(self, chunk: bytes) -> bytes:
        """What this piece adds."""
        if self.gave_up or not chunk:
            return b""
        self._coded += len(chunk)
        room = max(1, min(MOST_AT_ONCE, MOST_AT_ONCE + MOST_TIMES * self._coded - self._decoded))
        try:
            piece, more = self._decode(chunk, room)
        except self._errors:
            self.gave_up = CORRUPT
            return b""
        self._decoded += len(piece)
        if more:
            self.gave_up = INFLATED
        return piece


class Gunzip:
    """gzip (RFC 1952), one member after the other. What follows the last member and is none is ignored."""

    __slots__ = ("_inflate", "_is_between", "_is_inside", "_is_over", "_members")

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(31)
        self._members = 0
        self._is_between = False
        self._is_inside = False
        self._is_over = False

    def __call__(self, chunk: bytes, most: int) -> tuple[bytes, bool]:
        """At most `most` bytes that this piece adds, and whether there was more.

        Raises:
            zlib.error: the body is not gzip, or broken.
        """
        pieces: list[bytes] = []
        while chunk and most > 0 and not self._is_over:
            piece, chunk = self._one_member(chunk, most)
            pieces.append(piece)
            most -= len(piece)
        return b"".join(pieces), bool(chunk) and not self._is_over

    def _one_member(self, chunk: bytes, most: int) -> tuple[bytes, bytes]:
        """What the present member adds, and what is left of the piece."""
        if self._is_between:
            chunk = chunk.lstrip(b"\0")  # padding is allowed between members
            self._is_between = not chunk
        try:
            piece = self._inflate.decompress(chunk, most)
        except zlib.error:
            if not self._members or self._is_inside:
                raise
            self._is_over = True
            return b"", b""
        self._is_inside = self._is_inside or bool(piece)
        if not self._inflate.eof:
            return piece, self._inflate.unconsumed_tail
        return piece, self._next_member(self._inflate.unused_data)

    def _next_member(self, rest: bytes) -> bytes:
        self._members += 1
        self._is_over = self._members >= MOST_MEMBERS
        self._is_between, self._is_inside = True, False
        self._inflate = zlib.decompressobj(31)
        return rest


class Inflate:
    """deflate: zlib's wrapping (RFC 1950) as the standard has it, or raw (RFC 1951) as some servers send it."""

    __slots__ = ("_head", "_inflate")

    def __init__(self) -> None:
        self._head = b""
        self._inflate: Any = None

    def __call__(self, chunk: bytes, most: int) -> tuple[bytes, bool]:
        """At most `most` bytes that this piece adds, and whether there was more.

        Raises:
            zlib.error: the body is neither.
        """
        if self._inflate is None:
            self._head += chunk
            if len(self._head) < 2:
                return b"", False
            chunk, self._inflate = self._head, zlib.decompressobj(15 if is_zlib(self._head) else -15)
        if self._inflate.eof:
            return b"", False
        piece: bytes = self._inflate.decompress(chunk, most)
        return piece, bool(self._inflate.unconsumed_tail)


def is_zlib(head: bytes) -> bool:
    """Whether two bytes are a zlib header: method 8, and divisible by 31. No raw stream that encoders make begins so."""
    return head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


def gzip() -> Decoder:
    """A decoder of `gzip`."""
    return Bounded(Gunzip(), (zlib.error,))


def deflate() -> Decoder:
    """A decoder of `deflate`."""
    return Bounded(Inflate(), (zlib.error,))


def brotli() -> Decoder:
    """A decoder of `br`, where the package `brotli` is installed, in a version (1.2) that can be bounded."""
    package = optional("brotli")
    if package is None or not hasattr(package.Decompressor, "can_accept_more_data"):
        return Undecodable()
    decompressor = package.Decompressor()

    def decode(chunk: bytes, most: int) -> tuple[bytes, bool]:
        piece = decompressor.process(chunk, output_buffer_limit=most // 2)  # it overshoots by up to as much again
        return piece, not decompressor.can_accept_more_data()

    return Bounded(decode, (package.error,))


def zstd() -> Decoder:
    """A decoder of `zstd` (RFC 8878): Python 3.14's own, or the package `backports.zstd`."""
    package = optional("compression.zstd") or optional("backports.zstd")
    if package is None:
        return Undecodable()
    decompressor = package.ZstdDecompressor()

    def decode(chunk: bytes, most: int) -> tuple[bytes, bool]:
        if decompressor.eof:
            return b"", False  # further frames are allowed, and no server sends any
        return decompressor.decompress(chunk, max_length=most), not (decompressor.needs_input or decompressor.eof)

    return Bounded(decode, (package.ZstdError,))


def optional(name: str) -> Any:  # noqa: ANN401  a module without types
    """A module that may not be installed, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": gzip,
    "x-gzip": gzip,
    "deflate": deflate,
    "br": brotli,
    "zstd": zstd,
}


def decoder_of(content_coding: str) -> Decoder | None:
    """The decoder for a value of `Content-Encoding`; None when the bytes are as they are.

    Codings laid on one another are not undone: no inference API sends them.
    """
    if not content_coding:
        return None
    names = [name for part in content_coding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names:
        return None
    return DECODERS[names[0]]() if len(names) == 1 and names[0] in DECODERS else Undecodable()

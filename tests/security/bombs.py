"""Small bodies that become large, or slow, in the hands of who reads them carelessly: in replies, and in requests.

Each is made when it is needed: together they would fill the memory of who tests.
"""

import gzip
import struct
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

from sidecar.bodies.coding import optional

MIB: Final = 2**20
USAGE: Final = b'"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10}'
JSON, SSE, FRAMES = b"application/json", b"text/event-stream", b"application/vnd.amazon.eventstream"


class Bomb(NamedTuple):
    """One body, and what may be learned of it."""

    body: bytes
    media_type: bytes = JSON
    coding: bytes = b""
    is_read: bool = False
    """What was used stands in it, and can be had at a bounded cost; else it must be said that it is not known."""


def frame(length: int, headers: int = 0) -> bytes:
    """The beginning of a frame of AWS's that says it is so long."""
    prelude = struct.pack(">II", length, headers)
    return prelude + struct.pack(">I", zlib.crc32(prelude))


def zeros() -> bytes:
    return b"0" * (100 * MIB)


def twice(coded: Callable[[bytes], bytes], zeros: int) -> bytes:
    return coded(coded(b"0" * zeros))


def codings() -> dict[str, Callable[[], Bomb]]:
    """100 MiB in every coding. Those of packages that are not installed are left out: nothing undoes them then."""
    made: dict[str, Callable[[], Bomb]] = {
        "gzip": lambda: Bomb(gzip.compress(zeros()), coding=b"gzip"),
        "gzip of objects": lambda: Bomb(gzip.compress(b'{"a":[' + b"{}," * (10 * MIB)), coding=b"gzip"),
        "gzip of events": lambda: Bomb(gzip.compress(b'data: {"a":1}\n\n' * (2 * MIB)), SSE, b"gzip"),
        "gzip of one line": lambda: Bomb(gzip.compress(b"data: " + zeros()), SSE, b"gzip"),
        "gzip in gzip": lambda: Bomb(twice(gzip.compress, 100 * MIB), coding=b"gzip, gzip"),
        "gzip in gzip, told as one": lambda: Bomb(twice(gzip.compress, 100 * MIB), coding=b"gzip"),
        "gzip members": lambda: Bomb(gzip.compress(b" " * 1000) * 20_000, coding=b"gzip"),
        "empty gzip members": lambda: Bomb(gzip.compress(b"") * 20_000, coding=b"gzip"),
        "deflate": lambda: Bomb(zlib.compress(zeros()), coding=b"deflate"),
        "unknown coding": lambda: Bomb(b"0" * MIB, coding=b"x-bomb"),
    }
    if (brotli := optional("brotli")) is not None:
        made["br"] = lambda: Bomb(brotli.compress(zeros(), quality=3), coding=b"br")
    if (zstd := optional("compression.zstd") or optional("backports.zstd")) is not None:
        made["zstd"] = lambda: Bomb(zstd.compress(zeros()), coding=b"zstd")
    return made


REPLIES: Final[dict[str, Callable[[], Bomb]]] = {
    **codings(),
    "one string of 32 MiB": lambda: Bomb(b'{"a":"' + b"x" * (32 * MIB) + b'",' + USAGE + b"}", is_read=True),
    "escapes": lambda: Bomb(b'{"a":"' + b"\\u0041" * MIB + b'",' + USAGE + b"}", is_read=True),
    "halves of surrogate pairs": lambda: Bomb(b'{"a":"' + b"\\ud800" * MIB + b'",' + USAGE + b"}", is_read=True),
    "depth of 100,000": lambda: Bomb(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"," + USAGE + b"}", is_read=True),
    "depth without end": lambda: Bomb(b"[" * (4 * MIB)),
    "objects without end": lambda: Bomb(b'{"a":' * MIB),
    "a million keys": lambda: Bomb(
        b"{" + b",".join(b'"k%d":1' % key for key in range(1_000_000)) + b"," + USAGE + b"}"
    ),
    "one key a million times": lambda: Bomb(b"{" + b'"usageMetadata":{},' * 300_000 + USAGE + b"}"),
    "1e400": lambda: Bomb(b'{"usageMetadata":{"promptTokenCount":1e400,"candidatesTokenCount":-1e400}}'),
    "a number of 100,000 digits": lambda: Bomb(b'{"usageMetadata":{"promptTokenCount":' + b"9" * 100_000 + b"}}"),
    "the same as text": lambda: Bomb(b'{"usageMetadata":{"promptTokenCount":"' + b"9" * 100_000 + b'"}}'),
    "as many digits behind the point": lambda: Bomb(
        b'{"usageMetadata":{"promptTokenCount":0.' + b"1" * 100_000 + b"}}"
    ),
    "a number that is of no concern": lambda: Bomb(b'{"x":' + b"9" * (8 * MIB) + b"," + USAGE + b"}", is_read=True),
    "an event's line without end": lambda: Bomb(b"data: " + b"x" * (32 * MIB), SSE),
    "a field's name without end": lambda: Bomb(b"x" * (32 * MIB), SSE),
    "an event without end": lambda: Bomb(b"data: x\n" * MIB, SSE),
    "line ends": lambda: Bomb(b"\n" * (4 * MIB), SSE),
    "frame of 4 GiB": lambda: Bomb(frame(2**32 - 1), FRAMES),
    "frame of 24 MiB that ends": lambda: Bomb(frame(24 * MIB) + b"0" * MIB, FRAMES),
    "headers of 4 GiB": lambda: Bomb(frame(2**32 - 1, 2**32 - 17), FRAMES),
    "empty frames": lambda: Bomb((frame(16) + struct.pack(">I", zlib.crc32(frame(16)))) * 200_000, FRAMES),
}

REQUESTS: Final[dict[str, Callable[[], bytes]]] = {
    "one string of 8 MiB": lambda: b'{"model":"m","input":"' + b"x" * (8 * MIB) + b'"}',
    "depth of 100,000": lambda: b'{"contents":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "depth without end": lambda: b"[" * (4 * MIB),
    "a million keys": lambda: b"{" + b",".join(b'"k%d":1' % key for key in range(1_000_000)) + b"}",
    "huge numbers": lambda: b'{"max_tokens":1e400,"n":' + b"9" * 100_000 + b',"seconds":"' + b"9" * 100_000 + b'"}',
    "halves of surrogate pairs": lambda: b'{"model":"' + b"\\ud800" * MIB + b'"}',
    "a model of 8 MiB": lambda: b'{"model":"' + b"/" * (8 * MIB) + b'"}',
}

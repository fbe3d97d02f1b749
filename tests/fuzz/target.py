"""What a fuzz target is, and what all of them share: the same bytes cut elsewhere, and a shape for inputs of two parts."""

import contextlib
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from sidecar.bodies import event_stream, ndjson, skeleton, sse
from tests.bodies.cutting import bytewise, cut

Seen = TypeVar("Seen")

FEW = 96
"""Bytes up to which a body is also read byte by byte."""
MOST_CUTS = 6
SMALL = 48
"""Bytes of the largest document that is simply kept, in `small_documents`."""


class Target(NamedTuple):
    """One reader, or one family of readers, and what must hold of it whatever it is fed."""

    name: str
    """Of its folders too: `corpus/<name>`, `found/<name>`."""
    run: Callable[[bytes], None]
    """Feeds it. Raises whatever must not have happened: an exception that nobody documented, or `AssertionError`."""
    seeds: Iterable[bytes]
    """Inputs that mean something, from which the first corpus is grown."""
    reads: tuple[str, ...]
    """Files below `sidecar/` whose lines it is to reach."""
    words: tuple[bytes, ...] = ()
    """Words of the format, put into inputs as they are."""
    most_bytes: int = 2048


def pieces_of(data: bytes) -> list[bytes]:
    """Data cut at some places, the same for the same data."""
    drawn = random.Random(zlib.crc32(data))
    return cut(data, [drawn.randint(0, len(data)) for _ in range(drawn.randint(1, MOST_CUTS))])


def same_however_cut(read: Callable[[Iterable[bytes]], Seen], data: bytes) -> Seen:
    """What a reader makes of data, which is the same in one piece, in some, and byte by byte."""
    whole = read([data])
    assert read(pieces_of(data)) == whole, "it hangs on where the bytes were cut"
    if len(data) <= FEW:
        assert read(bytewise(data)) == whole, "it hangs on whether the bytes came one by one"
    return whole


@contextlib.contextmanager
def small_documents() -> Iterator[None]:
    """Documents of more than `SMALL` bytes count as large ones, so that inputs of some hundred reach what is done with those."""
    plain = skeleton.PLAIN
    try:
        for reader in (skeleton, sse, ndjson, event_stream):
            vars(reader)["PLAIN"] = SMALL
        yield
    finally:
        for reader in (skeleton, sse, ndjson, event_stream):
            vars(reader)["PLAIN"] = plain


def in_two_parts(data: bytes) -> tuple[str, bytes]:
    """The first line as text, and the rest: inputs that name what reads them, and bring what is read."""
    first, _, rest = data.partition(b"\n")
    return first.decode("latin-1"), rest


def with_line(line: str, body: bytes) -> bytes:
    """A seed of two parts."""
    return line.encode("latin-1") + b"\n" + body

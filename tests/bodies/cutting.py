"""Ways in which a body may come."""

import gzip
from collections.abc import Iterable, Iterator
from itertools import pairwise


def in_two(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every way to cut a body in two."""
    return ((body[:at], body[at:]) for at in range(len(body) + 1))


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    """A body cut at these places, wherever they are."""
    marks = sorted({min(place, len(body)) for place in places} | {0, len(body)})
    return [body[start:end] for start, end in pairwise(marks)]


def bytewise(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)

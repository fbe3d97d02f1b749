"""Changes to inputs that a fuzzer of bytes seldom comes upon: a value becomes another, a line or a part comes twice.

It looks for words and numbers wherever they stand, so it fits JSON, event streams, YAML and heads alike, whole or broken.
"""

import random
import re
from collections.abc import Callable

VALUE = re.compile(rb'"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b|[A-Za-z][\w-]*')
"""Strings, numbers, the three words of JSON, and other words."""
HOSTILE = (
    b"null", b"true", b"0", b"-1", b"0.5", b"1e400", b"-0", b"9223372036854775808", b"18446744073709551616", b"1" * 400,
    b"1e-400", b"{}", b"[]", b"[null]", b'[{"a":{}}]', b'""', b'"0"', b'"-1"', b'"NaN"', b'"\\ud800"', b'"\\u0000"', b'"a\\nb"',
    b'"' + b"x" * 300 + b'"',
    b'"1970-01-01T00:00:00Z"', b'"9999-12-31T23:59:60.999999999-23:59"', b"[" * 60, b'{"a":' * 20, b"\xff", b"\xc3\x28", b"NaN",
    b"Infinity", b"%00", b"%", b"..", b"\x00", b"\r\n", b"\n\n", b"<script>",
)  # fmt: skip
"""What one would not expect in the place of a value."""
LONGEST_PART = 400


def mutated(data: bytes, drawn: random.Random, most_bytes: int) -> bytes:
    """The data with one to three changes, at most so many bytes of it."""
    for _ in range(drawn.randint(1, 3)):
        data = drawn.choice(CHANGES)(data, drawn)
    return data[:most_bytes]


def _other_value(data: bytes, drawn: random.Random) -> bytes:
    """A value becomes a hostile one, or one that stands elsewhere."""
    values = list(VALUE.finditer(data))
    if not values:
        return data + drawn.choice(HOSTILE)
    chosen = drawn.choice(values)
    other = drawn.choice(HOSTILE) if drawn.random() < 0.6 else drawn.choice(values)[0]
    return data[: chosen.start()] + other + data[chosen.end() :]


def _other_number(data: bytes, drawn: random.Random) -> bytes:
    """A digit becomes some others."""
    digits = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if not digits:
        return data
    at = drawn.choice(digits)
    return data[:at] + b"%d" % drawn.choice([0, 1, 9, 255, 65536, 2**31, 2**53 + 1, 2**63, 10**30]) + data[at + 1 :]


def _part_elsewhere(data: bytes, drawn: random.Random) -> bytes:
    """Some part of the data, put in again somewhere."""
    start, place = drawn.randint(0, len(data)), drawn.randint(0, len(data))
    part = data[start : start + drawn.randint(1, LONGEST_PART)]
    return data[:place] + part + data[place:]


def _line_twice_or_not_at_all(data: bytes, drawn: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = drawn.randrange(len(lines))
    lines[at : at + 1] = [lines[at]] * drawn.choice([0, 2])
    return b"".join(lines)


def _some_bytes(data: bytes, drawn: random.Random) -> bytes:
    """A few bytes are changed, taken out, or put in."""
    at = drawn.randint(0, len(data))
    return data[:at] + drawn.randbytes(drawn.randint(0, 3)) + data[at + drawn.randint(0, 3) :]


def _breaks_off(data: bytes, drawn: random.Random) -> bytes:
    return data[: drawn.randint(0, len(data))]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _other_value, _other_value, _other_number, _part_elsewhere, _line_twice_or_not_at_all, _some_bytes, _breaks_off,
)  # fmt: skip

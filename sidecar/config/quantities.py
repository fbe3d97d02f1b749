"""Durations and sizes as people write them: `90s`, `5m`, `64MiB`, or a plain number of seconds or bytes."""

import re
import sys
from collections.abc import Mapping

MOST = sys.float_info.max
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
BYTES: Mapping[str, float] = {
    "b": 1, "kib": KIB, "mib": MIB, "gib": GIB,
    "ki": KIB, "mi": MIB, "gi": GIB,  # as Kubernetes writes them
    "kb": 10**3, "mb": 10**6, "gb": 10**9,
}  # fmt: skip

NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)")


def parse_seconds(value: object) -> float:
    """Seconds from a number or from text such as `250ms`, `90s`, `5m`, `2h`, `7d`, `1w`.

    Raises:
        ValueError: it is neither, or negative, or not finite.
    """
    return _amount(value, SECONDS, "s")


def parse_bytes(value: object) -> int:
    """Bytes from a whole number or from text such as `64KiB`, `64MiB`, `1.5GiB`, `64Mi`, `10MB`.

    Raises:
        ValueError: it is neither, or not a whole number of bytes.
    """
    amount = _amount(value, BYTES, "b")
    if amount != int(amount):
        raise ValueError(value)
    return int(amount)


def size(count: int) -> str:
    """Bytes as text that `parse_bytes` reads back to the same number: `64MiB`."""
    for unit, factor in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count and count % factor == 0:
            return f"{count // factor}{unit}"
    return str(count)


def _amount(value: object, units: Mapping[str, float], plain: str) -> float:
    """A number as it is, or text with its unit's factor applied; `plain` is the unit of text without one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _sound(value)
    match = NUMBER_AND_UNIT.fullmatch(value.strip()) if isinstance(value, str) else None
    factor = units.get((match[2] or plain).lower()) if match else None
    if match is None or factor is None:
        raise ValueError(value)
    return _sound(float(match[1]) * factor)


def _sound(amount: float) -> float:
    """From 0 to what a float can hold: YAML has whole numbers of any length, and infinity."""
    if not 0 <= amount <= MOST:
        raise ValueError(amount)
    return amount

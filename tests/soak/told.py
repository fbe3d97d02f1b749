"""What the callers tell of themselves every ten seconds."""

import math
from collections.abc import Sequence
from typing import Self

import msgspec

EVERY_SECONDS = 10.0


class Waits(msgspec.Struct):
    """What was measured since the last line, in seconds."""

    late: list[float] = []
    """By how much each caller came later than it was due: the rate was not met where this grows."""
    added: list[float] = []
    """From asking to the first byte of the answer, less what the provider took."""
    direct: list[float] = []
    """The same of callers that ask past the sidecar."""
    troubles: int = 0


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One line. Milliseconds, and nan where there was nothing to measure."""

    came: int
    late_p99: float | None
    late_most: float | None
    added_p50: float | None
    added_p99: float | None
    direct_p50: float | None
    direct_p99: float | None
    there: int
    """Callers that have not ended."""
    operators: int
    troubles: int
    certificates: int
    """That the sidecar has shown so far."""

    @classmethod
    def of(cls, waits: Waits, there: int, operators: int, certificates: int) -> Self:
        """The line of what was measured."""
        return cls(
            came=len(waits.late), late_p99=part(waits.late, 0.99), late_most=part(waits.late, 1.0),
            added_p50=part(waits.added, 0.5), added_p99=part(waits.added, 0.99),
            direct_p50=part(waits.direct, 0.5), direct_p99=part(waits.direct, 0.99),
            there=there, operators=operators, troubles=waits.troubles, certificates=certificates,
        )  # fmt: skip


def part(seconds: Sequence[float], share: float) -> float | None:
    """The quantile, in milliseconds; None of nothing."""
    if not seconds:
        return None
    return round(1000 * sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)], 3)

"""The repository's rules at another speed: what they wait for and look back on is minutes and hours, and a test has seconds.

Pure. Only durations change, and only where they are PromQL's or a rule's own: `for:`, a range in brackets, an `offset`. Names,
numbers, texts and comments stay as they are, byte for byte.
"""

import re
from fractions import Fraction

MINUTES_AS_SECONDS = Fraction(1, 60)
"""An hour is a minute and a minute a second. Amounts of an hour (`3600 * ...:rate1h`) are then those of the last minute, as if it
were all like that: sixty times what an hour with the same events would say."""

UNIT_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION = re.compile(
    r"(?P<before>^\s*(?:- )?(?:for|keep_firing_for): |\[|(?<=\d[smhdw]):|\boffset )(?P<count>\d+)(?P<unit>ms|[smhdw])\b",
    re.MULTILINE,
)


def at_speed(rules: str, factor: Fraction) -> str:
    """The text of a rule file in which every duration is multiplied by the factor.

    Raises:
        ValueError: a duration would be no whole number of milliseconds, or none at all.
    """

    def scaled(found: re.Match[str]) -> str:
        milliseconds = int(found["count"]) * UNIT_MILLISECONDS[found["unit"]] * factor
        if milliseconds.denominator != 1 or (int(found["count"]) and not milliseconds):
            raise ValueError(f"{found[0].strip()} is no whole number of milliseconds at {factor} of its length")
        return f"{found['before']}{_written(int(milliseconds))}"

    return DURATION.sub(scaled, rules)


def _written(milliseconds: int) -> str:
    """A duration in the largest unit that says it in a whole number."""
    units = reversed(UNIT_MILLISECONDS.items())
    unit, size = next((unit, size) for unit, size in units if milliseconds % size == 0)
    return f"{milliseconds // size}{unit}" if milliseconds else "0s"

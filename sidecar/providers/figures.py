"""Numbers as providers write them: counts, seconds, money, and what is made of those that are none.

For replies that say little and are read once: an object is decoded whole and looked into. What can't be read counts as 0
and is remembered, so that the rest becomes a lower bound.
"""

from decimal import Decimal

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.counts import MOST
from sidecar.providers.names import name_of
from sidecar.providers.reported import MALFORMED, NOTHING

MOST_USD = 1_000_000
"""A larger sum is no price of one call."""
ZERO = Decimal(0)
LONGEST_NUMBER = 24
"""Digits of a number that is written as a string."""
MILLISECONDS = 1000


class Figures:
    """Looks into an object of a reply, if it is one."""

    __slots__ = ("_fields", "is_sound")

    def __init__(self, value: object) -> None:
        self._fields = value if isinstance(value, dict) else {}
        self.is_sound = value is None or isinstance(value, dict)
        """Everything that was asked for was absent or what it should be."""

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._fields)

    def inside(self, name: str) -> "Figures":
        """An object within this one."""
        return Figures(self._fields.get(name))

    def has(self, name: str) -> bool:
        """Whether something stands there."""
        return self._fields.get(name) is not None

    def count(self, name: str) -> int:
        """A whole number from 0, also when it is written as `12.0` or as a string; a part of one is left out."""
        value = self._fields.get(name)
        if value is None:
            return 0
        if type(value) is int and 0 <= value <= MOST:
            return value  # as it mostly is
        amount = self.amount(name)
        whole = int(amount)
        self.is_sound = self.is_sound and amount == whole
        return whole

    def milliseconds(self, name: str) -> int:
        """Seconds, rounded to the millisecond."""
        return round(self.amount(name) * MILLISECONDS)

    def amount(self, name: str) -> Decimal:
        """A number from 0 that need not be whole."""
        return self._between(name, MOST) or ZERO

    def usd(self, name: str, a_dollar: int = 1) -> Decimal | None:
        """Dollars, told in units of which `a_dollar` make one; None when nothing that could be a price stands there."""
        amount = self._between(name, MOST_USD * a_dollar)
        return amount if amount is None or a_dollar == 1 else amount / a_dollar

    def _between(self, name: str, most: int) -> Decimal | None:
        value = self._fields.get(name)
        amount = decimal_of(value, most)
        self.is_sound = self.is_sound and (amount is not None or value is None)
        return amount

    def name(self, name: str) -> str:
        """A short string, or nothing."""
        return name_of(self._fields.get(name))

    def judged(self, usage: Usage, model: str = "", cost_usd: Decimal | None = None) -> Reported:
        """What was read of this, exact if all of it was sound."""
        if self.is_sound:
            return Reported(usage, model, cost_usd=cost_usd)
        return Reported(usage, model, basis=Basis.AT_LEAST, reason=MALFORMED, cost_usd=cost_usd)

    def told(self, usage: Usage, model: str = "") -> Reported | None:
        """The same; None when there was nothing, or zeros, to read: nobody is told that a call used nothing."""
        return None if self.is_sound and usage == NOTHING else self.judged(usage, model)


def decimal_of(value: object, most: int = MOST) -> Decimal | None:
    """A number from 0 to `most` out of whatever stands there, as it was written; None when it is none."""
    if type(value) is str:
        amount = decimal_of_text(value)
        return amount if amount is not None and amount <= most else None
    if type(value) is int or type(value) is float:
        return Decimal(repr(value)) if 0 <= value <= most else None  # no infinity, and nothing that is not a number
    return None


def decimal_of_text(text: str) -> Decimal | None:
    """The same of a string: digits with at most one point, nothing else."""
    number = text.strip()
    digits = number.replace(".", "", 1)
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_NUMBER
    return Decimal(number) if is_number else None

"""Arithmetic on US dollars. Amounts are `Decimal` from end to end; a float never holds money."""

from decimal import ROUND_DOWN, Context, Decimal

ZERO = Decimal(0)

SHARE_UNIT = Decimal("1E-12")
"""The finest part that a share of an amount is told to: a millionth of a microdollar."""

_WIDE = Context(prec=80)
"""Wide enough that no sum or difference of two amounts is ever rounded, whatever the caller's own context says."""


def share(amount: Decimal, part: int, whole: int) -> Decimal:
    """`part / whole` of an amount, rounded down to `SHARE_UNIT`.

    The one place where money is rounded, because a third has no end. Round down and take the rest with `less`: then
    share and rest always make the amount again.
    """
    if part >= whole:
        return amount
    return _WIDE.divide(_WIDE.multiply(amount, part), whole).quantize(SHARE_UNIT, ROUND_DOWN, _WIDE)


def less(amount: Decimal, taken: Decimal) -> Decimal:
    """`amount - taken`, never rounded."""
    return _WIDE.subtract(amount, taken)


def plus(amount: Decimal, more: Decimal) -> Decimal:
    """`amount + more`, never rounded."""
    return _WIDE.add(amount, more)


def plain(amount: Decimal) -> str:
    """An amount as a plain decimal string: no exponent, no zeros at the end. `0.000075`, `12`, `0`."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text

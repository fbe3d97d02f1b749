"""Exact sums of money in the database's own aggregates.

Money is a decimal string. PostgreSQL sums it as `numeric`, which is exact. SQLite has no such type: its SUM of decimal strings is
a float, and an aggregate of our own, called for each row, is slower than reading all rows (2.4 s against 1.3 s a million). But an
amount below 100 dollars of at most 14 characters has 12 digits behind its point, and as a whole number of 1E-12 dollars it is
below 1E14, where the next double is 0.016 away: multiplied as a float and rounded it is exactly that number, and whole
numbers are summed exactly, 0.3 us each. They are summed in two halves, for all of them at once would not fit 64 bits from 9
million dollars on.

Amounts that are longer are few, and no part of such a sum: whoever asks for one asks for those row by row (`is_long`).
"""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

DIGITS: Final = 12
"""Behind the point, of the whole numbers that are summed."""
LONGEST: Final = DIGITS + 2
MOST_USD: Final = 100
HALF_BITS: Final = 32
_HALF: Final = (1 << HALF_BITS) - 1


def as_number(money: ColumnElement[Any]) -> ColumnElement[Any]:
    """An amount as a number to compare and to sort by. In SQLite a float: its sign is right, its last digits may not be."""
    return cast(money, Numeric())


class ExactSum(ColumnElement[Any]):
    """The sum of an amount over the rows of which all conditions hold. `amount_of` reads what it gives.

    It brings no table to a statement: one that selects nothing else names its own.
    """

    inherit_cache = False

    def __init__(self, money: ColumnElement[Any], *conditions: ColumnElement[bool]) -> None:
        self.in_numeric = func.sum(case((and_(money != "0", *conditions), cast(money, Numeric()))))
        units = case((and_(money != "0", *conditions, _is_short(money)), _units(money)))
        upper, lower = (func.sum(half) for half in (units.op(">>")(HALF_BITS), units.op("&")(_HALF)))
        self.in_halves = cast(upper, Text()).op("||")(" ").op("||")(lower)


@compiles(ExactSum)
def _as_standard(element: ExactSum, compiler: SQLCompiler, **keywords: object) -> str:
    return compiler.process(element.in_numeric, **keywords)


@compiles(ExactSum, "sqlite")
def _as_sqlite(element: ExactSum, compiler: SQLCompiler, **keywords: object) -> str:
    return compiler.process(element.in_halves, **keywords)


class IsLong(ColumnElement[bool]):
    """One of these amounts is in no `ExactSum`."""

    inherit_cache = False

    def __init__(self, *amounts: ColumnElement[Any]) -> None:
        # Most rows have nothing but a bill: the comparison with "0" spares them the other two.
        self.in_sqlite = or_(*(and_(money != "0", ~_is_short(money)) for money in amounts))


@compiles(IsLong)
def _never(element: IsLong, compiler: SQLCompiler, **keywords: object) -> str:
    return "false"


@compiles(IsLong, "sqlite")
def _by_length(element: IsLong, compiler: SQLCompiler, **keywords: object) -> str:
    return compiler.process(element.in_sqlite.self_group(), **keywords)


def long_part(money: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    """Of one row, what the `ExactSum` of the same arguments leaves out; NULL for nothing."""
    return case((and_(*conditions, IsLong(money)), money))


def amount_of(summed: str | Decimal | None) -> Decimal | None:
    """What an `ExactSum` came to; None for nothing. Exact in a context that is wide enough."""
    if not isinstance(summed, str):
        return summed
    upper, lower = map(int, summed.split())
    return Decimal((upper << HALF_BITS) + lower).scaleb(-DIGITS)


def _is_short(money: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(func.length(money) <= LONGEST, _as_float(money) < MOST_USD)


def _units(money: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(_as_float(money) * literal_column(f"1e{DIGITS}") + literal_column("0.5"), Integer())


def _as_float(money: ColumnElement[Any]) -> ColumnElement[Any]:
    # `+ 0` makes a number of a text that stands in a comparison; in a product that is done anyway.
    return type_coerce(money, Double()) + literal_column("0")

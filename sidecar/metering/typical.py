"""What work of one sort costs as a rule, told from what the latest of it cost. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

FEWEST: Final = 5
"""Bills by which a typical one can be told. With fewer a single odd one would be the rule."""


def low_estimate(bills: Sequence[Decimal]) -> Decimal | None:
    """The lower quartile: three in four of these cost as much or more. None when they are too few to tell.

    The one bill of that rank and no mean of two, so that it is an amount that was really billed, exact to the last digit.
    """
    if len(bills) < FEWEST:
        return None
    return sorted(bills)[(len(bills) - 1) // 4]

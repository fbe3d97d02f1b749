"""A bill that the provider wrote itself: OpenRouter, xAI and others say in the reply what they ask for the call."""

from decimal import ROUND_DOWN, Context, Decimal
from typing import Final

from sidecar.metering.bill import Bill, Unpriced
from sidecar.metering.money import SHARE_UNIT, ZERO, less
from sidecar.metering.rule import NoRule, Rule
from sidecar.metering.usage import Usage

MOST_USD: Final = Decimal(1_000_000)
"""No call costs as much: a larger number is not a price in dollars, and is not believed."""

_WIDE: Final = Context(prec=80)


def bill_as_told(told_usd: Decimal, provider: str, rule: Rule | NoRule, usage: Usage | None) -> Bill | Unpriced:
    """The bill of the provider's own figure, in two parts as the rule divides it; all output where there is no rule.

    What is no amount of money is not believed: then the rule has the word.
    """
    if not (told_usd.is_finite() and 0 <= told_usd < MOST_USD):
        return rule.bill(usage)
    source, amount = f"told by {provider}", told_usd
    if rule.factor is not None:
        source, amount = f"{source} x {rule.factor}", told_usd * rule.factor
    input_usd = _input_of(amount, rule.bill(usage))
    return Bill(input_usd, less(amount, input_usd), source, is_told=True)


def _input_of(amount: Decimal, listed: Bill | Unpriced) -> Decimal:
    """What of an amount is for input, in the proportion of a listed price."""
    if isinstance(listed, Unpriced):
        return ZERO
    total = listed.input_usd + listed.output_usd
    if not total:
        return ZERO
    return _WIDE.divide(_WIDE.multiply(amount, listed.input_usd), total).quantize(SHARE_UNIT, ROUND_DOWN, _WIDE)

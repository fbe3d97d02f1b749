"""The money and the tokens of what settles, calls and operations alike: one bill, counted in one place."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from sidecar.metering.basis import Basis
from sidecar.metering.spend import NO_TOKENS, TokenFates, Tokens
from sidecar.metering.usage import TOKEN_CLASSES
from sidecar.telemetry.series import INFINITY, Branch, Number, Series

DELIVERED, ORPHANED = "delivered", "orphaned"
INCONSISTENT = "inconsistent"
"""An amount that is no amount, or parts that exceed their whole: a bug of ours, never added to any sum."""
NOTHING = (0.0, 0.0)
NO_AMOUNT = float("nan")
MOST_TOKENS = 2**53
"""No settled call used so many; beyond it a sum of floats would not see a single one any more."""


class Billed(Protocol):
    """What has settled: a `CallRecord`, an `OperationRecord`. Amounts are US dollars, None where there is no bill."""

    spend_usd: Decimal | None
    orphaned_usd: Decimal | None
    avoidable_usd: Decimal | None
    basis: str | None
    unpriced_reason: str | None


class MoneyFamilies(Protocol):
    """The families in which all money is counted."""

    spend: Series[Number]
    avoidable: Series[Number]
    unpriced: Series[Number]
    tokens: Series[Number]


class MoneyCells:
    """What the money of one provider, model and kind is counted in; `reasons` are those born at 0."""

    __slots__ = (
        "avoidable", "billed", "delivered_spend", "delivered_tokens", "orphaned_spend", "orphaned_tokens", "unpriced",
    )  # fmt: skip

    def __init__(self, families: MoneyFamilies, labels: tuple[str, str, str], reasons: Iterable[str]) -> None:
        self.billed = 0
        """Bills that were added to spend."""
        self.delivered_spend = Branch(families.spend, (*labels, DELIVERED), Basis)
        self.orphaned_spend = Branch(families.spend, (*labels, ORPHANED), Basis)
        self.avoidable = families.avoidable.of(*labels)
        self.unpriced = Branch(families.unpriced, labels, reasons)
        self.delivered_tokens = _token_children(families, (*labels, DELIVERED))
        self.orphaned_tokens = _token_children(families, (*labels, ORPHANED))

    def count_money(self, record: Billed) -> tuple[float, float]:
        """Add the bill to spend, or say why there is none. Returns the dollars that were added: delivered, orphaned."""
        if record.unpriced_reason:
            self.unpriced[record.unpriced_reason].value += 1
        if record.spend_usd is None:
            return NOTHING
        try:
            spend, orphaned = float(record.spend_usd), float(record.orphaned_usd or 0)
            avoidable = float(record.avoidable_usd or 0)
        except ValueError:  # a signaling NaN, which is no float at all
            spend = orphaned = avoidable = NO_AMOUNT
        if not 0 <= avoidable <= orphaned <= spend < INFINITY:
            self.unpriced[INCONSISTENT].value += 1
            return NOTHING
        basis, delivered = record.basis or Basis.ESTIMATED, spend - orphaned
        self.delivered_spend[basis].value += delivered
        self.orphaned_spend[basis].value += orphaned
        self.avoidable.value += avoidable
        self.billed += 1
        return delivered, orphaned

    def count_tokens(self, tokens: TokenFates) -> None:
        """Add the tokens by fate."""
        _add(self.delivered_tokens, tokens.delivered)
        _add(self.orphaned_tokens, tokens.orphaned)


def _token_children(families: MoneyFamilies, labels: tuple[str, ...]) -> tuple[Number, ...]:
    """A child for each token class, in the order of `metering.spend.Tokens`."""
    return tuple(families.tokens.of(*labels, name) for name in TOKEN_CLASSES)


def _add(children: tuple[Number, ...], tokens: Tokens) -> None:
    """Add the counts of one fate, class by class. Mostly all of one fate, and none of the other."""
    if tokens is NO_TOKENS:
        return
    for child, count in zip(children, tokens, strict=True):
        if 0 < count < MOST_TOKENS:
            child.value += count


def add_amount(number: Number, usd: Decimal | None) -> None:
    """Add an amount of money that is known, finite and not below 0."""
    if usd is not None and usd.is_finite() and 0 <= (amount := float(usd)) < INFINITY:
        number.value += amount

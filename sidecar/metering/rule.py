"""How one model is priced, and the bills made by it.

A rule is found once (`price.py`) and then applied to many calls, so everything that can be settled beforehand is:
prices are US dollars for *one* token, image or second, a part with a price of its own is kept as the difference to
its class, and a class without a price has 0 here and its name in `unpriced`.
"""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.metering.basis import Basis, worst
from sidecar.metering.bill import Bill, Doubt, Unpriced, UnpricedReason
from sidecar.metering.money import ZERO
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import PIECES, TOKEN_CLASSES, Usage

ALWAYS: Final = (-(1 << 62), 1 << 62)
"""Valid at every moment."""

STANDARD_TIERS: Final = frozenset({"", "standard", "default"})

BILLED: Final = TOKEN_CLASSES + PIECES
"""The counts that are disjoint: the rest are parts of these."""
NO_USAGE: Final = Unpriced(UnpricedReason.NO_USAGE)
NO_PRICE: Final = Unpriced(UnpricedReason.NO_PRICE)
UNKNOWN_MODEL: Final = Unpriced(UnpricedReason.UNKNOWN_MODEL)
_NOTHING: Final = Usage()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How one model on one service tier is priced for some time."""

    source: str
    brackets: tuple[Bracket, ...]
    """Highest threshold first; the last one has none (-1). A cliff: one bracket prices all tokens of a call."""
    basis: Basis = Basis.EXACT
    reason: str = ""
    doubtful: tuple[tuple[str, str], ...] = ()
    """Counts without a clear price, and the doubt: a bill with any of them is an estimate."""
    is_by_piece: bool = False
    """Whether only pieces are priced. Then a count of 0 is a bill of 0: nothing was delivered."""
    is_flat: bool = False
    """Whether the price hangs on no usage: the call is free, paid ahead, or priced by itself or its time alone."""
    is_heard: bool = True
    """Whether what the provider itself says it asks comes before this rule."""
    factor: Decimal | None = None
    """What the user multiplies published prices by, those that the provider tells included; in `brackets` already."""
    valid: tuple[Moment, Moment] = ALWAYS
    """From the first moment to before the second."""

    def bill(self, usage: Usage | None, held_milliseconds: int = 0) -> Bill | Unpriced:
        """The bill for this usage and time; takes about a microsecond, and never raises. None: nothing was reported."""
        if usage is None:
            return self._bill_without_usage(held_milliseconds)
        prices = self._prices(usage)
        input_usd, output_usd = prices.input_usd(usage), prices.output_usd(usage)
        time_usd = prices.time_usd(held_milliseconds) if prices.place_hour else ZERO
        missing = False
        for name in prices.unpriced:  # not any(): a generator takes longer than all the rest of this
            if getattr(usage, name):
                missing = True
        if (missing or not (input_usd or output_usd)) and (refusal := self._refusal(prices, usage)):
            return refusal
        basis, reason = self._doubt(prices, usage, missing)
        return Bill(input_usd, output_usd, self.source, basis, reason, time_usd=time_usd)

    def _bill_without_usage(self, held_milliseconds: int) -> Bill | Unpriced:
        prices = self.brackets[-1].prices
        if not (self.is_flat or prices.place_hour or prices.request):
            return NO_USAGE
        time_usd = prices.time_usd(held_milliseconds) if prices.place_hour else ZERO
        basis, reason = self.basis, self.reason
        if not self.is_flat:
            basis, reason = worst(basis, Basis.AT_LEAST), reason or Doubt.NO_USAGE
        return Bill(prices.request, ZERO, self.source, basis, reason, time_usd=time_usd)

    def _prices(self, usage: Usage) -> UnitPrices:
        brackets = self.brackets
        if len(brackets) > 1:
            given = usage.input + usage.cached_input + usage.tool_use
            for bracket in brackets:
                if given > bracket.above:
                    return bracket.prices
        return brackets[-1].prices

    def _refusal(self, prices: UnitPrices, usage: Usage) -> Unpriced | None:
        """Why there is no bill at all: nothing was used, or nothing of it has a price."""
        if prices.place_hour or prices.request or self.is_flat:
            return None
        used = [name for name in BILLED if getattr(usage, name)]
        if not used:
            return None if self.is_by_piece else NO_USAGE
        return NO_PRICE if all(name in prices.unpriced for name in used) else None

    def _doubt(self, prices: UnitPrices, usage: Usage, missing: bool) -> tuple[Basis, str]:
        basis, reason = self.basis, self.reason
        for name, doubt in self.doubtful:
            if getattr(usage, name):
                basis, reason = Basis.ESTIMATED, reason or doubt
        if (usage.images or usage.video_seconds) and prices.lacks_variant(usage):
            basis, reason = Basis.ESTIMATED, reason or Doubt.NO_SIZE_PRICE
        if missing:
            basis, reason = worst(basis, Basis.AT_LEAST), reason or Doubt.PART_UNPRICED
        return basis, reason


def inferred(rule: Rule) -> Rule:
    """The same as an estimate: it is the price of a model that is most likely this one."""
    return msgspec.structs.replace(rule, basis=Basis.ESTIMATED, reason=rule.reason or Doubt.PRICE_INFERRED)


class NoRule(msgspec.Struct, frozen=True):
    """What is remembered of a model that no source knows: same promise as a rule, never a bill."""

    unpriced: Unpriced = UNKNOWN_MODEL
    valid: tuple[Moment, Moment] = ALWAYS
    is_heard: bool = True
    factor: Decimal | None = None

    def bill(self, usage: Usage | None, held_milliseconds: int = 0) -> Unpriced:
        """Why there is no bill."""
        if usage is None:
            return NO_USAGE
        return self.unpriced if any(getattr(usage, name) for name in BILLED) else NO_USAGE

"""What each unit of one model's usage is priced at, and the multiplication.

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
from sidecar.metering.usage import PIECES, TOKEN_CLASSES, Usage

ALWAYS: Final = (-(1 << 62), 1 << 62)
"""Valid at every moment."""

STANDARD_SIZE: Final = ""
STANDARD_TIERS: Final = frozenset({"", "standard", "default"})

_BILLED = TOKEN_CLASSES + PIECES
_NO_USAGE = Unpriced(UnpricedReason.NO_USAGE)
_NO_PRICE = Unpriced(UnpricedReason.NO_PRICE)


class UnitPrices(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for one of each."""

    input: Decimal = ZERO
    """Also of `tool_use`."""
    cached_input: Decimal = ZERO
    output: Decimal = ZERO
    """Also of `reasoning`."""
    input_parts: tuple[tuple[str, Decimal], ...] = ()
    """Name of a part, and what one of it is priced *above* its class (below, if negative)."""
    output_parts: tuple[tuple[str, Decimal], ...] = ()
    images: dict[str, Decimal] = {}
    """By size class; `STANDARD_SIZE` is there if any is."""
    is_any_size: bool = False
    """Whether the standard price holds for every size."""
    video_second: Decimal = ZERO
    web_search: Decimal = ZERO
    unpriced: tuple[str, ...] = ()
    """The classes of usage that have no price here."""

    def input_usd(self, usage: Usage) -> Decimal:
        """What the caller's part is priced at."""
        usd = self.input * (usage.input + usage.tool_use)
        if usage.cached_input:
            usd += self.cached_input * usage.cached_input
        for name, extra in self.input_parts:
            if count := getattr(usage, name):
                usd += extra * count
        if usage.web_searches:
            usd += self.web_search * usage.web_searches
        return usd

    def output_usd(self, usage: Usage) -> Decimal:
        """What the provider's part is priced at."""
        usd = self.output * (usage.output + usage.reasoning)
        for name, extra in self.output_parts:
            if count := getattr(usage, name):
                usd += extra * count
        if usage.images:
            usd += self._image(usage.image_size) * usage.images
        if usage.video_seconds:
            usd += self.video_second * usage.video_seconds
        return usd

    def _image(self, size: str) -> Decimal:
        images = self.images
        return images.get(size, images.get(STANDARD_SIZE, ZERO))

    def lacks_size(self, size: str) -> bool:
        """Whether images have prices by size and none for this one."""
        return bool(self.images) and size not in self.images and not self.is_any_size


class Bracket(msgspec.Struct, frozen=True):
    """Prices that hold for the whole call when its input, cached and tool results included, exceeds `above` tokens."""

    above: int
    prices: UnitPrices


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How one model on one service tier is priced for some time."""

    source: str
    brackets: tuple[Bracket, ...]
    """Highest threshold first; the last one has none (-1). A cliff: one bracket prices all tokens of a call."""
    basis: Basis = Basis.EXACT
    reason: str = ""
    cached_doubt: bool = False
    """Whether a bill with cached tokens is an estimate, because they have no clear price."""
    is_by_piece: bool = False
    """Whether only pieces are priced. Then a count of 0 is a bill of 0: nothing was delivered."""
    valid: tuple[Moment, Moment] = ALWAYS
    """From the first moment to before the second."""

    def bill(self, usage: Usage) -> Bill | Unpriced:
        """The bill for this usage; takes about a microsecond, and never raises."""
        prices = self._prices(usage)
        input_usd, output_usd = prices.input_usd(usage), prices.output_usd(usage)
        missing = False
        for name in prices.unpriced:  # not any(): a generator takes longer than all the rest of this
            if getattr(usage, name):
                missing = True
        if (missing or not (input_usd or output_usd)) and (refusal := self._refusal(prices, usage)):
            return refusal
        basis, reason = self._doubt(prices, usage, missing)
        return Bill(input_usd, output_usd, self.source, basis, reason)

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
        used = [name for name in _BILLED if getattr(usage, name)]
        if not used:
            return None if self.is_by_piece else _NO_USAGE
        return _NO_PRICE if all(name in prices.unpriced for name in used) else None

    def _doubt(self, prices: UnitPrices, usage: Usage, missing: bool) -> tuple[Basis, str]:
        basis, reason = self.basis, self.reason
        if usage.cached_input and self.cached_doubt:
            basis, reason = Basis.ESTIMATED, reason or Doubt.NO_CACHED_PRICE
        if usage.images and prices.lacks_size(usage.image_size):
            basis, reason = Basis.ESTIMATED, reason or Doubt.NO_SIZE_PRICE
        if missing:
            basis, reason = worst(basis, Basis.AT_LEAST), reason or Doubt.PART_UNPRICED
        return basis, reason


class NoRule(msgspec.Struct, frozen=True):
    """What is remembered of a model that no source knows: same promise as a rule, never a bill."""

    unpriced: Unpriced = Unpriced(UnpricedReason.UNKNOWN_MODEL)
    valid: tuple[Moment, Moment] = ALWAYS

    def bill(self, usage: Usage) -> Unpriced:
        """Why there is no bill."""
        return self.unpriced if any(getattr(usage, name) for name in _BILLED) else _NO_USAGE

"""Prices that the user sets: `prices.overrides`. The first that matches is the whole truth about what it matches."""

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from sidecar.errors import PriceError
from sidecar.metering.money import ZERO
from sidecar.metering.rule import STANDARD_SIZE, Bracket, Rule, UnitPrices

TOKENS_A_PRICE: Final = 1_000_000
"""Token prices are set and published per million tokens."""

BATCH: Final = "batch"

_MOST_USD: Final = {
    "input_per_mtok_usd": Decimal(10_000),
    "cached_input_per_mtok_usd": Decimal(10_000),
    "output_per_mtok_usd": Decimal(10_000),
    "image_usd": Decimal(1_000),
    "video_second_usd": Decimal(1_000),
}
"""The dearest published prices of 2026 are a tenth of these or less: beyond is a slip, such as a price per token times 1e9."""

_PRICE_DECIMALS: Final = 9
_FACTOR_DECIMALS: Final = 4
"""Far more than any price list shows, few enough that a bill for a billion tokens is exact in Decimal's 28 digits."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `prices.overrides`. Amounts are US dollars; None says nothing about that class of usage.

    Without `cached_input_per_mtok_usd`, cached tokens are priced as input. No discount is applied that is not named here.
    """

    model: str
    """Glob over the model's plain name (`gemini-2.5-flash`, no `models/`); upper and lower case are alike."""
    upstream: str | None = None
    """Glob over the upstream's name; None matches every upstream."""
    input_per_mtok_usd: Decimal | None = None
    cached_input_per_mtok_usd: Decimal | None = None
    output_per_mtok_usd: Decimal | None = None
    image_usd: Decimal | None = None
    """Per image delivered, of any size."""
    video_second_usd: Decimal | None = None
    """Per second of video delivered."""
    batch_factor: Decimal | None = None
    """What the prices are multiplied by on the `batch` tier, 0 to 1."""

    def matches(self, upstream: str, names: tuple[str, ...]) -> bool:
        """Whether this override speaks of a model, known by any of these lower-case names, at this upstream."""
        if self.upstream is not None and not fnmatchcase(upstream, self.upstream):
            return False
        return any(fnmatchcase(name, self.model.lower()) for name in names)

    def check(self, place: int) -> None:
        """Refuse what can't be meant; `place` counts from 1.

        Raises:
            PriceError: names the override, the field and what is wrong.
        """
        where = f'override {place} (model "{self.model}")'
        if not self.model or self.upstream == "":
            raise PriceError(f"override {place}: model and upstream can't be empty")
        prices = {name: price for name in _MOST_USD if (price := getattr(self, name)) is not None}
        if not prices:
            raise PriceError(f"{where}: names no price")
        for name, price in prices.items():
            _check_amount(f"{where}: {name}", price, _MOST_USD[name], _PRICE_DECIMALS)
        if self.batch_factor is not None:
            _check_amount(f"{where}: batch_factor", self.batch_factor, Decimal(1), _FACTOR_DECIMALS)

    def rule(self, place: int, tier: str) -> Rule:
        """The price rule this override makes for a service tier."""
        factor = Decimal(1) if self.batch_factor is None or tier != BATCH else self.batch_factor
        cached = self.input_per_mtok_usd if self.cached_input_per_mtok_usd is None else self.cached_input_per_mtok_usd
        prices = UnitPrices(
            input=_each(self.input_per_mtok_usd, factor, TOKENS_A_PRICE),
            cached_input=_each(cached, factor, TOKENS_A_PRICE),
            output=_each(self.output_per_mtok_usd, factor, TOKENS_A_PRICE),
            images={} if self.image_usd is None else {STANDARD_SIZE: _each(self.image_usd, factor)},
            is_any_size=True,
            video_second=_each(self.video_second_usd, factor),
            unpriced=self._unpriced(),
        )
        is_by_piece = cached is None and self.output_per_mtok_usd is None
        return Rule(source=f"override:{place}", brackets=(Bracket(-1, prices),), is_by_piece=is_by_piece)

    def _unpriced(self) -> tuple[str, ...]:
        """The classes of usage this override says nothing about. Searches are in it: it has no word for them."""
        classes = {
            ("input", "tool_use"): self.input_per_mtok_usd,
            ("output", "reasoning"): self.output_per_mtok_usd,
            ("images",): self.image_usd,
            ("video_seconds",): self.video_second_usd,
        }
        silent = [name for names, price in classes.items() if price is None for name in names]
        if self.input_per_mtok_usd is None and self.cached_input_per_mtok_usd is None:
            silent.append("cached_input")
        return (*silent, "web_searches")


def _each(price: Decimal | None, factor: Decimal, units: int = 1) -> Decimal:
    return ZERO if price is None else price * factor / units


def _check_amount(what: str, amount: object, most: Decimal, decimals: int) -> None:
    if not isinstance(amount, Decimal):
        raise PriceError(f"{what} is {amount!r}, must be a decimal")
    if not amount.is_finite() or not 0 <= amount <= most:
        raise PriceError(f"{what} is {amount}, must be from 0 to {most}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise PriceError(f"{what} is {amount}, must have at most {decimals} decimals")

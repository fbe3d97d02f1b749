"""Our own table of what is billed by the image and by the second, where genai-prices has nothing.

The rows are in `media_prices.toml`.
"""

from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib import resources

import msgspec

from sidecar.metering.basis import Basis
from sidecar.metering.bill import Doubt
from sidecar.metering.rule import BILLED, STANDARD_TIERS, Rule
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.variant import VariantPrices


class MediaPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row, as the file explains it."""

    model: str
    providers: tuple[str, ...]
    date: str
    source: str
    evidence: str
    image_usd: dict[str, Decimal] = {}
    video_second_usd: dict[str, Decimal] = {}
    inferred: bool = False

    def matches(self, provider: str, names: tuple[str, ...]) -> bool:
        """Whether this row prices a model, known by any of these lower-case names, at this provider."""
        return provider in self.providers and any(fnmatchcase(name, self.model) for name in names)

    def rule(self, tier: str) -> Rule:
        """The price rule this row makes. The table knows standard prices only: on another tier they are an estimate."""
        priced = {"images": self.image_usd, "video_seconds": self.video_second_usd}
        prices = UnitPrices(
            images=_variants(self.image_usd),
            video_seconds=_variants(self.video_second_usd),
            unpriced=tuple(name for name in BILLED if not priced.get(name)),
        )
        doubt = "" if tier in STANDARD_TIERS else Doubt.NO_TIER_PRICE
        doubt = Doubt.PRICE_INFERRED if self.inferred else doubt
        return Rule(
            source=f"media:{self.model}@{self.date}",
            brackets=(Bracket(-1, prices),),
            basis=Basis.ESTIMATED if doubt else Basis.EXACT,
            reason=doubt,
            is_by_piece=True,
        )


def _variants(by: dict[str, Decimal]) -> VariantPrices | None:
    """A price under `any` holds for every variant; otherwise the first is the standard one."""
    if not by:
        return None
    return VariantPrices.of({name: usd for name, usd in by.items() if name != "any"}, by.get("any"))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    price: list[MediaPrice]


def load_media_prices() -> list[MediaPrice]:
    """The rows of the table in this package, in order."""
    text = resources.files("sidecar.metering").joinpath("media_prices.toml").read_bytes()
    return msgspec.toml.decode(text, type=_File).price


def media_rule(table: Sequence[MediaPrice], provider: str, names: tuple[str, ...], tier: str) -> Rule | None:
    """The rule of the first row that matches, or None."""
    return next((row.rule(tier) for row in table if row.matches(provider, names)), None)

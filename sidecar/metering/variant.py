"""Prices of a piece that hang on what kind of piece it is: an image's size and quality, a video's resolution and sound."""

from decimal import Decimal
from typing import Self

import msgspec

from sidecar.metering.money import ZERO


class VariantPrices(msgspec.Struct, frozen=True, gc=False):
    """US dollars for one piece. Variants are lower-case words in any order: `1024x1024 high`, `1080p audio`."""

    standard: Decimal
    """Of a variant that is unknown, or that has no price of its own."""
    by: dict[frozenset[str], Decimal] = {}
    """By the words that a variant must have."""
    is_any: bool = False
    """Whether the standard price is the price of every variant that is not in `by`, and not a guess."""

    @classmethod
    def of(cls, prices: dict[str, Decimal], standard: Decimal | None = None) -> Self:
        """Prices by variant as they are written. Without a standard price the first of them is taken for it, as a guess."""
        by = {words_of(variant): usd for variant, usd in prices.items()}
        if standard is not None:
            return cls(standard, by, is_any=True)
        return cls(next(iter(by.values()), ZERO), by)

    def find(self, variant: str) -> tuple[Decimal, bool]:
        """The price of a variant, and whether it is that variant's own and not the standard one's for lack of it."""
        if not variant:
            return self.standard, True
        words = words_of(variant)
        found = self.by.get(words)
        if found is not None:
            return found, True
        # A price for `1080p` is that of `1080p audio` too, unless this one has its own.
        named = [key for key in self.by if key < words]
        if named:
            return self.by[max(named, key=len)], True
        return self.standard, self.is_any

    def times(self, factor: Decimal) -> Self:
        """The same, multiplied."""
        by = {words: usd * factor for words, usd in self.by.items()}
        return type(self)(self.standard * factor, by, self.is_any)


def words_of(variant: str) -> frozenset[str]:
    """The words of a variant, by which two spellings of it are the same."""
    return frozenset(variant.lower().split())

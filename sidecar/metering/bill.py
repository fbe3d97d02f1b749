"""What a provider asks for one call, or why that can't be said."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from sidecar.metering.basis import Basis


class Bill(msgspec.Struct, frozen=True, gc=False):
    """The money for one call, in US dollars, in the two parts that a split needs apart."""

    input_usd: Decimal
    """Spent on what the caller gave: prompt, cached prompt, tool results, searches. Due once the request is committed."""
    output_usd: Decimal
    """Spent on what was made: answer, thinking, images, audio, video. Accrues until the work ends."""
    source: str
    """Where the price is from: `override:2` (the second of `prices.overrides`), `media:<model>@<date>`,
    `genai-prices <version> <provider>/<model>` and the tier if it has a price of its own, `provisioned throughput`."""
    basis: Basis = Basis.EXACT
    reason: str = ""
    """Why the basis is not exact: one of the words in `Doubt`; empty for exact."""


class Doubt(StrEnum):
    """Why a bill is not exact."""

    NO_TIER_PRICE = "no_tier_price"
    """The service tier has no price of its own; the standard one was used. Estimated."""
    NO_CACHED_PRICE = "no_cached_price"
    """Cached prompt tokens have no price of their own, or one by modality that can't be told; estimated."""
    NO_SIZE_PRICE = "no_size_price"
    """The image size has no price of its own; that of the standard size was used. Estimated."""
    PRICE_INFERRED = "price_inferred"
    """The price is not on a list: taken from the model's family, or the lists disagree. Estimated."""
    PART_UNPRICED = "part_unpriced"
    """Some of what was used has no known price; the rest is billed. At least."""


class UnpricedReason(StrEnum):
    """Why there is no bill: the `reason` label of `unpriced_total` as far as prices are concerned."""

    NO_USAGE = "no_usage"
    """Nothing was counted."""
    UNKNOWN_MODEL = "unknown_model"
    """No source of prices knows the model."""
    NO_PRICE = "no_price"
    """The model is known, but nothing that was used has a price."""


class Unpriced(msgspec.Struct, frozen=True, gc=False):
    """There is no bill, which is not a bill of 0."""

    reason: UnpricedReason

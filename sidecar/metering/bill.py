"""What a provider asks for one call, or why that can't be said."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from sidecar.metering.basis import Basis
from sidecar.metering.money import ZERO


class Bill(msgspec.Struct, frozen=True, gc=False):
    """The money for one call, in US dollars, in the parts that a split needs apart."""

    input_usd: Decimal
    """Spent on what the caller gave: prompt, cached prompt, tool results, searches, text to be spoken, audio to be read, and what
    a call costs by itself. Due once the request is committed."""
    output_usd: Decimal
    """Spent on what was made: answer, thinking, images, audio, video, a machine's seconds. Accrues until the work ends."""
    source: str
    """Where the price is from: `override:2` (the second of `prices.overrides`), `upstream:<name>` (its `price`), `told by
    <provider>`, `provisioned throughput`, `media:<model>@<date>`, `genai-prices <version> <provider>/<model>` and the tier if it
    has a price of its own. ` x 0.85` behind it is an override's factor."""
    basis: Basis = Basis.EXACT
    reason: str = ""
    """Why the basis is not exact: one of the words in `Doubt`; empty for exact."""
    is_told: bool = False
    """The provider's own figure: it is right whatever was counted."""
    time_usd: Decimal = ZERO
    """Spent on the time that the call held its place. Accrues evenly from the commit to the end, whatever was made."""


class Doubt(StrEnum):
    """Why a bill is not exact."""

    NO_TIER_PRICE = "no_tier_price"
    """The service tier has no price of its own; the standard one was used. Estimated."""
    NO_CACHED_PRICE = "no_cached_price"
    """Prompt tokens read from a cache or written to one have no price of their own, or one by modality that can't be told;
    estimated."""
    NO_AUDIO_PRICE = "no_audio_price"
    """Tokens of audio have no price of their own at a provider where they cost more than others; estimated."""
    NO_SIZE_PRICE = "no_size_price"
    """The image's size and quality, or the video's resolution and sound, have no price of their own; that of the standard ones
    was used. Estimated."""
    REGION_SURCHARGE = "region_surcharge"
    """The work was kept in a region that costs more, and the list does not say how much. Estimated."""
    PRICE_INFERRED = "price_inferred"
    """The price is not on a list: taken from the model's family, or the lists disagree. Estimated."""
    PART_UNPRICED = "part_unpriced"
    """Some of what was used has no known price; the rest is billed. At least."""
    SPLIT_ESTIMATED = "split_estimated"
    """The spend is exact; what of it was delivered and what orphaned is told by counted pieces. Estimated."""
    END_NOT_SEEN = "end_not_seen"
    """The end of the reply was not seen: more may have been made. At least."""
    NO_USAGE = "no_usage"
    """Nothing was reported as used: only the call's time, or the call itself, is billed. At least."""


class UnpricedReason(StrEnum):
    """Why there is no bill: the `reason` label of `unpriced_total` as far as prices are concerned."""

    NO_USAGE = "no_usage"
    """Nothing was counted."""
    UNKNOWN_MODEL = "unknown_model"
    """No source of prices knows the model."""
    NO_PRICE = "no_price"
    """The model is known, but nothing that was used has a price."""
    OPERATION = "operation"
    """The reply opened work in the background: what that costs is known when it ends, and is not the price of this call."""
    NOT_WATCHED = "not_watched"
    """An operation whose provider was not asked what it used: `operations.watch` is off."""
    EXPIRED = "expired"
    """An operation that the provider does not know any more, and that had not said before what it used."""
    UNTRACEABLE = "untraceable"
    """An operation whose id was never learned: nobody can be asked about it."""
    ABANDONED = "abandoned"
    """An operation that could not be stopped, and whose end was not seen: it may still run."""


class Unpriced(msgspec.Struct, frozen=True, gc=False):
    """There is no bill, which is not a bill of 0."""

    reason: UnpricedReason

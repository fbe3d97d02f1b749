"""US dollars for one of each thing that a call may use, and the multiplication."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Self

import msgspec

from sidecar.metering.money import SHARE_UNIT, ZERO
from sidecar.metering.usage import Usage
from sidecar.metering.variant import VariantPrices

SECONDS_AN_HOUR: Final = 3_600
MILLISECONDS_AN_HOUR: Final = 3_600_000

Each = tuple[tuple[str, Decimal], ...]
"""Names of counts in `Usage`, and what one adds to the bill. Of a *part* (`audio_input`) that is what it is priced *above* its
class, which holds it already: below 0 if it is cheaper."""


class UnitPrices(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for one of each."""

    input: Decimal = ZERO
    """Also of `tool_use`."""
    cached_input: Decimal = ZERO
    output: Decimal = ZERO
    """Also of `reasoning`."""
    input_each: Each = ()
    output_each: Each = ()
    images: VariantPrices | None = None
    video_seconds: VariantPrices | None = None
    request: Decimal = ZERO
    """Of the call itself, whatever it uses."""
    audio_hour: Decimal = ZERO
    """By the hour, as it is published: a price of one second may have no end."""
    place_hour: Decimal = ZERO
    """Of an hour of the machine on which the call holds one of `places`."""
    places: int = 1
    unpriced: tuple[str, ...] = ()
    """The classes of usage that have no price here."""

    def input_usd(self, usage: Usage) -> Decimal:
        """What the caller's part is priced at."""
        usd = self.input * (usage.input + usage.tool_use)
        if usage.cached_input:
            usd += self.cached_input * usage.cached_input
        for name, each in self.input_each:
            if count := getattr(usage, name):
                usd += each * count
        if usage.audio_seconds:
            usd += rounded(self.audio_hour * usage.audio_seconds / SECONDS_AN_HOUR)
        return usd + self.request if self.request else usd

    def output_usd(self, usage: Usage) -> Decimal:
        """What the provider's part is priced at."""
        usd = self.output * (usage.output + usage.reasoning)
        for name, each in self.output_each:
            if count := getattr(usage, name):
                usd += each * count
        if usage.images and self.images is not None:
            usd += self.images.find(usage.variant)[0] * usage.images
        if usage.video_seconds and self.video_seconds is not None:
            usd += self.video_seconds.find(usage.variant)[0] * usage.video_seconds
        return usd

    def time_usd(self, held_milliseconds: int) -> Decimal:
        """What the time is priced at that the call held its place."""
        return rounded(self.place_hour * held_milliseconds / (MILLISECONDS_AN_HOUR * self.places))

    def lacks_variant(self, usage: Usage) -> bool:
        """Whether an image or a video was priced as the standard one, for lack of a price of its own."""
        return any(
            prices is not None and count and not prices.find(usage.variant)[1]
            for prices, count in ((self.images, usage.images), (self.video_seconds, usage.video_seconds))
        )

    def times(self, factor: Decimal) -> Self:
        """The same, multiplied: a discount, a surcharge."""
        return msgspec.structs.replace(
            self,
            input=self.input * factor,
            cached_input=self.cached_input * factor,
            output=self.output * factor,
            input_each=_each_times(self.input_each, factor),
            output_each=_each_times(self.output_each, factor),
            images=self.images and self.images.times(factor),
            video_seconds=self.video_seconds and self.video_seconds.times(factor),
            request=self.request * factor,
            audio_hour=self.audio_hour * factor,
            place_hour=self.place_hour * factor,
        )


class Bracket(msgspec.Struct, frozen=True):
    """Prices that hold for the whole call when its input, cached and tool results included, exceeds `above` tokens."""

    above: int
    prices: UnitPrices


def rounded(usd: Decimal) -> Decimal:
    """A quotient to a millionth of a microdollar: it may have no end."""
    return usd.quantize(SHARE_UNIT, ROUND_HALF_EVEN)


def _each_times(each: Each, factor: Decimal) -> Each:
    return tuple((name, usd * factor) for name, usd in each)

"""Prices of your own: `prices.overrides`, and the `price` of an upstream. Under each key: what it is for, and what None means."""

from collections.abc import Mapping
from typing import Protocol, Self

from pydantic import Field, model_validator

from sidecar.config.group import Group
from sidecar.config.values import Factor, Positive, Text, Usd, unusable_whole
from sidecar.errors import PriceError
from sidecar.metering.override import Override

Ratio = Usd
"""A number from 0 on that is no money; read the same way."""


class PriceKeys(Group):
    """What may be asked for. It is the whole truth about what it matches: no discount is applied that it does not name."""

    input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens; None says nothing about input."""
    cached_input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens read from a cache; None prices them as input."""
    cache_write_per_mtok_usd: Usd | None = None
    """US dollars per million tokens written to a cache that keeps them for minutes; None prices them as input."""
    cache_write_hour_per_mtok_usd: Usd | None = None
    """US dollars per million tokens written to a cache that keeps them for an hour; None prices them as those for minutes."""
    output_per_mtok_usd: Usd | None = None
    """US dollars per million tokens; None says nothing about output."""
    reasoning_per_mtok_usd: Usd | None = None
    """US dollars per million tokens of thinking; None prices them as output."""
    audio_input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens of audio; None prices them as input."""
    audio_output_per_mtok_usd: Usd | None = None
    """US dollars per million tokens of audio; None prices them as output."""
    image_input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens of images; None prices them as input."""
    image_output_per_mtok_usd: Usd | None = None
    """US dollars per million tokens of images; None prices them as output."""
    image_usd: Usd | None = None
    """US dollars per image delivered, of every size that `image_usd_by` does not name."""
    image_usd_by: dict[Text, Usd] = Field(default_factory=dict)
    """The same by size and quality: `1024x1024`, `1024x1024 high`; one of fewer words is for all that have these."""
    video_second_usd: Usd | None = None
    """US dollars per second of video delivered, of every kind that `video_second_usd_by` does not name."""
    video_second_usd_by: dict[Text, Usd] = Field(default_factory=dict)
    """The same by resolution and sound: `1080p`, `1080p audio`."""
    audio_second_usd: Usd | None = None
    """US dollars per second of audio transcribed."""
    audio_minute_usd: Usd | None = None
    """US dollars per minute of audio transcribed; one of the two."""
    million_characters_usd: Usd | None = None
    """US dollars per million characters spoken."""
    web_search_usd: Usd | None = None
    """US dollars per search that the provider made for the answer."""
    unit_usd: Usd | None = None
    """US dollars per unit of the provider's own, such as Cohere's search units."""
    request_usd: Usd | None = None
    """US dollars per call, whatever it uses."""
    second_usd: Usd | None = None
    """US dollars per second of a machine, where the provider reports them (Replicate, RunPod)."""
    gpu_hour_usd: Usd | None = None
    """US dollars per GPU and hour. The call costs its share of the time that it held one of the machine's `slots`."""
    gpus: Ratio | None = None
    """GPUs of that machine; None is one."""
    slots: Positive | None = None
    """Calls that the machine works on at once; None is one."""
    factor: Ratio | None = None
    """Multiplies the published price instead of replacing it: 1.10 for a region, 0.85 for a discount. None sets prices."""
    batch_factor: Factor | None = None
    """What prices are multiplied by on the batch tier, 0 to 1; None applies no discount."""
    free: bool = False
    """Nothing is asked."""

    @model_validator(mode="after")
    def _is_a_price(self) -> Self:
        try:
            self.override().check(1)
        except PriceError as why:
            raise unusable_whole(str(why).rpartition(": ")[2]) from None  # without what the key already says
        return self

    def override(self) -> Override:
        """The same, as the price book takes it; speaks of every call unless the keys say otherwise."""
        keys = {name: getattr(self, name) for name in type(self).model_fields}
        return Override(**({"model": "*"} | keys))


class PriceOverride(PriceKeys):
    """A price, and the calls that it is the price of."""

    model: Text
    """Glob over the model's plain name: `gemini-2.5-*`. The name that was asked for counts, and the one that served."""
    upstream: Text | None = None
    """Glob over the upstream's name; None matches every upstream."""
    method: Text | None = None
    """Glob over the provider's name of the method: `chat.completions`, `generateContent`. None matches every method."""
    label: Text | None = None
    """Glob over the call's labels, each as `name=value`: `team=research`. None asks for no label."""


class UpstreamPrice(PriceKeys):
    """What one upstream asks for every call that no override speaks of."""


class Priced(Protocol):
    """An upstream, as far as its price goes."""

    @property
    def price(self) -> UpstreamPrice | None:
        """None where it has no price of its own."""
        ...


class Prices(Group):
    """Prices that are not the published ones."""

    overrides: tuple[PriceOverride, ...] = ()
    """The first that matches wins. Empty: the built-in tables."""

    def book(self) -> tuple[Override, ...]:
        """The overrides, as the price book takes them."""
        return tuple(entry.override() for entry in self.overrides)


def overrides_of(prices: Prices, upstreams: Mapping[str, Priced]) -> tuple[Override, ...]:
    """Everything the price book takes: the overrides, and behind them the price of each upstream that has one."""
    own = ((name, upstream.price) for name, upstream in upstreams.items())
    return prices.book() + tuple(_price_of(name, price) for name, price in own if price is not None)


def _price_of(name: str, price: UpstreamPrice) -> Override:
    keys = {key: getattr(price, key) for key in UpstreamPrice.model_fields}
    return Override(model="*", upstream=name, source=f"upstream:{name}", **keys)

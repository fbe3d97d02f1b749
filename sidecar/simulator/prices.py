"""What the simulated provider counts, and its own arithmetic of money. The prices themselves are in `price_list.py`.

Deliberately small, and deliberately not the sidecar's: two independent sums that agree are worth something.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

PER_MILLION, PER_THOUSAND = Decimal("0.000001"), Decimal("0.001")
NOTHING, SECONDS_OF_AN_HOUR = Decimal(0), 3600


class Used(msgspec.Struct, frozen=True, gc=False):
    """What one call used: cached, audio and cache-writing tokens are parts of the prompt that do not overlap.

    Dialects that count otherwise on the wire (Anthropic's `input_tokens` is without the cache's) say so in their own files.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Part of `prompt_tokens`."""
    audio_tokens: int = 0
    """Part of `prompt_tokens`, none of it cached."""
    cache_write_tokens: int = 0
    """Part of `prompt_tokens`: written to a cache that keeps them for minutes."""
    cache_write_hour_tokens: int = 0
    """Part of `prompt_tokens`: written to a cache that keeps them for an hour."""
    tool_tokens: int = 0
    """Fed back by tools; not part of `prompt_tokens`."""
    output_tokens: int = 0
    """Text of the answer."""
    thought_tokens: int = 0
    image_tokens: int = 0
    """Images in a generated answer; not part of `output_tokens`."""
    audio_output_tokens: int = 0
    """Speech of a generated answer; not part of `output_tokens`."""
    images: int = 0
    """Whole images of an image model."""
    characters: int = 0
    """Of a model that is charged by the character."""
    video_seconds: int = 0
    trained_tokens: int = 0
    """Of a training set, once for each time that it is gone through."""
    compute_milliseconds: int = 0
    """Of a machine that is charged by the time."""
    audio_seconds: int = 0
    """Of a conversation that is charged by the time."""

    def counts(self) -> dict[str, int]:
        """The counts above 0 by name."""
        return {name: count for name in self.__struct_fields__ if (count := getattr(self, name))}


class Price(msgspec.Struct, frozen=True):
    """US dollars: for a million tokens or characters of each class, for one image, for a second of video or of a machine."""

    input: Decimal = NOTHING
    cached: Decimal = NOTHING
    audio: Decimal = NOTHING
    cache_write: Decimal = NOTHING
    cache_write_hour: Decimal = NOTHING
    output: Decimal = NOTHING
    image_output: Decimal = NOTHING
    audio_output: Decimal = NOTHING
    character: Decimal = NOTHING
    image: Decimal = NOTHING
    video_second: Decimal = NOTHING
    training: Decimal = NOTHING
    """For a million trained tokens."""
    compute_second: Decimal = NOTHING
    audio_hour: Decimal = NOTHING
    long: "Price | None" = None
    """The price when input tokens exceed `long_above`; None where there is only one price."""
    long_above: int = 200_000
    """Above this many input tokens the *whole* call is charged at the long price (a cliff, not a bracket)."""
    variants: Mapping[str, "Price"] = {}
    """Other prices of the same model, by service tier (`flex`) or by size and quality of an image (`1024x1792 hd`)."""

    def variant(self, name: str) -> "Price":
        """The price of a variant; the standard one where there is none of that name."""
        return self.variants.get(name, self)


def usd(price: Price, used: Used) -> Decimal:
    """The bill for one call, US dollars, exact. A class without a price of its own is charged like what it is part of."""
    input_tokens = used.prompt_tokens + used.tool_tokens
    if price.long is not None and input_tokens > price.long_above:
        price = price.long
    apart = used.cached_tokens + used.audio_tokens + used.cache_write_tokens + used.cache_write_hour_tokens
    millionths = (
        (input_tokens - apart) * price.input
        + used.cached_tokens * (price.cached or price.input)
        + used.audio_tokens * (price.audio or price.input)
        + used.cache_write_tokens * (price.cache_write or price.input)
        + used.cache_write_hour_tokens * (price.cache_write_hour or price.cache_write or price.input)
        + (used.output_tokens + used.thought_tokens) * price.output
        + used.image_tokens * (price.image_output or price.output)
        + used.audio_output_tokens * (price.audio_output or price.output)
        + used.characters * price.character
        + used.trained_tokens * price.training
    )
    whole = used.images * price.image + used.video_seconds * price.video_second
    whole += used.audio_seconds * price.audio_hour / SECONDS_OF_AN_HOUR
    return millionths * PER_MILLION + whole + used.compute_milliseconds * PER_THOUSAND * price.compute_second


def sum_of(several: Iterable[Used]) -> Used:
    """All of it together."""
    counts: Counter[str] = Counter()
    for used in several:
        counts.update(used.counts())
    return Used(**counts)


def tokens(
    *,
    input: str,
    output: str = "0",
    cached: str = "0",
    audio: str = "0",
    writes: tuple[str, str] = ("0", "0"),
    image_output: str = "0",
    audio_output: str = "0",
) -> Price:
    """A price by the token, from figures as the price page prints them; `writes` to a cache for minutes, for an hour."""
    return Price(
        input=Decimal(input),
        output=Decimal(output),
        cached=Decimal(cached),
        audio=Decimal(audio),
        cache_write=Decimal(writes[0]),
        cache_write_hour=Decimal(writes[1]),
        image_output=Decimal(image_output),
        audio_output=Decimal(audio_output),
    )

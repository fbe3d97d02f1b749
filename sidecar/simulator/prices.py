"""What the simulated provider charges: a price list and its own arithmetic.

Deliberately small, and deliberately not the sidecar's: two independent sums that agree are worth something. The token
prices are the public list prices that genai-prices 0.2.3 carries (a test compares them); images and characters are from
Google's Vertex AI price page, read 2026-11: https://cloud.google.com/vertex-ai/generative-ai/pricing
"""

from decimal import Decimal

import msgspec

LONG_PROMPT = 200_000
"""Above this many input tokens the *whole* call is charged at the long price (a cliff, not a bracket)."""

PER_MILLION = Decimal("0.000001")
NOTHING = Decimal(0)


class Used(msgspec.Struct, frozen=True, gc=False):
    """What one call used, in the provider's own way of counting: cached and audio tokens are part of the prompt."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Part of `prompt_tokens`."""
    audio_tokens: int = 0
    """Part of `prompt_tokens`, none of it cached."""
    tool_tokens: int = 0
    """Fed back by tools; not part of `prompt_tokens`."""
    output_tokens: int = 0
    """Text of the answer."""
    thought_tokens: int = 0
    image_tokens: int = 0
    """Images in a generated answer; not part of `output_tokens`."""
    images: int = 0
    """Whole images of an image model."""
    characters: int = 0
    """Of a model that is charged by the character."""

    def counts(self) -> dict[str, int]:
        """The counts above 0 by name."""
        return {name: count for name in self.__struct_fields__ if (count := getattr(self, name))}


class Price(msgspec.Struct, frozen=True):
    """US dollars: for a million tokens or characters of each class, for one image."""

    input: Decimal = NOTHING
    cached: Decimal = NOTHING
    audio: Decimal = NOTHING
    output: Decimal = NOTHING
    image_output: Decimal = NOTHING
    character: Decimal = NOTHING
    image: Decimal = NOTHING
    long: "Price | None" = None
    """The price when input tokens exceed `LONG_PROMPT`; None where there is only one price."""


def usd(price: Price, used: Used) -> Decimal:
    """The bill for one call, US dollars, exact. A class without a price of its own is charged like what it is part of."""
    input_tokens = used.prompt_tokens + used.tool_tokens
    if price.long is not None and input_tokens > LONG_PROMPT:
        price = price.long
    millionths = (
        (input_tokens - used.cached_tokens - used.audio_tokens) * price.input
        + used.cached_tokens * (price.cached or price.input)
        + used.audio_tokens * (price.audio or price.input)
        + (used.output_tokens + used.thought_tokens) * price.output
        + used.image_tokens * (price.image_output or price.output)
        + used.characters * price.character
    )
    return millionths * PER_MILLION + used.images * price.image


def tokens(*, input: str, output: str = "0", cached: str = "0", audio: str = "0", image_output: str = "0") -> Price:
    """A price by the token, from figures as the price page prints them."""
    return Price(
        input=Decimal(input),
        output=Decimal(output),
        cached=Decimal(cached),
        audio=Decimal(audio),
        image_output=Decimal(image_output),
    )


PRICES: dict[str, Price] = {
    "gemini-2.5-flash": tokens(input="0.30", output="2.50", cached="0.03", audio="1.00"),
    "gemini-2.5-flash-lite": tokens(input="0.10", output="0.40", cached="0.01", audio="0.30"),
    "gemini-2.5-pro": msgspec.structs.replace(
        tokens(input="1.25", output="10", cached="0.125"),
        long=tokens(input="2.50", output="15", cached="0.25"),
    ),
    "gemini-3.5-flash": tokens(input="1.50", output="9", cached="0.15"),
    "gemini-2.5-flash-image": tokens(input="0.30", output="2.50", image_output="30"),
    "gemini-embedding-001": tokens(input="0.15"),
    "gemini-embedding-2": tokens(input="0.20"),
    "text-embedding-005": Price(character=Decimal("0.025")),
    "imagen-4.0-generate-001": Price(image=Decimal("0.04")),
    "imagen-4.0-fast-generate-001": Price(image=Decimal("0.02")),
    "imagen-4.0-ultra-generate-001": Price(image=Decimal("0.06")),
}
"""By the name in the request's path. Audio is priced only where the public list has a price of its own for it."""

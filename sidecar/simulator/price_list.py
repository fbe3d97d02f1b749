"""The simulated provider's price list, in US dollars: a few models of each house.

The token prices are the public list prices that genai-prices 0.2.3 carries (a test compares them). Images and characters of
Google: https://cloud.google.com/vertex-ai/generative-ai/pricing, read 2026-11. DALL-E: https://platform.openai.com/docs/pricing,
the last prices it had (standard quality unless the variant says `hd`).
"""

from decimal import Decimal

from msgspec.structs import replace

from sidecar.simulator.prices import Price, tokens

GOOGLE: dict[str, Price] = {
    "gemini-2.5-flash": replace(
        tokens(input="0.30", output="2.50", cached="0.03", audio="1.00"), training=Decimal("5")
    ),
    "gemini-2.5-flash-lite": tokens(input="0.10", output="0.40", cached="0.01", audio="0.30"),
    "gemini-2.5-pro": replace(
        tokens(input="1.25", output="10", cached="0.125"),
        long=tokens(input="2.50", output="15", cached="0.25"),
    ),
    "gemini-3.5-flash": tokens(input="1.50", output="9", cached="0.15"),
    "gemini-2.5-flash-image": tokens(input="0.30", output="2.50", image_output="30"),
    "gemini-live-2.5-flash": tokens(input="0.50", output="2", audio="3", audio_output="12"),
    "gemini-3.1-flash-live-preview": tokens(input="0.75", output="4.50", audio="3", audio_output="12"),
    "gemini-embedding-001": tokens(input="0.15"),
    "gemini-embedding-2": tokens(input="0.20"),
    "text-embedding-005": Price(character=Decimal("0.025")),
    "imagen-4.0-generate-001": Price(image=Decimal("0.04")),
    "imagen-4.0-fast-generate-001": Price(image=Decimal("0.02")),
    "imagen-4.0-ultra-generate-001": Price(image=Decimal("0.06")),
}
"""Audio is priced only where the public list has a price of its own for it."""

OPENAI: dict[str, Price] = {
    "gpt-4o-mini": replace(
        tokens(input="0.15", output="0.60", cached="0.075"),
        training=Decimal("3"),
        variants={"priority": tokens(input="0.25", output="1", cached="0.125")},
    ),
    "gpt-4.1-nano": replace(
        tokens(input="0.10", output="0.40", cached="0.025"),
        variants={"priority": tokens(input="0.20", output="0.80", cached="0.05")},
    ),
    "gpt-5-mini": replace(
        tokens(input="0.25", output="2", cached="0.025"),
        variants={
            "flex": tokens(input="0.125", output="1", cached="0.0125"),
            "priority": tokens(input="0.45", output="3.60", cached="0.045"),
        },
    ),
    "gpt-5.4": replace(
        tokens(input="2.50", output="15", cached="0.25"),
        long=tokens(input="5", output="22.50", cached="0.50"),
        long_above=272_000,
    ),
    "o4-mini": tokens(input="1.10", output="4.40", cached="0.275"),
    "gpt-realtime": tokens(input="4", output="16", cached="0.40", audio="32", audio_output="64"),
    "gpt-realtime-mini": tokens(input="0.60", output="2.40", cached="0.06", audio="10", audio_output="20"),
    "gpt-live-1": Price(audio_hour=Decimal(3)),
    "gpt-3.5-turbo-instruct": tokens(input="1.50", output="2"),
    "text-embedding-3-small": tokens(input="0.02"),
    "text-embedding-3-large": tokens(input="0.13"),
    "gpt-image-1-mini": tokens(input="2", output="8", cached="0.20"),
    "gpt-image-1.5": tokens(input="5", output="10", cached="1.25", image_output="32"),
    "dall-e-3": Price(
        image=Decimal("0.04"),
        variants={
            "1024x1024 hd": Price(image=Decimal("0.08")),
            "1024x1792": Price(image=Decimal("0.08")),
            "1792x1024": Price(image=Decimal("0.08")),
            "1024x1792 hd": Price(image=Decimal("0.12")),
            "1792x1024 hd": Price(image=Decimal("0.12")),
        },
    ),
    "dall-e-2": Price(
        image=Decimal("0.02"),
        variants={"256x256": Price(image=Decimal("0.016")), "512x512": Price(image=Decimal("0.018"))},
    ),
}

ANTHROPIC: dict[str, Price] = {
    "claude-haiku-4-5": tokens(input="1", output="5", cached="0.10", writes=("1.25", "2")),
    "claude-sonnet-4-5": replace(
        tokens(input="3", output="15", cached="0.30", writes=("3.75", "6")),
        long=tokens(input="6", output="22.50", cached="0.60", writes=("7.50", "12")),
    ),
    "claude-sonnet-5": tokens(input="2", output="10", cached="0.20", writes=("2.50", "4")),
    "claude-opus-4-8": tokens(input="5", output="25", cached="0.50", writes=("6.25", "10")),
}

BEDROCK: dict[str, Price] = {
    "anthropic.claude-haiku-4-5-20251001-v1:0": tokens(
        input="1.10", output="5.50", cached="0.11", writes=("1.375", "2.20")
    ),
    "global.anthropic.claude-haiku-4-5-20251001-v1:0": tokens(
        input="1", output="5", cached="0.10", writes=("1.25", "2")
    ),
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": tokens(
        input="3.30", output="16.50", cached="0.33", writes=("4.125", "6.60")
    ),
}

SELF_HOSTED: dict[str, Price] = {"llama3.2": Price(), "qwen3:8b": Price()}
"""Models of one's own machine: their time is what costs, and that is nobody's bill."""


def second_of_video(usd: str, **variants: str) -> Price:
    """A price by the second, and by the resolution where that matters."""
    dearer = {name.lstrip("_"): Price(video_second=Decimal(other)) for name, other in variants.items()}
    return Price(video_second=Decimal(usd), variants=dearer)


VIDEO: dict[str, Price] = {
    "veo-3.1-generate-preview": second_of_video("0.40", _4k="0.60"),
    "veo-3.1-fast-generate-preview": second_of_video("0.10", _1080p="0.12", _4k="0.30"),
    "veo-3.0-generate-001": second_of_video("0.40"),
    "veo-2.0-generate-001": second_of_video("0.50"),
}
"""With sound: https://ai.google.dev/gemini-api/docs/pricing, as LiteLLM's list of 2026-11 repeats it."""

REPLICATE: dict[str, Price] = {"black-forest-labs/flux-dev-lora": Price(compute_second=Decimal("0.001525"))}
"""By the second of a machine. These two, and the prices of training, are the simulator's own: they are compared to no list."""

RUNPOD: dict[str, Price] = {"an-endpoint": Price(compute_second=Decimal("0.00116"))}
"""By the second of a worker."""

PRICES: dict[str, Price] = {
    **GOOGLE,
    **OPENAI,
    **ANTHROPIC,
    **BEDROCK,
    **SELF_HOSTED,
    **VIDEO,
    **REPLICATE,
    **RUNPOD,
}
"""By the name in the request's path or body."""

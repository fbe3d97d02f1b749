"""The simulated provider's arithmetic, by hand."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from sidecar.simulator.price_list import PRICES
from sidecar.simulator.prices import Used, tokens, usd


def test_a_call_with_every_class__by_hand():
    used = Used(
        prompt_tokens=1000, cached_tokens=200, audio_tokens=100, tool_tokens=50, output_tokens=100, thought_tokens=60
    )
    # 750 at 0.30, 200 at 0.03, 100 at 1.00, 160 at 2.50, each for a million
    assert usd(PRICES["gemini-2.5-flash"], used) == Decimal("0.000731")


def test_what_is_written_to_caches__by_hand():
    used = Used(prompt_tokens=1000, cached_tokens=200, cache_write_tokens=300, cache_write_hour_tokens=100)
    # 400 at 1.00, 200 at 0.10, 300 at 1.25, 100 at 2.00, each for a million
    assert usd(PRICES["claude-haiku-4-5"], used) == Decimal("0.000995")


@pytest.mark.parametrize(("prompt", "bill"), [(200_000, "0.260"), (200_001, "0.5150025")])
def test_a_long_prompt__the_whole_call_is_dearer(prompt: int, bill: str):
    assert usd(PRICES["gemini-2.5-pro"], Used(prompt_tokens=prompt, output_tokens=1000)) == Decimal(bill)


def test_images__by_the_image():
    assert usd(PRICES["imagen-4.0-generate-001"], Used(images=3)) == Decimal("0.12")
    assert usd(PRICES["imagen-4.0-fast-generate-001"], Used(images=3)) == Decimal("0.06")
    assert usd(PRICES["imagen-4.0-ultra-generate-001"], Used(images=3)) == Decimal("0.18")


def test_an_old_embedding__by_the_character():
    assert usd(PRICES["text-embedding-005"], Used(characters=40_000)) == Decimal("0.001")


def test_a_generated_picture__by_its_tokens():
    used = Used(prompt_tokens=10, image_tokens=1290)
    assert usd(PRICES["gemini-2.5-flash-image"], used) == Decimal("0.038703")


def test_audio_without_a_price_of_its_own__costs_what_text_costs():
    price = PRICES["gemini-2.5-pro"]
    assert usd(price, Used(prompt_tokens=100, audio_tokens=40)) == usd(price, Used(prompt_tokens=100))


def test_speech__by_its_tokens_and_the_time_of_a_conversation():
    used = Used(prompt_tokens=100, audio_tokens=60, output_tokens=10, audio_output_tokens=50)
    # 40 at 0.50, 60 at 3, 10 at 2, 50 at 12, each for a million
    assert usd(PRICES["gemini-live-2.5-flash"], used) == Decimal("0.00082")
    assert usd(PRICES["gpt-live-1"], Used(audio_seconds=12)) == Decimal("0.01")


def test_a_variant__its_own_price_or_the_standard_one():
    price = replace(tokens(input="2"), variants={"flex": tokens(input="1")})
    assert [price.variant(name).input for name in ("flex", "scale")] == [Decimal(1), Decimal(2)]

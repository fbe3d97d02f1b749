"""The simulated provider charges what the public price list says, by its own arithmetic."""

import datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, data_snapshot

from sidecar.simulator.catalog import CATALOG, Family
from sidecar.simulator.prices import PRICES, Used, usd

GOOGLE = next(provider for provider in data_snapshot.get_snapshot().providers if provider.id == "google")
NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
IN_THE_PUBLIC_LIST = sorted(name for name in PRICES if GOOGLE.find_model(name) is not None)


def public_price(name: str, **usage: int) -> Decimal:
    model = GOOGLE.find_model(name)
    assert model is not None
    return model.calc_price(Usage(**usage), GOOGLE, genai_request_timestamp=NOW).total_price


def test_a_call_with_every_class__by_hand():
    used = Used(
        prompt_tokens=1000, cached_tokens=200, audio_tokens=100, tool_tokens=50, output_tokens=100, thought_tokens=60
    )
    # 750 at 0.30, 200 at 0.03, 100 at 1.00, 160 at 2.50, each for a million
    assert usd(PRICES["gemini-2.5-flash"], used) == Decimal("0.000731")


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


def test_the_public_list_knows_all_but_images_and_characters():
    others = {name for name, model in CATALOG.items() if model.family is Family.IMAGE or model.is_charged_by_character}
    assert set(PRICES) - set(IN_THE_PUBLIC_LIST) == others


@pytest.mark.parametrize("prompt", [1, 200_000, 200_001, 1_000_000])
@pytest.mark.parametrize("name", IN_THE_PUBLIC_LIST)
def test_input_price__agrees_with_the_public_list(name: str, prompt: int):
    assert usd(PRICES[name], Used(prompt_tokens=prompt)) == public_price(name, input_tokens=prompt)


@pytest.mark.parametrize("prompt", [500, 300_000])
@pytest.mark.parametrize("name", [name for name in IN_THE_PUBLIC_LIST if CATALOG[name].family is Family.CONTENT])
def test_cached_and_output_price__agree_with_the_public_list(name: str, prompt: int):
    ours = usd(PRICES[name], Used(prompt_tokens=prompt, cached_tokens=200, output_tokens=70, thought_tokens=30))
    assert ours == public_price(name, input_tokens=prompt, cache_read_tokens=200, output_tokens=100)


@pytest.mark.parametrize("name", [name for name, price in PRICES.items() if price.audio])
def test_audio_price__agrees_with_the_public_list(name: str):
    ours = usd(PRICES[name], Used(prompt_tokens=100, audio_tokens=60))
    assert ours == public_price(name, input_tokens=100, input_audio_tokens=60)


def test_picture_price__agrees_with_the_public_list():
    ours = usd(PRICES["gemini-2.5-flash-image"], Used(prompt_tokens=5, output_tokens=10, image_tokens=1290))
    assert ours == public_price("gemini-2.5-flash-image", input_tokens=5, output_tokens=1300, output_image_tokens=1290)

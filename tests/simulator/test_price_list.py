"""The simulated provider asks what the public price list says."""

import datetime
import tomllib
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path

import pytest
from genai_prices import Usage, data_snapshot

from sidecar import metering
from sidecar.simulator.catalog import CATALOG, Family
from sidecar.simulator.price_list import (
    ANTHROPIC,
    BEDROCK,
    GOOGLE,
    OPENAI,
    PRICES,
    REPLICATE,
    RUNPOD,
    SELF_HOSTED,
    VIDEO,
)
from sidecar.simulator.prices import Price, Used, usd

PUBLIC = {provider.id: provider for provider in data_snapshot.get_snapshot().providers}
HOUSES = {"google": GOOGLE, "openai": OPENAI, "anthropic": ANTHROPIC, "aws": BEDROCK}
NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
LISTED = [
    (house, name) for house, prices in HOUSES.items() for name in prices if PUBLIC[house].find_model(name) is not None
]
LENGTHS = [1, 200_000, 200_001, 272_000, 272_001, 1_000_000]


def public_price(house: str, name: str, tier: str | None = None, **usage: int) -> Decimal:
    model = PUBLIC[house].find_model(name)
    assert model is not None
    return model.calc_price(
        Usage(**usage), PUBLIC[house], genai_request_timestamp=NOW, price_context={"service_tier": tier} if tier else {}
    ).total_price


def test_the_public_list_knows_all_but_whole_images_characters_and_seconds():
    others = {name for name, model in CATALOG.items() if model.price.image or model.is_charged_by_character}
    by_the_second = {*VIDEO, *REPLICATE, *RUNPOD}
    assert set(PRICES) - {name for _, name in LISTED} == others | set(SELF_HOSTED) | by_the_second


@pytest.mark.parametrize("prompt", LENGTHS)
@pytest.mark.parametrize(("house", "name"), LISTED)
def test_input_price__agrees_with_the_public_list(house: str, name: str, prompt: int):
    assert usd(PRICES[name], Used(prompt_tokens=prompt)) == public_price(house, name, input_tokens=prompt)


@pytest.mark.parametrize("prompt", [500, 300_000])
@pytest.mark.parametrize(("house", "name"), [(h, n) for h, n in LISTED if CATALOG[n].family is Family.CONTENT])
def test_output_price__agrees_with_the_public_list(house: str, name: str, prompt: int):
    ours = usd(PRICES[name], Used(prompt_tokens=prompt, output_tokens=70, thought_tokens=30))
    assert ours == public_price(house, name, input_tokens=prompt, output_tokens=100)


@pytest.mark.parametrize("prompt", [500, 300_000])
@pytest.mark.parametrize(("house", "name"), [(h, n) for h, n in LISTED if PRICES[n].cached])
def test_cached_price__agrees_with_the_public_list(house: str, name: str, prompt: int):
    ours = usd(PRICES[name], Used(prompt_tokens=prompt, cached_tokens=200))
    assert ours == public_price(house, name, input_tokens=prompt, cache_read_tokens=200)


@pytest.mark.parametrize("prompt", [500, 300_000])
@pytest.mark.parametrize(("house", "name"), [(h, n) for h, n in LISTED if PRICES[n].cache_write])
def test_price_of_writing_to_a_cache__agrees_with_the_public_list(house: str, name: str, prompt: int):
    ours = usd(PRICES[name], Used(prompt_tokens=prompt, cache_write_tokens=200, cache_write_hour_tokens=50))
    assert ours == public_price(house, name, input_tokens=prompt, cache_write_tokens=250, cache_write_1h_tokens=50)


@pytest.mark.parametrize(("house", "name"), [(h, n) for h, n in LISTED if PRICES[n].audio])
def test_audio_price__agrees_with_the_public_list(house: str, name: str):
    ours = usd(PRICES[name], Used(prompt_tokens=100, audio_tokens=60))
    assert ours == public_price(house, name, input_tokens=100, input_audio_tokens=60)


@pytest.mark.parametrize(("house", "name"), [(h, n) for h, n in LISTED if PRICES[n].audio_output])
def test_price_of_speech__agrees_with_the_public_list(house: str, name: str):
    ours = usd(PRICES[name], Used(prompt_tokens=100, output_tokens=10, audio_output_tokens=60))
    assert ours == public_price(house, name, input_tokens=100, output_tokens=70, output_audio_tokens=60)


def test_price_of_a_conversation__agrees_with_the_public_list():
    ours = usd(PRICES["gpt-live-1"], Used(audio_seconds=90))
    assert ours == public_price("openai", "gpt-live-1", audio_seconds=90) == Decimal("0.075")


@pytest.mark.parametrize(
    ("house", "name"),
    [("google", "gemini-2.5-flash-image"), ("openai", "gpt-image-1.5"), ("openai", "gpt-image-1-mini")],
)
def test_picture_price__agrees_with_the_public_list(house: str, name: str):
    ours = usd(PRICES[name], Used(prompt_tokens=5, output_tokens=10, image_tokens=1290))
    pictures = 1290 if PRICES[name].image_output else 0
    assert ours == public_price(house, name, input_tokens=5, output_tokens=1300, output_image_tokens=pictures)


@pytest.mark.parametrize(
    ("name", "tier", "price"),
    [(n, t, p) for n, price in OPENAI.items() if not price.image for t, p in price.variants.items()],
)
def test_price_of_a_tier__agrees_with_the_public_list(name: str, tier: str, price: Price):
    ours = usd(price, Used(prompt_tokens=100, cached_tokens=40, output_tokens=70))
    assert ours == public_price("openai", name, tier, input_tokens=100, cache_read_tokens=40, output_tokens=70)


@pytest.mark.parametrize("name", VIDEO)
@pytest.mark.parametrize("resolution", ["720p", "1080p", "4k"])
def test_price_of_a_second_of_video__agrees_with_the_sidecars_own_table(name: str, resolution: str):
    table = tomllib.loads((Path(metering.__path__[0]) / "media_prices.toml").read_text())["price"]
    row = next(row["video_second_usd"] for row in table if fnmatch(name, row["model"]))
    said = row.get(resolution) or row.get("any")
    if said is not None:
        assert PRICES[name].variant(resolution).video_second == Decimal(said)

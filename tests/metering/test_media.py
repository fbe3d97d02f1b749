from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.media import load_media_prices, media_rule
from sidecar.metering.usage import Usage

TABLE = load_media_prices()


def bill(provider, model, usage, tier=""):
    rule = media_rule(TABLE, provider, (model,), tier)
    return rule and rule.bill(usage)


@pytest.mark.parametrize(
    ("provider", "model", "usd", "basis"),
    [
        ("vertex", "imagen-4.0-fast-generate-001", "0.02", "exact"),
        ("vertex", "imagen-4.0-generate-001", "0.04", "exact"),
        ("vertex", "imagen-4.0-ultra-generate-001", "0.06", "exact"),
        ("gemini", "imagen-4.0-generate-001", "0.04", "exact"),
        ("gemini", "imagen-4.0-ultra-generate-preview-06-06", "0.06", "estimated"),
        ("vertex", "imagen-3.0-generate-002", "0.04", "exact"),
        ("vertex", "imagen-3.0-fast-generate-001", "0.02", "exact"),
        ("gemini", "imagen-3.0-generate-002", "0.03", "estimated"),
        ("vertex", "imagen-3.0-capability-001", "0.04", "estimated"),
        ("vertex", "imagegeneration@006", "0.02", "exact"),
    ],
)
def test_an_image_has_its_list_price(provider, model, usd, basis):
    found = bill(provider, model, Usage(images=1))
    assert (found.input_usd, found.output_usd, found.basis) == (0, Decimal(usd), basis)


def test_images_are_multiplied():
    found = bill("vertex", "imagen-4.0-generate-001", Usage(images=4, variant="2K"))
    assert found == Bill(Decimal(0), Decimal("0.16"), "media:imagen-4.0-generate-0*@2026-11-20")


def test_a_size_that_no_list_names_is_billed_as_standard_and_says_so():
    found = bill("vertex", "imagen-4.0-fast-generate-001", Usage(images=1, variant="4K"))
    assert (found.output_usd, found.basis, found.reason) == (Decimal("0.02"), Basis.ESTIMATED, "no_size_price")


def test_a_tier_that_no_list_names_is_billed_as_standard_and_says_so():
    found = bill("vertex", "imagen-4.0-generate-001", Usage(images=1), "batch")
    assert (found.output_usd, found.basis, found.reason) == (Decimal("0.04"), Basis.ESTIMATED, "no_tier_price")


def test_no_image_delivered_is_a_bill_of_0():
    found = bill("vertex", "imagen-4.0-generate-001", Usage())
    assert (found.input_usd, found.output_usd, found.basis) == (0, 0, Basis.EXACT)


def test_tokens_of_an_image_model_have_no_price_here():
    assert bill("vertex", "imagen-4.0-generate-001", Usage(input=9)) == Unpriced(UnpricedReason.NO_PRICE)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "imagen-4.0-generate-001"),
        ("vertex", "imagen-5.0-generate-001"),
        ("vertex", "gemini-2.5-flash-image"),
    ],
)
def test_other_providers_and_models_are_not_in_the_table(provider, model):
    assert bill(provider, model, Usage(images=1)) is None


@pytest.mark.parametrize(
    ("provider", "model", "variant", "usd", "basis"),
    [
        ("gemini", "veo-3.1-generate-preview", "", "0.40", "exact"),
        ("gemini", "veo-3.1-generate-preview", "1080p", "0.40", "exact"),
        ("gemini", "veo-3.1-generate-preview", "4k", "0.60", "exact"),
        ("gemini", "veo-3.1-fast-generate-preview", "720p", "0.10", "exact"),
        ("gemini", "veo-3.1-lite-generate-preview", "1080p", "0.08", "exact"),
        ("vertex", "veo-3.1-fast-generate-001", "1080p audio", "0.12", "estimated"),
        ("vertex", "veo-3.0-generate-001", "720p", "0.40", "estimated"),
        ("vertex", "veo-2.0-generate-001", "", "0.50", "exact"),
        ("openai", "sora-2-pro", "1792x1024", "0.50", "exact"),
        ("azure", "sora-2", "1280x720", "0.10", "exact"),
        ("xai", "grok-imagine-video-1.5", "1080p", "0.25", "exact"),
    ],
)
def test_a_second_of_video_has_its_list_price(provider, model, variant, usd, basis):
    found = bill(provider, model, Usage(video_seconds=8, variant=variant))
    assert (found.output_usd, found.basis) == (Decimal(usd) * 8, basis)


@pytest.mark.parametrize(
    ("provider", "model", "variant", "usd"),
    [
        ("openai", "dall-e-3", "", "0.04"),
        ("openai", "dall-e-3", "1024x1024 standard", "0.04"),
        ("openai", "dall-e-3", "hd 1024x1024", "0.08"),
        ("openai", "dall-e-3", "1792x1024", "0.08"),
        ("openai", "dall-e-3", "1792x1024 hd", "0.12"),
        ("openai", "dall-e-2", "256x256", "0.016"),
        ("azure", "dall-e-3", "1024x1024 hd", "0.088"),
        ("xai", "grok-imagine-image", "2k", "0.02"),
        ("xai", "grok-imagine-image-quality", "", "0.05"),
        ("bedrock", "stability.stable-image-ultra-v1:1", "", "0.14"),
    ],
)
def test_an_image_has_the_price_of_its_size_and_quality(provider, model, variant, usd):
    assert bill(provider, model, Usage(images=2, variant=variant)).output_usd == Decimal(usd) * 2


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.model} {row.providers}")
def test_every_row_says_when_and_where_it_was_read_and_asks_a_sane_price(row):
    assert date.fromisoformat(row.date).year >= 2026
    assert row.source.startswith("https://")
    assert len(row.evidence) > 5
    assert row.providers
    assert bool(row.image_usd) != bool(row.video_second_usd)
    assert all(Decimal(0) < usd < Decimal(1) for usd in (row.image_usd | row.video_second_usd).values())


def test_no_row_is_hidden_behind_one_above_it():
    seen: list[tuple[str, str]] = []
    for row in TABLE:
        for provider in row.providers:
            hidden_by = [glob for each, glob in seen if each == provider and fnmatchcase(row.model, glob)]
            assert not hidden_by, f"{row.model} for {provider}"
            seen.append((provider, row.model))

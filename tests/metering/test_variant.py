from decimal import Decimal

import pytest

from sidecar.metering.variant import VariantPrices, words_of

PRICES = VariantPrices.of(
    {"1024x1024": Decimal("0.04"), "1024x1024 HD": Decimal("0.08"), "1792x1024": Decimal("0.09"), "hd": Decimal("0.07")}
)


@pytest.mark.parametrize(
    ("variant", "usd", "is_own"),
    [
        ("", "0.04", True),
        ("1024x1024", "0.04", True),
        ("hd 1024X1024", "0.08", True),
        ("1024x1024 standard", "0.04", True),
        ("1024x1024 hd natural", "0.08", True),
        ("hd", "0.07", True),
        ("512x512", "0.04", False),
    ],
)
def test_a_variant_is_found_by_its_words_and_most_words_win(variant, usd, is_own):
    assert PRICES.find(variant) == (Decimal(usd), is_own)


def test_a_standard_price_is_that_of_every_variant_without_one():
    prices = VariantPrices.of({"4k": Decimal(3)}, Decimal(1))
    assert prices.find("4K audio") == (Decimal(3), True)
    assert prices.find("720p") == prices.find("") == (Decimal(1), True)


def test_all_prices_are_multiplied():
    doubled = PRICES.times(Decimal(2))
    assert (doubled.find("")[0], doubled.find("hd")[0]) == (Decimal("0.08"), Decimal("0.14"))
    assert doubled.is_any is PRICES.is_any


def test_words_stand_in_any_order_and_case():
    assert words_of(" 1080p  Audio") == words_of("audio 1080P")

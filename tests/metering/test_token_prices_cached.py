"""Tokens from a cache: the price of each kind, and what is said where nobody tells the kinds apart."""

from decimal import Decimal

import pytest

from sidecar.clock import from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill
from sidecar.metering.token_prices import TokenPrices
from sidecar.metering.usage import Usage

PRICES = TokenPrices()
NOW = from_rfc3339("2026-11-20T10:00")
REALTIME = Usage(
    input=450, audio_input=150, image_input=150, output=120, audio_output=80,
    cached_input=550, cached_text_input=250, cached_audio_input=200, cached_image_input=100,
)  # fmt: skip
"""A turn with text, sound and images, each of them cached and not: 150 tokens each are read anew."""


def billed(model: str, usage: Usage) -> Bill:
    rule = PRICES.rule("openai", (model,), "", NOW)
    assert rule
    bill = rule.bill(usage)
    assert isinstance(bill, Bill)
    return bill


@pytest.mark.parametrize(
    ("model", "input_usd", "output_usd"),
    [
        # (150 * 4 + 150 * 32 + 150 * 5 + 250 * 0.4 + 200 * 0.4 + 100 * 0.5) / 1e6, (40 * 16 + 80 * 64) / 1e6
        ("gpt-realtime", "0.00638", "0.00576"),
        # The same with 40 * 24 + 80 * 64.
        ("gpt-realtime-2", "0.00638", "0.00608"),
        # (150 * 0.6 + 150 * 10 + 150 * 0.8 + 250 * 0.06 + 200 * 0.3 + 100 * 0.08) / 1e6, (40 * 2.4 + 80 * 20) / 1e6
        ("gpt-realtime-mini", "0.001793", "0.001696"),
    ],
)
def test_cached_text_sound_and_images_have_their_prices(model, input_usd, output_usd):
    bill = billed(model, REALTIME)
    assert (bill.input_usd, bill.output_usd) == (Decimal(input_usd), Decimal(output_usd))
    assert (bill.basis, bill.reason) == (Basis.EXACT, "")


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (Usage(input=5, cached_input=9), "no_cached_price"),
        (Usage(input=5, cached_input=9, cached_text_input=8), "no_cached_price"),
        (Usage(input=5, cached_input=9, cached_text_input=9), ""),
        (Usage(input=5, cached_input=9, cached_audio_input=9), ""),
        (Usage(input=5, cached_input=9, cached_image_input=9), ""),
        (Usage(input=5), ""),
    ],
)
def test_where_cached_images_have_a_price_of_their_own_every_cached_token_must_be_of_a_kind(usage, reason):
    assert billed("gpt-realtime", usage).reason == reason


def test_where_cached_images_have_no_price_of_their_own_nobody_need_say_what_was_cached():
    bill = billed("gpt-4o", Usage(cached_input=1_000_000))
    assert (bill.input_usd, bill.basis) == (Decimal("1.25"), Basis.EXACT)

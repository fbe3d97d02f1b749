from decimal import Decimal

import pytest
from genai_prices.types import Tier, TieredPrices

from sidecar.metering.token_units import Prices, brackets_of, flat, price_above
from sidecar.metering.usage import Usage

MTOK = 1_000_000
TIERED = TieredPrices(base=Decimal(1), tiers=[Tier(start=100, price=Decimal(2)), Tier(start=200, price=Decimal(4))])


@pytest.mark.parametrize(("above", "usd"), [(-1, 1), (99, 1), (100, 2), (199, 2), (200, 4), (10**9, 4)])
def test_the_price_in_force_is_that_of_the_highest_threshold_reached(above, usd):
    assert price_above(TIERED, above) == usd


def test_there_is_a_bracket_for_every_threshold_of_any_price():
    prices: Prices = {"input_mtok": TIERED, "output_mtok": Decimal(8)}
    assert [bracket.above for bracket in brackets_of(prices)] == [200, 100, -1]


def test_prices_become_those_of_one():
    prices = flat({"input_mtok": Decimal(2), "output_mtok": Decimal(4), "cache_read_mtok": Decimal(1)}, -1)
    assert (prices.input, prices.cached_input, prices.output) == (
        Decimal(2) / MTOK, Decimal(1) / MTOK, Decimal(4) / MTOK,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "usage", "usd"),
    [
        ({"input_mtok": 2, "cache_write_mtok": 3}, Usage(input=10, cache_write_input=4), 6 * 2 + 4 * 3),
        ({"input_mtok": 2, "cache_write_5m_mtok": 3}, Usage(input=10, cache_write_input=4), 6 * 2 + 4 * 3),
        ({"input_mtok": 2, "cache_write_1h_mtok": 5}, Usage(input=10, cache_write_hour_input=4), 6 * 2 + 4 * 5),
        ({"input_mtok": 2, "cache_write_mtok": 3}, Usage(input=10, cache_write_hour_input=4), 6 * 2 + 4 * 3),
        ({"input_mtok": 2}, Usage(input=10, cache_write_input=4), 10 * 2),
        ({"input_mtok": 2}, Usage(cached_input=10), 10 * 2),
        ({"input_mtok": 2, "input_audio_mtok": 5}, Usage(cached_input=10, cached_audio_input=10), 10 * 5),
        (
            {"input_mtok": 2, "input_audio_mtok": 5, "cache_read_mtok": 1},
            Usage(cached_input=9, cached_audio_input=9),
            9,
        ),
        ({"input_mtok": 2, "input_image_mtok": 8}, Usage(cached_input=10, cached_image_input=4), 6 * 2 + 4 * 8),
        (
            {"input_mtok": 2, "input_image_mtok": 8, "cache_read_mtok": 1},
            Usage(cached_input=9, cached_image_input=4),
            9,
        ),
        (
            {"input_mtok": 9, "cache_read_mtok": 1, "cache_image_read_mtok": 3, "cache_text_read_mtok": 2},
            Usage(cached_input=9, cached_text_input=2, cached_image_input=4),
            3 * 1 + 2 * 2 + 4 * 3,
        ),
        ({"input_mtok": 2, "input_image_mtok": 8}, Usage(input=10, image_input=3), 7 * 2 + 3 * 8),
        ({"input_mchars": 15}, Usage(characters=4), 4 * 15),
    ],
)
def test_parts_of_the_input_have_their_price_or_that_of_what_they_are_part_of(listed, usage, usd):
    prices = flat({key: Decimal(price) for key, price in listed.items()}, -1)
    assert prices.input_usd(usage) * MTOK == usd


def test_audio_by_the_hour_a_search_and_a_request_have_their_own_units():
    prices = flat(
        {"input_audio_hours": Decimal("0.36"), "web_searches_kcount": Decimal(10), "requests_kcount": Decimal(5)}, -1
    )
    assert prices.input_usd(Usage(audio_seconds=10, web_searches=2)) == Decimal("0.001") + Decimal("0.02") + Decimal(
        "0.005"
    )


def test_what_is_not_listed_has_no_price():
    prices = flat({"input_mtok": Decimal(1)}, -1)
    assert set(prices.unpriced) == {
        "output", "reasoning", "images", "video_seconds", "web_searches", "audio_seconds", "characters", "units",
        "compute_milliseconds",
    }  # fmt: skip

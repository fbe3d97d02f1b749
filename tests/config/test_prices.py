"""Prices in the settings: refused where the price book would refuse them, and handed to it field by field."""

from decimal import Decimal
from typing import NamedTuple

import pytest
from pydantic import ValidationError

from sidecar.config.prices import PriceOverride, Prices, UpstreamPrice, overrides_of
from sidecar.metering.override import Override


class Place(NamedTuple):
    price: UpstreamPrice | None


def test_price_is_taken_over_to_the_book_field_by_field():
    price = PriceOverride.model_validate(
        {"model": "qwen*", "upstream": "mine", "image_usd": 0.04, "batch_factor": "0.5"}
    )
    taken = Override(model="qwen*", upstream="mine", image_usd=Decimal("0.04"), batch_factor=Decimal("0.5"))
    assert Prices(overrides=(price,)).book() == (taken,)


def test_prices_have_all_fields_that_the_book_knows():
    assert set(PriceOverride.model_fields) == set(Override.__struct_fields__) - {"source"}


def test_an_upstreams_price_has_all_keys_but_those_that_choose_calls():
    chosen_by = {"model", "upstream", "method", "label"}
    assert set(UpstreamPrice.model_fields) == set(PriceOverride.model_fields) - chosen_by


def test_the_price_of_an_upstream_stands_behind_the_overrides_and_speaks_of_that_upstream_alone():
    prices = Prices.model_validate({"overrides": [{"model": "qwen*", "request_usd": 1}]})
    price = UpstreamPrice.model_validate({"gpu_hour_usd": 2.5, "slots": 8, "gpus": 2})
    first, second = overrides_of(prices, {"gemini": Place(None), "my-vllm": Place(price)})
    assert first == Override(model="qwen*", request_usd=Decimal(1))
    assert second == Override(
        model="*", upstream="my-vllm", gpu_hour_usd=Decimal("2.5"), slots=8, gpus=Decimal(2), source="upstream:my-vllm"
    )


def test_prices_by_variant_are_money_too():
    price = PriceOverride.model_validate({"model": "dall-e-*", "image_usd_by": {"1024x1024 hd": 0.08}})
    assert price.override().image_usd_by == {"1024x1024 hd": Decimal("0.08")}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"image_usd": 2_000},
        {"input_per_mtok_usd": "0.0000000001"},
        {"image_usd_by": {"": 1}},
        {"image_usd_by": {"1K": -1}},
        {"gpu_hour_usd": 1, "slots": 0},
        {"slots": 8},
        {"free": True, "image_usd": 1},
        {"factor": 0.5, "output_per_mtok_usd": 1},
    ],
)
def test_price_that_the_book_would_refuse__refused(keys):
    with pytest.raises(ValidationError):
        PriceOverride.model_validate({"model": "a"} | keys)


def test_an_upstreams_price_without_a_price_is_refused():
    with pytest.raises(ValidationError):
        UpstreamPrice.model_validate({})

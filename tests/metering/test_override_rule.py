from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.override import Override
from sidecar.metering.override_rule import multiplied, override_rule
from sidecar.metering.rule import NoRule, Rule
from sidecar.metering.usage import Usage

D = Decimal
MTOK = 1_000_000
AN_HOUR = 3_600_000
HOUR_WRITE = Usage(input=MTOK, cache_write_hour_input=MTOK)


def bill(usage: Usage | None, held_milliseconds: int = 0, tier: str = "", **prices) -> Bill | Unpriced:
    return override_rule(Override(model="*", **prices), 1, tier).bill(usage, held_milliseconds)


def total(usage: Usage | None, held_milliseconds: int = 0, tier: str = "", **prices) -> Decimal:
    found = bill(usage, held_milliseconds, tier, **prices)
    assert isinstance(found, Bill)
    assert found.basis is Basis.EXACT
    return found.input_usd + found.output_usd + found.time_usd


@pytest.mark.parametrize(
    ("prices", "usage", "amount"),
    [
        ({"input_per_mtok_usd": D("2"), "cache_write_per_mtok_usd": D("3")}, Usage(input=MTOK, cache_write_input=MTOK), "3"),
        ({"input_per_mtok_usd": D("2"), "cache_write_per_mtok_usd": D("3")}, HOUR_WRITE, "3"),
        ({"input_per_mtok_usd": D("2"), "cache_write_hour_per_mtok_usd": D("4")}, HOUR_WRITE, "4"),
        ({"input_per_mtok_usd": D("2"), "audio_input_per_mtok_usd": D("5")}, Usage(input=2 * MTOK, audio_input=MTOK), "7"),
        ({"input_per_mtok_usd": D("2"), "image_input_per_mtok_usd": D("1")}, Usage(input=2 * MTOK, image_input=MTOK), "3"),
        ({"output_per_mtok_usd": D("8"), "reasoning_per_mtok_usd": D("3")}, Usage(output=MTOK, reasoning=MTOK), "11"),
        ({"output_per_mtok_usd": D("8"), "audio_output_per_mtok_usd": D("9")}, Usage(output=MTOK, audio_output=MTOK), "9"),
        ({"output_per_mtok_usd": D("8"), "image_output_per_mtok_usd": D("30")}, Usage(output=MTOK, image_output=MTOK), "30"),
        ({"reasoning_per_mtok_usd": D("3")}, Usage(reasoning=MTOK), "3"),
        ({"image_usd": D("0.04"), "image_usd_by": {"4K": D("0.1")}}, Usage(images=2, variant="4K"), "0.2"),
        ({"image_usd": D("0.04"), "image_usd_by": {"4K": D("0.1")}}, Usage(images=2, variant="1K"), "0.08"),
        ({"video_second_usd_by": {"720p": D("0.1"), "4k audio": D("0.4")}}, Usage(video_seconds=8, variant="4k audio"), "3.2"),
        ({"audio_second_usd": D("0.0001")}, Usage(audio_seconds=30), "0.003"),
        ({"audio_minute_usd": D("0.006")}, Usage(audio_seconds=30), "0.003"),
        ({"million_characters_usd": D("15")}, Usage(characters=1_000), "0.015"),
        ({"web_search_usd": D("0.01")}, Usage(web_searches=3), "0.03"),
        ({"unit_usd": D("0.002")}, Usage(units=3), "0.006"),
        ({"request_usd": D("0.005")}, Usage(input=9, output=9), "0.005"),
        ({"second_usd": D("0.001")}, Usage(compute_milliseconds=2_500), "0.0025"),
    ],
)  # fmt: skip
def test_every_price_prices_what_it_names(prices, usage, amount):
    assert total(usage, **prices) == Decimal(amount)


@pytest.mark.parametrize(
    ("machine", "amount"),
    [
        ({}, "2.5"),
        ({"slots": 8}, "0.3125"),
        ({"gpus": Decimal(4)}, "10"),
        ({"gpus": Decimal("0.5"), "slots": 5}, "0.25"),
    ],
)
def test_a_call_costs_its_share_of_the_machines_time(machine, amount):
    assert total(Usage(input=5, output=9), AN_HOUR, gpu_hour_usd=Decimal("2.5"), **machine) == Decimal(amount)


def test_time_is_priced_without_usage_and_for_whatever_was_used():
    for usage in (None, Usage(), Usage(output=9, images=1, web_searches=3)):
        assert total(usage, AN_HOUR, gpu_hour_usd=Decimal(1)) == 1


def test_tokens_beside_the_time_are_missed_where_nobody_counted_them():
    found = bill(None, AN_HOUR, gpu_hour_usd=Decimal(1), output_per_mtok_usd=Decimal(1))
    assert isinstance(found, Bill)
    assert (found.time_usd, found.basis, found.reason) == (D(1), Basis.AT_LEAST, "no_usage")


@pytest.mark.parametrize("usage", [None, Usage(), Usage(input=5, output=5, images=1)])
@pytest.mark.parametrize("tier", ["", "batch", "priority"])
def test_a_free_call_costs_nothing_whatever_it_uses(usage, tier):
    assert bill(usage, AN_HOUR, tier, free=True) == Bill(Decimal(0), Decimal(0), "override:1")


@pytest.mark.parametrize(("tier", "amount"), [("batch", "1"), ("batch-us", "1"), ("", "2"), ("flex", "2")])
def test_the_batch_factor_is_for_batches(tier, amount):
    found = total(Usage(output=MTOK), tier=tier, output_per_mtok_usd=D(2), batch_factor=D("0.5"))
    assert found == Decimal(amount)


def test_without_a_listed_variant_the_first_is_taken_as_an_estimate():
    found = bill(Usage(images=1, variant="8K"), image_usd_by={"1K": Decimal(1), "2K": Decimal(2)})
    assert found == Bill(Decimal(0), Decimal(1), "override:1", Basis.ESTIMATED, "no_size_price")


def test_pieces_of_another_kind_have_no_price():
    assert bill(Usage(video_seconds=1), image_usd=Decimal(1)) == Unpriced(UnpricedReason.NO_PRICE)


def test_the_price_of_an_upstream_names_itself():
    rule = override_rule(Override(model="*", request_usd=Decimal(1), source="upstream:my-vllm"), 7, "")
    assert rule.source == "upstream:my-vllm"


@given(factor=st.decimals(0, 10, places=4), count=st.integers(1, 10**7))
def test_a_factor_multiplies_the_published_price(factor, count):
    published = override_rule(Override(model="*", input_per_mtok_usd=Decimal(3), output_per_mtok_usd=Decimal(7)), 1, "")
    rule = multiplied(published, Override(model="*", factor=factor))
    one, many = published.bill(Usage(input=count, output=count)), rule.bill(Usage(input=count, output=count))
    assert isinstance(one, Bill)
    assert isinstance(many, Bill)
    assert (many.input_usd, many.output_usd) == (one.input_usd * factor, one.output_usd * factor)
    assert many.source == f"{one.source} x {factor}"


def test_a_factor_of_no_price_is_no_price():
    rule = multiplied(NoRule(), Override(model="*", factor=Decimal(2)))
    assert not isinstance(rule, Rule)
    assert rule.bill(Usage(input=1)) == Unpriced(UnpricedReason.UNKNOWN_MODEL)

from decimal import Decimal

import pytest

from sidecar.errors import PriceError
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.override import Override
from sidecar.metering.override_rule import override_rule
from sidecar.metering.usage import Usage

TOKENS = Override(
    model="qwen*",
    input_per_mtok_usd=Decimal("0.10"),
    cached_input_per_mtok_usd=Decimal("0.02"),
    output_per_mtok_usd=Decimal("0.40"),
)


def bill(override, usage, tier=""):
    return override_rule(override, 1, tier).bill(usage)


@pytest.mark.parametrize(
    ("upstream", "names", "is_match"),
    [
        ("my-vllm", ("qwen2.5-7b",), True),
        ("my-vllm", ("qwen/qwen2.5", "x"), True),
        ("my-vllm", ("gemma-3",), False),
        ("my-other", ("qwen2.5-7b",), True),
        ("gemini", ("qwen2.5-7b",), False),
    ],
)
def test_an_override_matches_by_globs_over_upstream_and_model(upstream, names, is_match):
    assert Override(upstream="my-*", model="Qwen*", image_usd=Decimal(1)).matches(upstream, names) is is_match


def test_an_override_without_an_upstream_matches_every_upstream():
    assert TOKENS.matches("anything", ("qwen",))


def test_classes_are_priced_as_named():
    usage = Usage(input=1_000_000, cached_input=2_000_000, output=3_000_000, reasoning=1_000_000, tool_use=500_000)
    assert bill(TOKENS, usage) == Bill(Decimal("0.19"), Decimal("1.60"), "override:1")


def test_cached_tokens_without_a_price_of_their_own_are_priced_as_input():
    override = Override(model="*", input_per_mtok_usd=Decimal(2), output_per_mtok_usd=Decimal(3))
    assert bill(override, Usage(cached_input=1_000_000)) == Bill(Decimal(2), Decimal(0), "override:1")


def test_parts_have_no_price_of_their_own_in_an_override():
    assert bill(TOKENS, Usage(input=1_000_000, audio_input=1_000_000)) == bill(TOKENS, Usage(input=1_000_000))


def test_an_image_is_priced_alike_in_every_size():
    override = Override(model="imagen-*", image_usd=Decimal("0.04"))
    assert bill(override, Usage(images=3, variant="8K")) == Bill(Decimal(0), Decimal("0.12"), "override:1")


def test_seconds_of_video_are_priced_and_halved_in_a_batch():
    override = Override(model="veo-*", video_second_usd=Decimal("0.40"), batch_factor=Decimal("0.5"))
    assert bill(override, Usage(video_seconds=8)) == Bill(Decimal(0), Decimal("3.20"), "override:1")
    assert bill(override, Usage(video_seconds=8), "batch") == Bill(Decimal(0), Decimal("1.60"), "override:1")


@pytest.mark.parametrize("tier", ["batch", "flex", "priority", "provisioned", "unheard-of"])
def test_an_override_is_the_whole_truth_on_every_tier(tier):
    usage = Usage(input=10, output=20)
    assert bill(TOKENS, usage, tier) == bill(TOKENS, usage)


def test_a_price_of_0_is_a_bill_of_0():
    free = Override(model="*", input_per_mtok_usd=Decimal(0), output_per_mtok_usd=Decimal(0))
    assert bill(free, Usage(input=5, output=5)) == Bill(Decimal(0), Decimal(0), "override:1")


def test_what_an_override_says_nothing_about_makes_the_bill_a_lower_bound():
    only_input = Override(model="*", input_per_mtok_usd=Decimal(1))
    found = bill(only_input, Usage(input=1_000_000, output=1))
    assert found == Bill(Decimal(1), Decimal(0), "override:1", Basis.AT_LEAST, "part_unpriced")


def test_usage_that_an_override_says_nothing_about_has_no_bill():
    only_images = Override(model="*", image_usd=Decimal(1))
    assert bill(only_images, Usage(input=1, output=1)) == Unpriced(UnpricedReason.NO_PRICE)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"input_per_mtok_usd": Decimal(-1)},
            'override 3 (model "m"): input_per_mtok_usd is -1, must be from 0 to 10000',
        ),
        ({"output_per_mtok_usd": Decimal("NaN")}, "output_per_mtok_usd is NaN, must be from 0 to 10000"),
        ({"output_per_mtok_usd": Decimal("sNaN")}, "output_per_mtok_usd is sNaN"),
        ({"cached_input_per_mtok_usd": Decimal("Infinity")}, "cached_input_per_mtok_usd is Infinity"),
        ({"image_usd": Decimal(1001)}, "image_usd is 1001, must be from 0 to 1000"),
        ({"video_second_usd": Decimal("0.1234567891")}, "must have at most 9 decimals"),
        ({"image_usd": 0.04}, "image_usd is 0.04, must be a decimal"),
        ({"image_usd": Decimal(1), "batch_factor": Decimal("1.5")}, "batch_factor is 1.5, must be from 0 to 1"),
        ({"image_usd": Decimal(1), "batch_factor": Decimal("0.33333")}, "batch_factor is 0.33333, must have at most 4"),
        ({}, 'override 3 (model "m"): names no price'),
        ({"batch_factor": Decimal("0.5")}, "names no price"),
        ({"model": "", "image_usd": Decimal(1)}, "override 3: model, upstream, method and label can't be empty"),
        ({"upstream": "", "image_usd": Decimal(1)}, "override 3: model, upstream, method and label can't be empty"),
    ],
)
def test_a_price_that_cannot_be_meant_is_refused_by_name(fields, problem):
    with pytest.raises(PriceError) as refused:
        Override(**{"model": "m"} | fields).check(3)
    assert problem in str(refused.value)


@pytest.mark.parametrize("price", ["0", "0.000000001", "10000"])
def test_the_bounds_themselves_are_prices(price):
    Override(model="m", input_per_mtok_usd=Decimal(price)).check(1)

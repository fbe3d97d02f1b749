"""Our rules beside genai-prices' own `calc_price`, for every model and tier."""

from datetime import UTC, datetime

import genai_prices
import pytest
from genai_prices import data
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, from_rfc3339
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.rule import Rule
from sidecar.metering.token_prices import CATALOGS, TokenPrices, context_of, words_of_tier
from sidecar.metering.token_units import ONLY_WHEN_USED, PRICED, UNCOUNTED_CACHED
from sidecar.metering.usage import Usage

PRICES = TokenPrices()
PROVIDERS = {provider.id: provider for provider in data.providers}
GOOGLE = PROVIDERS["google"]
DAY = 24 * 3600 * SECOND
MOMENTS = [
    from_rfc3339(text) for text in ("2025-12-01", "2026-10-14", "2026-11-20T10:00", "2026-12-31T23:59:59", "2027-01-01")
]
TIERS = ["", "batch", "flex", "priority"]
USAGES = [
    Usage(input=1, output=1),
    Usage(input=1_234, cached_input=5_678, output=910, reasoning=1_112),
    Usage(input=200_000, output=100),
    Usage(input=200_001, output=100),
    Usage(input=150_000, cached_input=50_001, output=100, reasoning=3),
    Usage(input=900, audio_input=300, cached_input=800, cached_audio_input=70, tool_use=55, output=44, reasoning=33),
    Usage(
        input=900,
        audio_input=1,
        image_input=20,
        video_input=300,
        output=99,
        audio_output=7,
        image_output=8,
        video_output=9,
    ),
    Usage(
        input=450,
        audio_input=150,
        image_input=150,
        cached_input=550,
        cached_text_input=250,
        cached_audio_input=200,
        cached_image_input=90,
        output=120,
        audio_output=80,
    ),
    Usage(input=10, output=10, web_searches=3),
    Usage(input=900, cache_write_input=500, cache_write_hour_input=300, cached_input=70, output=4),
]


def calculated(usage: Usage) -> genai_prices.Usage:
    """Our counts as genai-prices wants them: totals that include their parts, every part told."""
    return genai_prices.Usage(
        input_tokens=usage.input + usage.cached_input + usage.tool_use,
        cache_read_tokens=usage.cached_input,
        cache_write_tokens=usage.cache_write_input + usage.cache_write_hour_input,
        cache_write_1h_tokens=usage.cache_write_hour_input,
        input_audio_tokens=usage.audio_input + usage.cached_audio_input,
        cache_audio_read_tokens=usage.cached_audio_input,
        cache_text_read_tokens=usage.cached_text_input,
        input_image_tokens=usage.image_input + usage.cached_image_input,
        cache_image_read_tokens=usage.cached_image_input,
        input_video_tokens=usage.video_input,
        output_tokens=usage.output + usage.reasoning,
        output_audio_tokens=usage.audio_output,
        output_image_tokens=usage.image_output,
        output_video_tokens=usage.video_output,
        web_searches=usage.web_searches,
    )


def assert_same_as_calc_price(provider, model, usage, tier, at):
    rule = PRICES.rule(our_name(provider), (example_of(provider, model),), tier, at)
    bill = rule.bill(usage) if rule else None
    theirs = model.calc_price(
        calculated(usage),
        provider,
        genai_request_timestamp=datetime.fromtimestamp(at // SECOND, UTC),
        price_context=context_of(words_of_tier(tier)),
    )
    if isinstance(bill, Bill):
        searches = theirs.total_price - theirs.input_price - theirs.output_price
        assert (bill.input_usd, bill.output_usd) == (theirs.input_price + searches, theirs.output_price)
    else:
        assert bill == Unpriced(UnpricedReason.NO_PRICE)
        assert theirs.total_price == 0


def our_name(provider) -> str:
    return next(ours for ours, theirs in CATALOGS.items() if theirs == provider.id)


def example_of(provider, model) -> str:
    """A name by which `find_model` finds this very model; its id, or one of its match clauses."""
    clauses = getattr(model.match, "or_", [model.match])
    names = [model.id, *(name for clause in clauses for name in vars(clause).values() if isinstance(name, str))]
    return next((name for name in names if provider.find_model(name) is model), "")


def keys_of(model) -> set[str]:
    dated = model.prices if isinstance(model.prices, list) else [model]
    variants = [*dated, *(model.price_variants or ())]
    return {key for each in variants for key, price in vars(each.prices).items() if price is not None}


NAMED = [model for model in GOOGLE.models if example_of(GOOGLE, model)]
COUNTABLE = {
    catalog: [
        model
        for model in PROVIDERS[catalog].models
        if example_of(PROVIDERS[catalog], model) and keys_of(model) <= PRICED | ONLY_WHEN_USED | UNCOUNTED_CACHED
    ]
    for catalog in CATALOGS.values()
}


@pytest.mark.parametrize("model", NAMED, ids=lambda model: model.id)
def test_our_multiplication_is_that_of_genai_prices(model):
    for at in MOMENTS:
        for tier in TIERS:
            for usage in USAGES:
                assert_same_as_calc_price(GOOGLE, model, usage, tier, at)


def test_every_google_model_is_reached_by_a_name():
    assert len(NAMED) == len(GOOGLE.models)


@st.composite
def usages(draw):
    count = st.integers(0, 400_000)
    whole = {name: draw(count) for name in ("input", "cached_input", "output", "reasoning", "tool_use")}
    parts = {"audio_input": "input", "cached_audio_input": "cached_input", "audio_output": "output"}
    for part, name in parts.items():
        whole[part] = draw(st.integers(0, whole[name]))
    whole["cached_image_input"] = draw(st.integers(0, whole["cached_input"] - whole["cached_audio_input"]))
    whole["image_input"] = draw(st.integers(0, whole["input"] - whole["audio_input"]))
    whole["tool_use"] += 1  # at least something is used
    rest = whole["input"] - whole["audio_input"] - whole["image_input"]
    whole["cache_write_input"] = draw(st.integers(0, rest))
    whole["cache_write_hour_input"] = draw(st.integers(0, rest - whole["cache_write_input"]))
    whole["image_output"] = draw(st.integers(0, whole["output"] - whole["audio_output"]))
    return Usage(**whole, web_searches=draw(st.integers(0, 20)))


@given(
    model=st.sampled_from(NAMED),
    usage=usages(),
    tier=st.sampled_from(TIERS),
    at=st.integers(MOMENTS[0], MOMENTS[-1] + 300 * DAY),
)
def test_our_multiplication_is_that_of_genai_prices_at_any_moment(model, usage, tier, at):
    assert_same_as_calc_price(GOOGLE, model, usage, tier, at)


@given(data_=st.data(), usage=usages(), tier=st.sampled_from(TIERS))
def test_our_multiplication_holds_for_the_other_providers(data_, usage, tier):
    catalog = data_.draw(st.sampled_from(sorted(COUNTABLE)))
    model = data_.draw(st.sampled_from(COUNTABLE[catalog]))
    assert_same_as_calc_price(PROVIDERS[catalog], model, usage, tier, MOMENTS[2])


def test_every_price_of_a_google_model_is_multiplied_or_left_out_on_purpose():
    assert set().union(*map(keys_of, GOOGLE.models)) <= PRICED | ONLY_WHEN_USED


def rule_at(name: str, tier: str, at: int) -> Rule | None:
    return PRICES.rule("gemini", (name,), tier, at)


@given(
    model=st.sampled_from(NAMED),
    tier=st.sampled_from(TIERS),
    at=st.integers(MOMENTS[0] - 900 * DAY, MOMENTS[-1] + 300 * DAY),
    data_=st.data(),
)
def test_a_rule_is_the_same_at_every_moment_it_is_valid(model, tier, at, data_):
    name = example_of(GOOGLE, model)
    found = rule_at(name, tier, at)
    assert found
    first, end = max(found.valid[0], at - 900 * DAY), min(found.valid[1], at + 900 * DAY)
    assert first <= at < end
    assert rule_at(name, tier, data_.draw(st.integers(first, end - 1))) == found

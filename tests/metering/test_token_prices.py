from datetime import UTC, date, datetime, time
from decimal import Decimal

import genai_prices
import pytest
from genai_prices import types
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.rule import ALWAYS, Rule
from sidecar.metering.token_prices import TokenPrices, validity
from sidecar.metering.usage import Usage

PRICES = TokenPrices()
NOW = from_rfc3339("2026-11-20T10:00")
DAY = 24 * 3600 * SECOND


def rule(model: str, tier: str = "", at: int = NOW, provider: str = "gemini") -> Rule:
    found = PRICES.rule(provider, (model,), tier, at)
    assert found
    return found


def billed(found: Rule, usage: Usage) -> Bill:
    bill = found.bill(usage)
    assert isinstance(bill, Bill)
    return bill


def test_the_source_names_package_version_provider_and_model():
    assert rule("gemini-2.5-flash").source == f"genai-prices {genai_prices.__version__} google/gemini-2.5-flash"
    assert rule("gemini-2.5-flash", "batch").source.endswith("google/gemini-2.5-flash batch")


def test_both_of_our_google_providers_are_the_same_catalog():
    assert rule("gemini-2.5-pro", provider="vertex") == rule("gemini-2.5-pro", provider="gemini")


@pytest.mark.parametrize("provider", ["my-vllm", "", "google"])
def test_a_provider_that_is_not_ours_has_no_prices(provider):
    assert PRICES.rule(provider, ("gemini-2.5-flash",), "", NOW) is None


@pytest.mark.parametrize("model", ["imagen-4.0-generate-001", "gemini-2.5-flash-evil", "models/gemini-2.5-flash", ""])
def test_a_name_is_never_guessed(model):
    assert PRICES.rule("gemini", (model,), "", NOW) is None


def test_the_first_name_that_is_known_is_used():
    found = PRICES.rule("vertex", ("gemini-2.5-flash@001", "gemini-2.5-flash"), "", NOW)
    assert found == rule("gemini-2.5-flash")


def test_a_tier_with_a_price_of_its_own_is_exact():
    bill = billed(rule("gemini-2.5-flash", "batch"), Usage(input=1_000_000, cached_input=1_000_000, output=1_000_000))
    assert (bill.input_usd, bill.output_usd, bill.basis) == (Decimal("0.18"), Decimal("1.25"), Basis.EXACT)


@pytest.mark.parametrize(
    ("model", "tier", "at"),
    [
        ("gemini-2.5-flash", "flex", "2026-11-20"),
        ("gemini-2.5-flash", "priority", "2026-11-20"),
        ("gemini-2.5-flash", "no-such-tier", "2026-11-20"),
        ("gemini-2.5-flash", "batch", "2026-10-13T23:59:59"),
        ("gemini-2.5-flash-image", "batch", "2026-11-20"),
    ],
)
def test_a_tier_without_a_price_is_billed_as_standard_and_says_so(model, tier, at):
    usage = Usage(input=10, output=10)
    bill, standard = billed(rule(model, tier, from_rfc3339(at)), usage), billed(rule(model), usage)
    assert (bill.input_usd, bill.output_usd) == (standard.input_usd, standard.output_usd)
    assert (bill.basis, bill.reason) == (Basis.ESTIMATED, "no_tier_price")
    assert bill.source == standard.source


@pytest.mark.parametrize("tier", ["", "standard", "default"])
def test_the_standard_tier_needs_no_price_of_its_own(tier):
    assert billed(rule("gemini-2.5-flash", tier), Usage(input=1)).basis is Basis.EXACT


def test_cached_tokens_of_a_model_that_lists_no_price_for_them_are_an_estimate():
    found = rule("gemini-2.5-flash-image")
    assert billed(found, Usage(input=5, output=5)).basis is Basis.EXACT
    assert billed(found, Usage(cached_input=5)).reason == "no_cached_price"


def test_tokens_of_generated_images_are_priced_apart():
    bill = billed(rule("gemini-3-pro-image-preview"), Usage(input=100, output=1_220, image_output=1_120))
    assert bill.output_usd == (1_120 * Decimal(120) + 100 * Decimal(12)) / 1_000_000


def test_output_of_a_model_that_only_reads_is_a_lower_bound():
    assert billed(rule("gemini-embedding-001"), Usage(input=7)).basis is Basis.EXACT
    assert billed(rule("gemini-embedding-001"), Usage(input=7, output=1)).basis is Basis.AT_LEAST


@pytest.mark.parametrize(
    ("model", "provider", "usage", "usd"),
    [
        ("tts-1", "openai", Usage(characters=1_000_000), "15"),
        ("tts-1-hd", "openai", Usage(characters=1_000_000), "30"),
        ("whisper-1", "openai", Usage(audio_seconds=60), "0.006"),
        ("whisper-large-v3", "groq", Usage(audio_seconds=3600), "0.111"),
        ("voxtral-mini-latest", "mistral", Usage(audio_seconds=3600), "0.18"),
    ],
)
def test_speech_by_the_character_and_audio_by_the_second_are_priced(model, provider, usage, usd):
    bill = billed(rule(model, provider=provider), usage)
    assert (bill.input_usd, bill.output_usd, bill.basis) == (Decimal(usd), Decimal(0), Basis.EXACT)


def test_tokens_written_to_a_cache_have_their_prices():
    usage = Usage(input=3_000_000, cache_write_input=1_000_000, cache_write_hour_input=1_000_000)
    bill = billed(rule("claude-opus-4-5", provider="anthropic"), usage)
    assert (bill.input_usd, bill.basis) == (Decimal(5) + Decimal("6.25") + Decimal(10), Basis.EXACT)


def test_tokens_written_to_a_cache_without_a_price_are_an_estimate():
    for usage in (Usage(input=2, cache_write_input=1), Usage(input=2, cache_write_hour_input=1)):
        assert billed(rule("gemini-2.5-pro"), usage).reason == "no_cached_price"


def test_audio_without_a_price_of_its_own_is_an_estimate_where_it_is_dearer():
    assert (
        billed(rule("gpt-4o-audio-preview", provider="openai"), Usage(input=2, audio_input=1)).reason
        == "no_audio_price"
    )
    assert billed(rule("gemini-2.5-pro"), Usage(input=2, audio_input=1)).basis is Basis.EXACT


def test_work_kept_in_the_us_costs_a_tenth_more_and_is_an_estimate():
    one, other = (billed(rule("claude-opus-5", tier, provider="anthropic"), Usage(output=10)) for tier in ("", "us"))
    assert other.output_usd == one.output_usd * Decimal("1.1")
    assert (other.basis, other.reason) == (Basis.ESTIMATED, "region_surcharge")


def test_two_words_of_a_tier_both_count():
    fast, both = (
        billed(rule("claude-opus-5", tier, provider="anthropic"), Usage(output=10)) for tier in ("fast", "fast-us")
    )
    assert both.output_usd == fast.output_usd * Decimal("1.1")
    assert (fast.basis, both.reason) == (Basis.EXACT, "region_surcharge")
    assert fast.source.endswith("claude-opus-5 fast")


def test_two_words_of_which_one_has_no_price_are_an_estimate():
    bill = billed(rule("claude-haiku-4-5", "batch-fast", provider="anthropic"), Usage(output=10))
    assert (bill.basis, bill.reason) == (Basis.ESTIMATED, "no_tier_price")


def test_fast_is_a_tier_at_openai_and_a_speed_at_anthropic():
    assert billed(rule("gpt-5", "fast", provider="openai"), Usage(output=1)).basis is Basis.EXACT
    assert billed(rule("gpt-5", "priority", provider="openai"), Usage(output=1)).basis is Basis.EXACT
    assert billed(rule("gpt-5", "flex", provider="openai"), Usage(output=1)).basis is Basis.EXACT


def test_a_model_without_any_price_has_no_bill_and_not_one_of_0():
    assert rule("gemma-3-27b-it").bill(Usage(input=7, output=7)) == Unpriced(UnpricedReason.NO_PRICE)


def test_what_is_priced_by_a_unit_that_is_not_counted_has_no_bill():
    assert rule("whisper-1", provider="openai").bill(Usage(input=7, output=7)) == Unpriced(UnpricedReason.NO_PRICE)


def test_a_price_lent_by_another_provider_of_the_model_is_an_estimate():
    bill = billed(rule("claude-2.1", provider="vertex"), Usage(input=7))
    assert " anthropic/" in bill.source
    assert (bill.basis, bill.reason) == (Basis.ESTIMATED, "price_inferred")


def test_a_price_that_changes_on_a_date_is_found_by_the_moment_of_the_call():
    before, after = from_rfc3339("2026-12-31T23:59:59.999999"), from_rfc3339("2027-01-01")
    usage = Usage(input=1_000_000)
    assert billed(rule("gemini-3.8-flash", at=before), usage).input_usd == Decimal("0.75")
    assert billed(rule("gemini-3.8-flash", at=after), usage).input_usd == Decimal("1.5")
    assert rule("gemini-3.8-flash", at=before).valid[1] == rule("gemini-3.8-flash", at=after).valid[0] == after


def test_prices_without_a_date_hold_always():
    assert rule("gemini-3.5-flash").valid == ALWAYS


def off_peak_model() -> types.ModelInfo:
    cheap = types.ConditionalPrice(
        types.TimeOfDateConstraint(time(16, 30), time(0, 30)), prices=types.ModelPrice(input_mtok=Decimal(1))
    )
    dear = types.ConditionalPrice(prices=types.ModelPrice(input_mtok=Decimal(2)))
    return types.ModelInfo("m", types.ClauseEquals("m"), prices=[dear, cheap])


@given(at=st.integers(NOW, NOW + 3 * DAY), data_=st.data())
def test_prices_by_the_hour_of_the_day_are_valid_until_the_hour_changes(at, data_):
    model = off_peak_model()
    first, end = validity(model, at)
    assert first <= at < end <= at + DAY
    other = data_.draw(st.integers(first, end - 1))
    assert priced_at(model, other) == priced_at(model, at)
    assert priced_at(model, end) != priced_at(model, at)


def priced_at(model, at):
    return model.get_prices(datetime.fromtimestamp(at // SECOND, UTC))


def test_a_start_date_begins_at_midnight_utc():
    later = types.ConditionalPrice(types.StartDateConstraint(date(2026, 7, 1)), prices=types.ModelPrice())
    model = types.ModelInfo(
        "m", types.ClauseEquals("m"), prices=[types.ConditionalPrice(prices=types.ModelPrice()), later]
    )
    assert validity(model, from_rfc3339("2026-06-30T12:00")) == (ALWAYS[0], from_rfc3339("2026-07-01"))
    assert validity(model, from_rfc3339("2026-07-01")) == (from_rfc3339("2026-07-01"), ALWAYS[1])

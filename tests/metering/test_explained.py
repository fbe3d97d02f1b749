from decimal import Decimal

from sidecar.clock import from_rfc3339
from sidecar.metering.explained import Explained, explain
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook, Question

AT = from_rfc3339("2026-11-20T10:00:00Z")


def explained(model: str, *overrides: Override, provider: str = "gemini", tier: str = "") -> Explained:
    return explain(PriceBook(overrides), Question(provider=provider, upstream=provider, model=model, tier=tier, at=AT))


def test_a_list_price_is_told_per_million_with_its_brackets():
    price = explained("gemini-2.5-pro")
    assert price.source.endswith("google/gemini-2.5-pro")
    assert [(bracket.above, bracket.prices["input per million tokens"]) for bracket in price.brackets] == [
        (200_000, "2.5"), (None, "1.25"),
    ]  # fmt: skip
    assert (price.basis, price.reason, price.override, price.hides) == ("exact", "", "", "")


def test_parts_are_told_at_their_own_price_and_not_as_a_difference():
    (bracket,) = explained("claude-opus-4-5", provider="anthropic").brackets
    assert bracket.prices["input per million tokens"] == "5"
    assert bracket.prices["cache_write_input per million tokens"] == "6.25"
    assert bracket.prices["per search"] == "0.01"


def test_a_price_with_a_date_says_from_and_until_when():
    price = explained("gemini-3.8-flash")
    assert price.until == from_rfc3339("2027-01-01")
    assert explained("gemini-2.5-pro").until is None


def test_an_override_says_what_it_hides():
    price = explained("gemini-2.5-flash", Override(model="x", free=True), Override(model="*", request_usd=Decimal(1)))
    assert (price.source, price.override) == ("override:2", "override:2")
    assert price.hides.endswith("google/gemini-2.5-flash")
    assert price.brackets[0].prices == {"per call": "1"}


def test_an_override_of_a_model_that_nobody_knows_hides_nothing():
    price = explained("no-such-model", Override(model="*", gpu_hour_usd=Decimal("2.5"), slots=8))
    assert (price.override, price.hides) == ("override:1", "")
    assert price.brackets[0].prices == {"per hour of the machine, shared by 8": "2.5"}


def test_a_factor_is_told_in_the_source():
    assert explained("gemini-2.5-flash", Override(model="*", factor=Decimal("0.85"))).source.endswith(" x 0.85")


def test_a_row_of_our_own_table_has_its_evidence_and_its_variants():
    price = explained("veo-3.1-generate-001")
    assert price.evidence[0].startswith("https://")
    assert price.brackets[0].prices["per second of video, 4k"] == "0.6"
    assert price.doubts == ("no_size_price for video_seconds of a kind that is not listed",)


def test_audio_by_the_hour_and_speech_by_the_character_are_told():
    assert explained("whisper-1", provider="openai").brackets[0].prices == {"per hour of audio": "0.36"}
    assert explained("tts-1", provider="openai").brackets[0].prices == {"per million characters": "15"}


def test_doubts_are_told_with_what_they_are_about():
    assert explained("gemini-2.5-flash", tier="flex").reason == "no_tier_price"
    assert explained("gemini-2.5-flash").doubts == ("no_cached_price for cache_write_input, cache_write_hour_input",)


def test_cached_parts_are_told_at_their_own_price_and_what_they_need_to_have_it():
    price = explained("gpt-realtime", provider="openai")
    assert price.brackets[0].prices["cached_input per million tokens"] == "0.4"
    assert price.brackets[0].prices["cached_image_input per million tokens"] == "0.5"
    assert price.doubts[0] == "no_cached_price for cached_unknown_input, cache_write_input, cache_write_hour_input"


def test_a_model_without_a_price_has_no_source():
    price = explained("no-such-model")
    assert (price.source, price.brackets) == ("", ())

"""What a price hangs on besides the model, and what comes before the lists."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook, Question
from sidecar.metering.usage import Usage

AT = from_rfc3339("2026-11-20T10:00:00Z")
TOKENS = Usage(input=1_000_000, output=1_000_000)
FLASH = "gemini-2.5-flash"


def bill(book: PriceBook, model: str = FLASH, usage: Usage | None = TOKENS, **more) -> Bill | Unpriced:
    call: dict[str, Any] = {"provider": "gemini", "upstream": "gemini", "tier": "", "at": AT} | more
    return book.bill(usage=usage, model=model, **call)


def source(book: PriceBook, model: str = FLASH, usage: Usage | None = TOKENS, **more) -> str:
    found = bill(book, model, usage, **more)
    assert isinstance(found, Bill)
    return found.source


def override(model: str, **prices) -> Override:
    return Override(model=model, input_per_mtok_usd=Decimal(1), output_per_mtok_usd=Decimal(1), **prices)


def test_overrides_by_method_and_label_are_told_apart_and_remembered_so():
    book = PriceBook([override("*", method="embed*"), override("*", label="team=res*")])
    assert source(book, method="embedContent") == "override:1"
    assert source(book, method="generateContent", labels=(("team", "research"),)) == "override:2"
    assert source(book, method="generateContent", labels=(("team", "sales"),)).startswith("genai-prices ")
    assert source(book).startswith("genai-prices ")


def test_methods_and_labels_that_no_override_minds_take_no_room():
    book = PriceBook([override("x")])
    for number in range(5):
        bill(book, method=f"m{number}", labels=(("run", str(number)),))
    assert len(book._rules) == 1


def test_an_override_may_speak_of_the_model_that_was_asked_for_or_of_the_one_that_served():
    for name in ("my-deployment", "gpt-4o-*"):
        book = PriceBook([override(name)])
        found = source(book, "gpt-4o-2024-08-06", asked_model="my-deployment", provider="azure", upstream="azure")
        assert found == "override:1"


def test_the_model_that_served_is_priced_and_the_one_asked_for_if_nobody_knows_that():
    book = PriceBook()
    assert bill(book, FLASH, asked_model="gemini-2.5-pro") == bill(book, FLASH)
    assert bill(book, "no-such-model", asked_model=FLASH) == bill(book, FLASH)
    assert "openai/gpt-4o" in source(book, "gpt-4o-2024-08-06", asked_model="my-deployment", provider="azure")


def test_bedrock_is_priced_by_the_profile_that_was_asked_for():
    book, served = PriceBook(), "claude-sonnet-4-5-20250929"
    by_profile = source(book, served, asked_model=f"global.anthropic.{served}-v1:0", provider="bedrock")
    assert "aws/global.anthropic.claude-sonnet-4-5" in by_profile
    guess = bill(
        book, served, asked_model="arn:aws:bedrock:us-east-1:1:application-inference-profile/x", provider="bedrock"
    )
    assert isinstance(guess, Bill)
    assert (guess.basis, guess.reason) == (Basis.ESTIMATED, "price_inferred")


def test_a_provisioned_model_is_paid_ahead():
    found = bill(PriceBook(), "x", asked_model="arn:aws:bedrock:us-east-1:1:provisioned-model/x", provider="bedrock")
    assert found == Bill(Decimal(0), Decimal(0), "provisioned throughput")


@pytest.mark.parametrize("tier", ["provisioned", "scale"])
def test_tiers_that_are_paid_ahead_have_a_bill_of_0_even_without_usage(tier):
    assert bill(PriceBook(), tier=tier, usage=None) == Bill(Decimal(0), Decimal(0), "provisioned throughput")


# what the provider tells, factors, time


def test_what_the_provider_tells_comes_before_every_list_and_behind_the_overrides():
    told: dict[str, Any] = {"told_usd": Decimal("0.5"), "provider": "openrouter", "upstream": "openrouter"}
    assert source(PriceBook(), "openai/gpt-4o", **told) == "told by openrouter"
    assert source(PriceBook([override("*")]), "openai/gpt-4o", **told) == "override:1"
    assert source(PriceBook(), "no-such-model", usage=None, **told) == "told by openrouter"


def test_a_factor_multiplies_the_published_price_and_says_so():
    plain, cheaper = PriceBook(), PriceBook([Override(model="gemini-*", factor=Decimal("0.85"))])
    one, other = bill(plain), bill(cheaper)
    assert isinstance(one, Bill)
    assert isinstance(other, Bill)
    assert (other.input_usd, other.output_usd) == (one.input_usd * Decimal("0.85"), one.output_usd * Decimal("0.85"))
    assert other.source == f"{one.source} x 0.85"
    told = source(cheaper, told_usd=Decimal(1))
    assert told == "told by gemini x 0.85"


def test_a_factor_of_dated_prices_keeps_their_dates():
    book, new_year = PriceBook([Override(model="*", factor=Decimal(2))]), from_rfc3339("2027-01-01")
    found = [bill(book, "gemini-3.8-flash", at=at) for at in (new_year - 1, new_year)]
    assert [each.input_usd for each in found if isinstance(each, Bill)] == [Decimal("1.5"), Decimal(3)]


def test_time_has_a_bill_without_usage_where_the_price_is_by_time():
    book = PriceBook([Override(model="*", upstream="my-vllm", gpu_hour_usd=Decimal("2.5"), slots=8)])
    found = bill(book, "qwen", None, provider="my-vllm", upstream="my-vllm", held_milliseconds=36_000)
    assert found == Bill(Decimal(0), Decimal(0), "override:1", time_usd=Decimal("0.003125"))
    assert bill(book, usage=None, held_milliseconds=36_000) == Unpriced(UnpricedReason.NO_USAGE)


def test_evidence_is_that_of_our_own_table():
    book = PriceBook()
    found = book.evidence(Question(provider="vertex", upstream="vertex", model="imagen-4.0-generate-001", at=AT))
    assert found[0].startswith("https://")
    assert book.evidence(Question(provider="vertex", upstream="vertex", model=FLASH, at=AT)) == ()

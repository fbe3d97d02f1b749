"""Every provider has its catalog, and a name is found there or not guessed."""

import pytest

from sidecar.clock import SECOND, from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill
from sidecar.metering.rule import Rule
from sidecar.metering.token_prices import CATALOGS, TokenPrices
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


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("gemini", "gemini-2.5-pro"),
        ("vertex", "claude-sonnet-4-5@20250929"),
        ("openai", "gpt-4.1-2025-04-14"),
        ("openai", "ft:gpt-4o-2024-08-06:me::abc"),
        ("anthropic", "claude-opus-4-5-20251101"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("cohere", "command-a-03-2025"),
        ("mistral", "mistral-large-latest"),
        ("groq", "openai/gpt-oss-120b"),
        ("xai", "grok-4.3"),
        ("deepseek", "deepseek-chat"),
        ("together", "meta-llama/llama-3.3-70b-instruct-turbo"),
        ("fireworks", "accounts/fireworks/models/deepseek-v3p2"),
        ("openrouter", "anthropic/claude-sonnet-4.5"),
    ],
)
def test_every_provider_has_its_catalog(provider, model):
    assert billed(rule(model, provider=provider), Usage(input=1, output=1)).basis is Basis.EXACT


def test_every_catalog_is_one_of_the_package():
    assert set(CATALOGS.values()) <= set(PRICES.providers)


def test_an_unlisted_snapshot_of_a_known_model_is_an_estimate():
    bill = billed(rule("gpt-4.1-2026-12-01", provider="openai"), Usage(output=1))
    assert bill.source.endswith("openai/gpt-4.1")
    assert (bill.basis, bill.reason) == (Basis.ESTIMATED, "price_inferred")


@pytest.mark.parametrize("model", ["ft:gpt-4.1-2025-04-14:me::abc", "gpt-4o-evil", "my-deployment", "openrouter/auto"])
def test_what_has_prices_of_its_own_and_is_not_listed_is_not_guessed(model):
    assert PRICES.rule("openai", (model,), "", NOW) is None

"""Token prices from genai-prices: found by its data, multiplied by us.

Its own `calc_price` takes 50 to 150 us a call, its lookups remember every name they are asked for ever, and it is
silent where a tier has no price. So: the bundled providers are read directly, `find_model` and `get_prices` are the
only functions used, always with a moment, and what we can't price faithfully is said. The import takes 50 to 190 ms
and waits for the first model that neither an override nor our own table knows.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from math import prod
from typing import TYPE_CHECKING, Final

from sidecar.clock import SECOND, Moment
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Doubt
from sidecar.metering.model_name import undated
from sidecar.metering.rule import ALWAYS, STANDARD_TIERS, Rule
from sidecar.metering.token_units import ONLY_WHEN_USED, PRICED, SPLIT_CACHED, UNCOUNTED_CACHED, Prices, brackets_of
from sidecar.metering.unit_prices import Bracket

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider, StartDateConstraint, TimeOfDateConstraint

ONE: Final = Decimal(1)

CATALOGS: Final = {
    "gemini": "google",
    "vertex": "google",
    "openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "bedrock": "aws",
    "cohere": "cohere",
    "mistral": "mistral",
    "groq": "groq",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "together": "together",
    "fireworks": "fireworks",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "cerebras": "cerebras",
    "moonshotai": "moonshotai",
    "novita": "novita",
    "baseten": "baseten",
}
"""Our name of a provider -> its id in genai-prices. Listed one by one: somebody's own server may bear any name."""

SURCHARGES: Final = {"us": Decimal("1.1")}
"""Place of the work, as a word of the tier -> what every price is multiplied by. Anthropic, "Data residency": "A 1.1x pricing
multiplier applies" (read 2026-11-20). No list has such prices, so a bill with one is an estimate."""


class TokenPrices:
    """The prices in the installed genai-prices, as rules."""

    @cached_property
    def providers(self) -> "dict[str, Provider]":
        """The catalogs of the package by id. The first look loads them, which takes 50 to 190 ms."""
        from genai_prices.data import providers

        return {provider.id: provider for provider in providers}

    @cached_property
    def _version(self) -> str:
        return version("genai-prices")

    def rule(self, provider: str, names: tuple[str, ...], tier: str, at: Moment) -> Rule | None:
        """The rule of the first of these names that is known, as it stands at a moment; None when none is.

        About 100 us: remember the answer until its `valid` runs out.
        """
        own = self.providers.get(CATALOGS.get(provider, ""))
        if own is None:
            return None
        lenders = (self.providers[name] for name in own.fallback_model_providers or ())
        for catalog in (own, *lenders):
            if model := next(filter(None, map(catalog.find_model, names)), None):
                return self._rule_of(catalog, model, tier, at, is_inferred=catalog is not own)
        for name in names:
            # A snapshot of a known model that the list does not name: most likely, and not certainly, at its price.
            if (dateless := undated(name)) != name and (model := own.find_model(dateless)):
                return self._rule_of(own, model, tier, at, is_inferred=True)
        return None

    def _rule_of(self, catalog: "Provider", model: "ModelInfo", tier: str, at: Moment, *, is_inferred: bool) -> Rule:
        moment = datetime.fromtimestamp(at // SECOND, UTC)
        words = words_of_tier(tier)
        surcharge = prod((SURCHARGES[word] for word in words if word in SURCHARGES), start=ONE)
        words = words - SURCHARGES.keys()
        is_own = has_own_price(model, words, moment)
        found = vars(model.get_prices(moment, context_of(words)))
        prices: Prices = {key: price for key, price in found.items() if price is not None}
        basis, reason = judge(prices, is_tier_priced=is_own or not words, is_inferred=is_inferred)
        brackets = brackets_of(prices)
        if surcharge != ONE:
            basis, reason = Basis.ESTIMATED, reason or Doubt.REGION_SURCHARGE
            brackets = tuple(Bracket(each.above, each.prices.times(surcharge)) for each in brackets)
        return Rule(
            source=f"genai-prices {self._version} {catalog.id}/{model.id}" + (f" {tier}" if is_own else ""),
            brackets=brackets,
            basis=basis,
            reason=reason,
            doubtful=tuple(doubtful(prices, catalog.id)),
            valid=validity(model, at),
        )


def words_of_tier(tier: str) -> frozenset[str]:
    """The words of a tier: `batch`, or `fast` and `us` of `fast-us`; none of the standard one."""
    return frozenset(tier.split("-")) - STANDARD_TIERS


def context_of(words: Iterable[str]) -> dict[str, str]:
    """The context that selects a tier's price variant in genai-prices. `fast` is a tier at OpenAI and a speed at Anthropic."""
    context = {}
    for word in words:
        context.update(CONTEXTS.get(word, {"service_tier": word}))
    return context


CONTEXTS: Final = {"batch": {"processing": "batch"}, "fast": {"service_tier": "fast", "speed": "fast"}}


def judge(prices: Prices, *, is_tier_priced: bool, is_inferred: bool) -> tuple[Basis, str]:
    """What can be said of every bill made with these prices, before anything is counted.

    `is_inferred`: the price is that of another provider which offers the same model, or of the model without its date.
    """
    if not is_tier_priced:
        return Basis.ESTIMATED, Doubt.NO_TIER_PRICE
    if is_inferred:
        return Basis.ESTIMATED, Doubt.PRICE_INFERRED
    if prices.keys() - PRICED - UNCOUNTED_CACHED - ONLY_WHEN_USED:
        return Basis.AT_LEAST, Doubt.PART_UNPRICED
    return Basis.EXACT, ""


AUDIO_IS_DEARER: Final = frozenset({"openai", "azure"})
"""Catalogs of providers at which a token of audio costs more than one of text. Elsewhere one price may well be for both."""


def doubtful(prices: Prices, catalog: str) -> Iterator[tuple[str, str]]:
    """The counts that these prices have no clear price for."""
    if "cache_read_mtok" not in prices or not UNCOUNTED_CACHED.isdisjoint(prices):
        yield "cached_input", Doubt.NO_CACHED_PRICE
    elif not SPLIT_CACHED.isdisjoint(prices):
        yield "cached_unknown_input", Doubt.NO_CACHED_PRICE
    if prices.keys().isdisjoint({"cache_write_mtok", "cache_write_5m_mtok"}):
        yield "cache_write_input", Doubt.NO_CACHED_PRICE
    if "cache_write_1h_mtok" not in prices:
        yield "cache_write_hour_input", Doubt.NO_CACHED_PRICE
    if catalog in AUDIO_IS_DEARER:
        audio = {"audio_input": "input_audio_mtok", "audio_output": "output_audio_mtok"}
        yield from ((name, Doubt.NO_AUDIO_PRICE) for name, key in audio.items() if key not in prices)


def has_own_price(model: "ModelInfo", words: frozenset[str], moment: datetime) -> bool:
    """Whether a variant is in force for all words of a tier: genai-prices itself falls back on the standard price silently."""
    context = context_of(words)
    return bool(words) and any(
        variant.when.items() <= context.items()
        and words <= set(variant.when.values())
        and (variant.constraint is None or variant.constraint.active(moment))
        for variant in model.price_variants or ()
    )


def validity(model: "ModelInfo", at: Moment) -> tuple[Moment, Moment]:
    """How long around a moment the model's dated prices stay as they are: from the last change to the next."""
    conditional = model.prices if isinstance(model.prices, list) else []
    dated = [*conditional, *(model.price_variants or ())]
    day = datetime.fromtimestamp(at // SECOND, UTC).date()
    edges = [edge for each in dated if each.constraint for edge in _edges(each.constraint, day)]
    before = [edge for edge in edges if edge <= at]
    after = [edge for edge in edges if edge > at]
    return max(before, default=ALWAYS[0]), min(after, default=ALWAYS[1])


def _edges(constraint: "StartDateConstraint | TimeOfDateConstraint", day: date) -> Iterator[Moment]:
    """The moments near a day at which a constraint changes its mind."""
    from genai_prices.types import StartDateConstraint

    if isinstance(constraint, StartDateConstraint):
        yield _moment(constraint.start_date, time())
        return
    for days in (-1, 0, 1):
        for edge in (constraint.start_time, constraint.end_time):
            yield _moment(day + timedelta(days), edge)


def _moment(day: date, hour: time) -> Moment:
    stamp = datetime.combine(day, hour, hour.tzinfo or UTC)
    return int(stamp.timestamp()) * SECOND + stamp.microsecond

"""Token prices from genai-prices: found by its data, multiplied by us.

Its own `calc_price` takes 50 to 150 us a call, its lookups remember every name they are asked for ever, and it is
silent where a tier has no price. So: the bundled providers are read directly, `find_model` and `get_prices` are the
only functions used, always with a moment, and what we can't price faithfully is said. The import takes 50 to 190 ms
and waits for the first model that neither an override nor our own table knows.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, TypeAlias

from sidecar.clock import SECOND, Moment
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Doubt
from sidecar.metering.money import ZERO
from sidecar.metering.rule import ALWAYS, STANDARD_TIERS, Bracket, Rule, UnitPrices

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider, StartDateConstraint, TieredPrices, TimeOfDateConstraint

CATALOGS: Final = {
    "gemini": "google",
    "vertex": "google",
    "openai": "openai",
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "aws",
}
"""Our name of a provider -> its id in genai-prices."""


PER_MTOK: Final = 1_000_000
PER_THOUSAND: Final = 1_000

INPUT_PARTS: Final = {
    "audio_input": ("input_audio_mtok", "input_mtok"),
    "cached_audio_input": ("cache_audio_read_mtok", "cache_read_mtok"),
    "image_input": ("input_image_mtok", "input_mtok"),
    "video_input": ("input_video_mtok", "input_mtok"),
}
"""Part of usage -> its price key, and that of the class it is part of."""
OUTPUT_PARTS: Final = {
    "reasoning": ("output_reasoning_mtok", "output_mtok"),
    "audio_output": ("output_audio_mtok", "output_mtok"),
    "image_output": ("output_image_mtok", "output_mtok"),
    "video_output": ("output_video_mtok", "output_mtok"),
}
CLASSES: Final = {
    "input": "input_mtok",
    "tool_use": "input_mtok",
    "cached_input": "input_mtok",
    "output": "output_mtok",
    "reasoning": "output_mtok",
    "web_searches": "web_searches_kcount",
}
"""Class of usage -> the price without which it can't be billed. Cached tokens fall back on the input price, marked."""
PRICED: Final = (
    frozenset(CLASSES.values())
    | {key for keys in (*INPUT_PARTS.values(), *OUTPUT_PARTS.values()) for key in keys}
    | {"cache_read_mtok"}
)
UNCOUNTED_CACHED: Final = frozenset({"cache_image_read_mtok", "cache_video_read_mtok", "cache_text_read_mtok"})
"""Cached tokens are not counted by these modalities: a bill with any is an estimate."""
ONLY_WHEN_USED: Final = frozenset(
    {
        "cache_write_mtok",
        "cache_write_5m_mtok",
        "cache_write_1h_mtok",
        "storage_searches_kcount",
        "social_searches_kcount",
        "code_executions_kcount",
    }
)
"""Prices of what `Usage` has no count for and most calls have none of. A bill is silent about them, as its reader is."""

Prices: TypeAlias = "dict[str, Decimal | TieredPrices]"


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
            for name in names:
                if model := catalog.find_model(name):
                    return self._rule_of(catalog, model, tier, at, is_lent=catalog is not own)
        return None

    def _rule_of(self, catalog: "Provider", model: "ModelInfo", tier: str, at: Moment, *, is_lent: bool) -> Rule:
        moment = datetime.fromtimestamp(at // SECOND, UTC)
        context = {} if is_lent else context_of(tier)
        is_own = has_own_price(model, context, moment)
        found = vars(model.get_prices(moment, context))
        prices: Prices = {key: price for key, price in found.items() if price is not None}
        basis, reason = judge(prices, is_tier_priced=is_own or tier in STANDARD_TIERS, is_lent=is_lent)
        return Rule(
            source=f"genai-prices {self._version} {catalog.id}/{model.id}" + (f" {tier}" if is_own else ""),
            brackets=brackets_of(prices),
            basis=basis,
            reason=reason,
            cached_doubt="cache_read_mtok" not in prices or not UNCOUNTED_CACHED.isdisjoint(prices),
            valid=validity(model, at),
        )


def context_of(tier: str) -> dict[str, str]:
    """The context that selects a service tier's price variant in genai-prices."""
    if tier in STANDARD_TIERS:
        return {}
    return {"processing": tier} if tier == "batch" else {"service_tier": tier}


def judge(prices: Prices, *, is_tier_priced: bool, is_lent: bool) -> tuple[Basis, str]:
    """What can be said of every bill made with these prices, before anything is counted.

    `is_lent`: the price is that of another provider which offers the same model.
    """
    if not is_tier_priced:
        return Basis.ESTIMATED, Doubt.NO_TIER_PRICE
    if is_lent:
        return Basis.ESTIMATED, Doubt.PRICE_INFERRED
    if prices.keys() - PRICED - UNCOUNTED_CACHED - ONLY_WHEN_USED:
        return Basis.AT_LEAST, Doubt.PART_UNPRICED
    return Basis.EXACT, ""


def has_own_price(model: "ModelInfo", context: dict[str, str], moment: datetime) -> bool:
    """Whether a variant is in force for this context: genai-prices itself falls back on the standard price silently."""
    return bool(context) and any(
        variant.when.items() <= context.items() and (variant.constraint is None or variant.constraint.active(moment))
        for variant in model.price_variants or ()
    )


def brackets_of(prices: Prices) -> tuple[Bracket, ...]:
    """Flat prices for every threshold that any of these prices has, highest first."""
    thresholds = {tier.start for price in prices.values() if not isinstance(price, Decimal) for tier in price.tiers}
    return tuple(Bracket(above, flat(prices, above)) for above in (*sorted(thresholds, reverse=True), -1))


def flat(prices: Prices, above: int) -> UnitPrices:
    """The unit prices of a call whose input just exceeds `above` tokens."""
    each = {key: price_above(price, above) for key, price in prices.items()}
    mtok = _with_cached({key: price / PER_MTOK for key, price in each.items()})
    return UnitPrices(
        input=mtok.get("input_mtok", ZERO),
        cached_input=mtok.get("cache_read_mtok", ZERO),
        output=mtok.get("output_mtok", ZERO),
        input_parts=_differences(mtok, INPUT_PARTS),
        output_parts=_differences(mtok, OUTPUT_PARTS),
        web_search=each.get("web_searches_kcount", ZERO) / PER_THOUSAND,
        unpriced=(*(name for name, key in CLASSES.items() if key not in prices), "images", "video_seconds"),
    )


def _with_cached(mtok: dict[str, Decimal]) -> dict[str, Decimal]:
    """Prices in which cached tokens have one: that of tokens read anew, where the list has none for them."""
    if "cache_read_mtok" in mtok:
        return mtok
    anew = {"cache_read_mtok": "input_mtok", "cache_audio_read_mtok": "input_audio_mtok"}
    return {cached: mtok[key] for cached, key in anew.items() if key in mtok} | mtok


def price_above(price: "Decimal | TieredPrices", above: int) -> Decimal:
    """The price in force for a whole call whose input just exceeds `above` tokens."""
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return reached[-1] if reached else price.base


def _differences(mtok: dict[str, Decimal], parts: dict[str, tuple[str, str]]) -> tuple[tuple[str, Decimal], ...]:
    """The parts that have a price of their own, each as the difference to its class."""
    pairs = ((name, own, whole) for name, (own, whole) in parts.items() if own in mtok)
    return tuple((name, extra) for name, own, whole in pairs if (extra := mtok[own] - mtok.get(whole, ZERO)))


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

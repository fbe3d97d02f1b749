"""A price in words and figures for people: which source it is from, what it asks for each thing, and what is doubtful."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.metering.bill import Doubt
from sidecar.metering.money import plain
from sidecar.metering.price import PriceBook, Question
from sidecar.metering.rule import ALWAYS, NoRule, Rule
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import CACHED_PARTS
from sidecar.metering.variant import VariantPrices

MILLION: Final = 1_000_000
PER_PIECE: Final = {
    "web_searches": ("per search", 1),
    "units": ("per unit", 1),
    "compute_milliseconds": ("per second of the machine", 1_000),
    "characters": ("per million characters", MILLION),
}
"""Piece -> how its price is put, and for how many."""


class ExplainedBracket(msgspec.Struct, frozen=True):
    """The prices of a call, by what they are for, in words; US dollars as decimal strings."""

    above: int | None
    """For calls whose input exceeds so many tokens; None for all."""
    prices: dict[str, str]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One model at one provider."""

    provider: str
    upstream: str
    model: str
    tier: str
    source: str
    """Empty where there is no price."""
    override: str = ""
    """The override that speaks of these calls; empty when none does."""
    hides: str = ""
    """The source that would price them without it; empty when none would."""
    basis: str = ""
    reason: str = ""
    doubts: tuple[str, ...] = ()
    """What makes a bill an estimate, where it is used."""
    evidence: tuple[str, ...] = ()
    """Of a row of our own table: where it is published, and how it was read."""
    brackets: tuple[ExplainedBracket, ...] = ()
    unpriced: tuple[str, ...] = ()
    """What may be used and has no price here."""
    since: Moment | None = None
    """The price is in force from this moment on; None for always."""
    until: Moment | None = None


def explain(book: PriceBook, question: Question) -> Explained:
    """How the book would price such a call."""
    rule, place = book.rule(question), book.override_for(question)
    override = "" if place is None else book.overrides[place - 1].source or f"override:{place}"
    hidden = book.published(question) if override else None
    hides = hidden.source if isinstance(hidden, Rule) else ""
    about = Explained(
        provider=question.provider, upstream=question.upstream, model=question.model, tier=question.tier, source="",
        override=override, hides=hides,
    )  # fmt: skip
    return about if isinstance(rule, NoRule) else _filled_in(about, rule, book.evidence(question))


def _filled_in(about: Explained, rule: Rule, evidence: tuple[str, ...]) -> Explained:
    first, last = rule.valid
    return msgspec.structs.replace(
        about,
        source=rule.source,
        basis=str(rule.basis),
        reason=str(rule.reason),
        doubts=tuple(_doubts(rule)),
        evidence=evidence if rule.source.startswith("media:") else (),
        brackets=tuple(_bracket(bracket) for bracket in rule.brackets),
        unpriced=rule.brackets[-1].prices.unpriced,
        since=None if first == ALWAYS[0] else first,
        until=None if last == ALWAYS[1] else last,
    )


def _doubts(rule: Rule) -> Iterator[str]:
    by_doubt: dict[str, list[str]] = {}
    for name, doubt in rule.doubtful:
        by_doubt.setdefault(str(doubt), []).append(name)
    yield from (f"{doubt} for {', '.join(names)}" for doubt, names in by_doubt.items())
    prices = rule.brackets[-1].prices
    for what, variants in (("images", prices.images), ("video_seconds", prices.video_seconds)):
        if variants is not None and not variants.is_any:
            yield f"{Doubt.NO_SIZE_PRICE} for {what} of a kind that is not listed"


def _bracket(bracket: Bracket) -> ExplainedBracket:
    prices = {what: plain(usd.normalize()) for what, usd in _prices(bracket.prices)}
    return ExplainedBracket(None if bracket.above < 0 else bracket.above, prices)


def _prices(prices: UnitPrices) -> Iterator[tuple[str, Decimal]]:
    for name in ("input", "cached_input", "output"):
        if name not in prices.unpriced and (getattr(prices, name) or not (prices.place_hour or prices.request)):
            yield f"{name} per million tokens", getattr(prices, name) * MILLION
    for whole, each in ((prices.input, prices.input_each), (prices.output, prices.output_each)):
        for name, extra in each:
            if name in PER_PIECE:
                words, units = PER_PIECE[name]
                yield words, extra * units
            else:
                own = extra + (prices.cached_input if name in CACHED_PARTS else whole)
                yield f"{name} per million tokens", own * MILLION
    yield from _variants("per image", prices.images)
    yield from _variants("per second of video", prices.video_seconds)
    yield from _of_the_call(prices)


def _of_the_call(prices: UnitPrices) -> Iterator[tuple[str, Decimal]]:
    if "audio_seconds" not in prices.unpriced and prices.audio_hour:
        yield "per hour of audio", prices.audio_hour
    if prices.request:
        yield "per call", prices.request
    if prices.place_hour:
        yield f"per hour of the machine, shared by {prices.places}", prices.place_hour


def _variants(words: str, variants: VariantPrices | None) -> Iterator[tuple[str, Decimal]]:
    if variants is None:
        return
    for variant, usd in variants.by.items():
        yield f"{words}, {' '.join(sorted(variant))}", usd
    if variants.is_any:
        yield words, variants.standard

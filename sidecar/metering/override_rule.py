"""The price rule that a user's own price makes: the whole truth about what it matches."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.metering.money import ZERO
from sidecar.metering.override import Override
from sidecar.metering.rule import BILLED, NoRule, Rule
from sidecar.metering.unit_prices import Bracket, Each, UnitPrices
from sidecar.metering.variant import VariantPrices

MILLION: Final = 1_000_000
"""Token prices are set and published per million tokens."""
MILLISECONDS: Final = 1_000
MINUTES_AN_HOUR: Final = 60
SECONDS_AN_HOUR: Final = 3_600

Parts = dict[str, tuple[str, ...]]

BATCH: Final = "batch"
ONE: Final = Decimal(1)

INPUT_PARTS: Final[Parts] = {
    "cache_write_input": ("cache_write_per_mtok_usd",),
    "cache_write_hour_input": ("cache_write_hour_per_mtok_usd", "cache_write_per_mtok_usd"),
    "audio_input": ("audio_input_per_mtok_usd",),
    "image_input": ("image_input_per_mtok_usd",),
}
"""Part of `input` -> the prices that may be its own, first choice first."""
OUTPUT_PARTS: Final[Parts] = {
    "reasoning": ("reasoning_per_mtok_usd",),
    "audio_output": ("audio_output_per_mtok_usd",),
    "image_output": ("image_output_per_mtok_usd",),
}
INPUT_PIECES: Final = {
    "characters": ("million_characters_usd", MILLION),
    "web_searches": ("web_search_usd", 1),
    "units": ("unit_usd", 1),
}
"""Piece -> its price, and for how many that is."""
OUTPUT_PIECES: Final = {"compute_milliseconds": ("second_usd", MILLISECONDS)}
CLASSES: Final = {
    "input": "input_per_mtok_usd",
    "tool_use": "input_per_mtok_usd",
    "output": "output_per_mtok_usd",
    "reasoning": "reasoning_per_mtok_usd output_per_mtok_usd",
    "images": "image_usd image_usd_by",
    "video_seconds": "video_second_usd video_second_usd_by",
    "audio_seconds": "audio_second_usd audio_minute_usd",
    "cached_input": "cached_input_per_mtok_usd input_per_mtok_usd",
    **{name: price for name, (price, _) in (INPUT_PIECES | OUTPUT_PIECES).items()},
}
"""Class of usage -> the prices of which one at least must be set for it to have a price."""
OF_THE_CALL: Final = {"request_usd", "gpu_hour_usd"}
"""Prices that hang on no usage."""


def source_of(override: Override, place: int) -> str:
    """What bills made by this price name as their source."""
    return override.source or f"override:{place}"


def override_rule(override: Override, place: int, tier: str) -> Rule:
    """The rule of an override that sets prices, or makes a call free; `place` counts from 1."""
    factor = override.batch_factor if override.batch_factor is not None and BATCH in tier.split("-") else ONE
    named = set(override.prices())
    is_flat = override.free or named <= OF_THE_CALL
    # Who prices the time has priced all that is done in it.
    is_all = is_flat or "gpu_hour_usd" in named
    unpriced = () if is_all else tuple(name for name in BILLED if named.isdisjoint(CLASSES[name].split()))
    prices = _unit_prices(override, unpriced)
    tokens = {"cached_input_per_mtok_usd", "input_per_mtok_usd", "output_per_mtok_usd"}
    return Rule(
        source=source_of(override, place),
        brackets=(Bracket(-1, prices if factor == ONE else prices.times(factor)),),
        is_by_piece=named.isdisjoint(tokens),
        is_flat=is_flat,
        is_heard=False,
    )


def multiplied(rule: Rule | NoRule, override: Override) -> Rule | NoRule:
    """The rule that there is without an override, with its factor. What nobody has a price for has none times a factor."""
    factor = override.factor
    assert factor is not None
    if isinstance(rule, NoRule):
        return msgspec.structs.replace(rule, factor=factor)
    return msgspec.structs.replace(
        rule,
        source=f"{rule.source} x {factor}",
        brackets=tuple(Bracket(each.above, each.prices.times(factor)) for each in rule.brackets),
        factor=factor,
    )


def _unit_prices(override: Override, unpriced: tuple[str, ...]) -> UnitPrices:
    token = {name: getattr(override, name) / MILLION for name in override.prices() if name.endswith("_per_mtok_usd")}
    input_price, output_price = token.get("input_per_mtok_usd", ZERO), token.get("output_per_mtok_usd", ZERO)
    return UnitPrices(
        input=input_price,
        cached_input=token.get("cached_input_per_mtok_usd", input_price),
        output=output_price,
        input_each=_parts(token, INPUT_PARTS, input_price) + _pieces(override, INPUT_PIECES),
        output_each=_parts(token, OUTPUT_PARTS, output_price) + _pieces(override, OUTPUT_PIECES),
        images=_variants(override.image_usd_by, override.image_usd),
        video_seconds=_variants(override.video_second_usd_by, override.video_second_usd),
        request=override.request_usd or ZERO,
        audio_hour=(override.audio_second_usd or ZERO) * SECONDS_AN_HOUR
        + (override.audio_minute_usd or ZERO) * MINUTES_AN_HOUR,
        place_hour=(override.gpu_hour_usd or ZERO) * (ONE if override.gpus is None else override.gpus),
        places=override.slots or 1,
        unpriced=unpriced,
    )


def _parts(token: dict[str, Decimal], parts: Parts, whole: Decimal) -> Each:
    """The parts that have a price of their own, each as the difference to its class."""
    own = ((part, next((token[name] for name in names if name in token), whole)) for part, names in parts.items())
    return tuple((part, price - whole) for part, price in own if price != whole)


def _pieces(override: Override, pieces: dict[str, tuple[str, int]]) -> Each:
    priced = ((piece, getattr(override, name), units) for piece, (name, units) in pieces.items())
    return tuple((piece, price / units) for piece, price, units in priced if price is not None)


def _variants(by: dict[str, Decimal], standard: Decimal | None) -> VariantPrices | None:
    return VariantPrices.of(by, standard) if by or standard is not None else None

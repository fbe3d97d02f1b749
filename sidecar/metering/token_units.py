"""What genai-prices' price keys mean for our counts: its prices per million become ours for one, its classes ours."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from sidecar.metering.money import ZERO
from sidecar.metering.rule import BILLED
from sidecar.metering.unit_prices import Bracket, Each, UnitPrices

if TYPE_CHECKING:
    from genai_prices.types import TieredPrices

PER_MILLION: Final = 1_000_000
PER_THOUSAND: Final = 1_000

INPUT_PARTS: Final = {
    "cache_write_input": ("cache_write_mtok", "input_mtok"),
    "cache_write_hour_input": ("cache_write_1h_mtok", "input_mtok"),
    "audio_input": ("input_audio_mtok", "input_mtok"),
    "cached_text_input": ("cache_text_read_mtok", "cache_read_mtok"),
    "cached_audio_input": ("cache_audio_read_mtok", "cache_read_mtok"),
    "cached_image_input": ("cache_image_read_mtok", "cache_read_mtok"),
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
AUDIO_HOURS: Final = ("input_audio_hours", "audio_hours")
"""Of audio that was read; the second is of a session's audio in both directions, too."""
CLASSES: Final = {
    "input": ("input_mtok",),
    "tool_use": ("input_mtok",),
    "cached_input": ("input_mtok",),
    "output": ("output_mtok",),
    "reasoning": ("output_mtok",),
    "web_searches": ("web_searches_kcount",),
    "characters": ("input_mchars",),
    "audio_seconds": AUDIO_HOURS,
}
"""Class of usage -> the prices of which it needs one; others have none here. Cached tokens may do with input's, marked."""
PIECES: Final = {"web_searches": ("web_searches_kcount", PER_THOUSAND), "characters": ("input_mchars", PER_MILLION)}
"""Piece -> its price key, and for how many that is."""
REQUEST: Final = "requests_kcount"
PRICED: Final = (
    frozenset(key for keys in CLASSES.values() for key in keys)
    | {key for keys in (*INPUT_PARTS.values(), *OUTPUT_PARTS.values()) for key in keys}
    | {"cache_read_mtok", "cache_write_5m_mtok", REQUEST}
)
SPLIT_CACHED: Final = frozenset({"cache_text_read_mtok", "cache_image_read_mtok"})
"""Where a list has one of these, cached tokens of which nobody says what they are make a bill an estimate."""
UNCOUNTED_CACHED: Final = frozenset({"cache_video_read_mtok"})
"""Cached tokens are not counted by these modalities: a bill with any is an estimate."""
ONLY_WHEN_USED: Final = frozenset({"storage_searches_kcount", "social_searches_kcount", "code_executions_kcount"})
"""Prices of what `Usage` has no count for and most calls have none of. A bill is silent about them, as its reader is."""

Prices: TypeAlias = "dict[str, Decimal | TieredPrices]"


def brackets_of(prices: Prices) -> tuple[Bracket, ...]:
    """Flat prices for every threshold that any of these prices has, highest first."""
    thresholds = {tier.start for price in prices.values() if not isinstance(price, Decimal) for tier in price.tiers}
    return tuple(Bracket(above, flat(prices, above)) for above in (*sorted(thresholds, reverse=True), -1))


def flat(prices: Prices, above: int) -> UnitPrices:
    """The unit prices of a call whose input just exceeds `above` tokens."""
    each = {key: price_above(price, above) for key, price in prices.items()}
    mtok = _with_fallbacks({key: price / PER_MILLION for key, price in each.items()})
    pieces = tuple((piece, each[key] / units) for piece, (key, units) in PIECES.items() if key in each)
    return UnitPrices(
        input=mtok.get("input_mtok", ZERO),
        cached_input=mtok.get("cache_read_mtok", ZERO),
        output=mtok.get("output_mtok", ZERO),
        input_each=_differences(mtok, INPUT_PARTS) + pieces,
        output_each=_differences(mtok, OUTPUT_PARTS),
        request=each.get(REQUEST, ZERO) / PER_THOUSAND,
        audio_hour=next((each[key] for key in AUDIO_HOURS if key in each), ZERO),
        unpriced=tuple(name for name in BILLED if prices.keys().isdisjoint(CLASSES.get(name, ()))),
    )


FALLBACKS: Final = (
    ("cache_read_mtok", "input_mtok"),
    ("cache_audio_read_mtok", "input_audio_mtok"),
    ("cache_image_read_mtok", "input_image_mtok"),
    ("cache_write_mtok", "cache_write_5m_mtok"),
    ("cache_write_1h_mtok", "cache_write_mtok"),
)
"""Where a list has no price for the first, that of the second is used: tokens from a cache as tokens read anew, and so on."""

AS_READ_ANEW: Final = frozenset({"cache_audio_read_mtok", "cache_image_read_mtok"})
"""Of these only where no cached token has a price of its own."""


def _with_fallbacks(mtok: dict[str, Decimal]) -> dict[str, Decimal]:
    has_cached = "cache_read_mtok" in mtok
    for key, instead in FALLBACKS:  # in this order: one may stand on another
        if key not in mtok and instead in mtok and not (has_cached and key in AS_READ_ANEW):
            mtok[key] = mtok[instead]
    return mtok


def price_above(price: "Decimal | TieredPrices", above: int) -> Decimal:
    """The price in force for a whole call whose input just exceeds `above` tokens."""
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return reached[-1] if reached else price.base


def _differences(mtok: dict[str, Decimal], parts: dict[str, tuple[str, str]]) -> Each:
    """The parts that have a price of their own, each as the difference to its class."""
    pairs = ((name, own, whole) for name, (own, whole) in parts.items() if own in mtok)
    return tuple((name, extra) for name, own, whole in pairs if (extra := mtok[own] - mtok.get(whole, ZERO)))

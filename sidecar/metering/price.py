"""The price book: finds the price rule of a model once, and bills calls with it.

Sources in this order: the user's overrides, throughput that is paid ahead, our media table, genai-prices.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from sidecar.clock import Moment
from sidecar.metering.bill import Bill, Unpriced
from sidecar.metering.media import MediaPrice, load_media_prices, media_rule
from sidecar.metering.model_name import plain_names
from sidecar.metering.money import ZERO
from sidecar.metering.override import Override
from sidecar.metering.rule import STANDARD_SIZE, Bracket, NoRule, Rule, UnitPrices
from sidecar.metering.token_prices import TokenPrices
from sidecar.metering.usage import Usage

PROVISIONED: Final = "provisioned"
"""The tier of throughput that is reserved and paid by the hour: one call more adds nothing to the bill."""

_PAID_AHEAD: Final = Rule(
    source="provisioned throughput",
    brackets=(Bracket(-1, UnitPrices(images={STANDARD_SIZE: ZERO}, is_any_size=True, unpriced=("web_searches",))),),
)
_UNKNOWN: Final = NoRule()

_LONGEST_NAME: Final = 256
"""Model names come from requests: longer ones name no model and would only fill the memory."""


class PriceBook:
    """Bills calls. Holds at most `remembered` rules and misses; the least recently used make room.

    Raises:
        PriceError: an override can't be used; names it and its field.
    """

    def __init__(self, overrides: Sequence[Override] = (), *, remembered: int = 1024) -> None:
        for place, override in enumerate(overrides, 1):
            override.check(place)
        self._overrides = tuple(overrides)
        self._remembered = remembered
        self._rules: OrderedDict[tuple[str, str, str, str], Rule | NoRule] = OrderedDict()
        self._token_prices = TokenPrices()

    def load(self) -> None:
        """Read the price lists now. Otherwise the first call that needs them does, and takes up to 200 ms longer."""
        _ = self._media, self._token_prices.providers

    @cached_property
    def _media(self) -> list[MediaPrice]:
        return load_media_prices()

    def bill(self, *, usage: Usage, provider: str, upstream: str, model: str, tier: str, at: Moment) -> Bill | Unpriced:
        """What the provider asks for this usage of a model, at the prices in force `at` the moment it was committed.

        `model` may be written as in a path (`models/x`, `publishers/google/models/x`), `tier` is empty for standard.
        About 1 us when the model was billed before.
        """
        key = (provider, upstream, model, tier)
        rule = self._rules.get(key)
        if rule is not None and rule.valid[0] <= at < rule.valid[1]:
            self._rules.move_to_end(key)
        elif len(model) > _LONGEST_NAME:
            rule = _UNKNOWN
        else:
            rule = self._rules[key] = self._find(provider, upstream, model, tier, at)
            self._make_room(key)
        return rule.bill(usage)

    def _make_room(self, newest: tuple[str, str, str, str]) -> None:
        self._rules.move_to_end(newest)
        while len(self._rules) > self._remembered:
            self._rules.popitem(last=False)

    def _find(self, provider: str, upstream: str, model: str, tier: str, at: Moment) -> Rule | NoRule:
        names = plain_names(provider, model)
        for place, override in enumerate(self._overrides, 1):
            if override.matches(upstream, names):
                return override.rule(place, tier)
        if tier == PROVISIONED:
            return _PAID_AHEAD
        return (
            media_rule(self._media, provider, names, tier)
            or self._token_prices.rule(provider, names, tier, at)
            or _UNKNOWN
        )

"""The price book: finds the price rule of a model once, and bills calls with it.

Sources in this order: the user's overrides, what the provider itself tells, throughput that is paid ahead, our media table,
genai-prices.
"""

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.metering.bill import Bill, Unpriced
from sidecar.metering.media import MediaPrice, load_media_prices, media_rule
from sidecar.metering.model_name import is_provisioned, plain_names
from sidecar.metering.override import Override
from sidecar.metering.override_rule import multiplied, override_rule
from sidecar.metering.rule import NoRule, Rule, inferred
from sidecar.metering.token_prices import TokenPrices
from sidecar.metering.told import bill_as_told
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import Usage

Labels = tuple[tuple[str, str], ...]
"""Name and value, sorted."""

PAID_AHEAD: Final = frozenset({"provisioned", "scale"})
"""The tiers of throughput that is reserved and paid by the hour: one call more adds nothing to the bill."""

ASKED_FIRST: Final = frozenset({"bedrock"})
"""Providers whose replies name the model without what its price hangs on: an inference profile is `global.` or of a geography."""

_PAID_AHEAD: Final = Rule(
    source="provisioned throughput", brackets=(Bracket(-1, UnitPrices(unpriced=("web_searches",))),), is_flat=True
)
_UNKNOWN: Final = NoRule()

_LONGEST_NAME: Final = 256
"""Model names come from requests: longer ones name no model and would only fill the memory."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a price hangs on, besides what was used."""

    provider: str
    upstream: str
    model: str
    asked_model: str = ""
    tier: str = ""
    at: Moment
    method: str = ""
    labels: Labels = ()

    def names(self) -> list[tuple[str, ...]]:
        """The plain names of the model that is billed, then of the other one."""
        models = [self.model, self.asked_model] if self.asked_model else [self.model]
        if self.provider in ASKED_FIRST:
            models.reverse()
        return [plain_names(self.provider, model) for model in models]


class PriceBook:
    """Bills calls. Holds at most `remembered` rules and misses; the least recently used make room.

    Raises:
        PriceError: an override can't be used; names it and its field.
    """

    def __init__(self, overrides: Sequence[Override] = (), *, remembered: int = 1024) -> None:
        for place, override in enumerate(overrides, 1):
            override.check(place)
        self.overrides = tuple(overrides)
        self._remembered = remembered
        self._rules: OrderedDict[tuple[object, ...], Rule | NoRule] = OrderedDict()
        self._token_prices = TokenPrices()
        # What no override asks about makes no difference, and would only fill the memory.
        self._minds_method = any(override.method is not None for override in overrides)
        self._minds_labels = any(override.label is not None for override in overrides)

    def load(self) -> None:
        """Read the price lists now. Otherwise the first call that needs them does, and takes up to 200 ms longer."""
        _ = self._media, self._token_prices.providers

    @cached_property
    def _media(self) -> list[MediaPrice]:
        return load_media_prices()

    def bill(
        self,
        *,
        usage: Usage | None,
        provider: str,
        upstream: str,
        model: str,
        tier: str,
        at: Moment,
        asked_model: str = "",
        method: str = "",
        labels: Labels = (),
        held_milliseconds: int = 0,
        told_usd: Decimal | None = None,
    ) -> Bill | Unpriced:
        """What the provider asks for this usage of a model, at the prices in force `at` the moment it was committed.

        `usage` is None when nothing was reported; then only what hangs on no usage has a price. `model` may be written as in a
        path (`models/x`, `publishers/google/models/x`), `asked_model` is the one that was asked for where it is another, `tier`
        is empty for standard. `told_usd` is what the provider says it asks. About 1 us when the model was billed before.
        """
        method = method if self._minds_method else ""
        labels = labels if self._minds_labels else ()
        key = (provider, upstream, model, asked_model, tier, method, labels)
        rule = self._rules.get(key)
        if rule is not None and rule.valid[0] <= at < rule.valid[1]:
            self._rules.move_to_end(key)
        elif len(model) + len(asked_model) > _LONGEST_NAME:
            rule = _UNKNOWN
        else:
            question = Question(
                provider=provider, upstream=upstream, model=model, asked_model=asked_model, tier=tier, at=at,
                method=method, labels=labels,
            )  # fmt: skip
            rule = self._rules[key] = self.rule(question)
            self._make_room(key)
        if told_usd is not None and rule.is_heard:
            return bill_as_told(told_usd, provider, rule, usage)
        return rule.bill(usage, held_milliseconds)

    def rule(self, question: Question) -> Rule | NoRule:
        """The rule that answers this question; not remembered."""
        place = self.override_for(question)
        if place is None:
            return self.published(question)
        override = self.overrides[place - 1]
        if override.factor is not None:
            return multiplied(self.published(question), override)
        return override_rule(override, place, question.tier)

    def override_for(self, question: Question) -> int | None:
        """The place, from 1, of the override that speaks of this; None when none does."""
        names = tuple(name for each in question.names() for name in each)
        for place, override in enumerate(self.overrides, 1):
            if override.matches(question.upstream, names, question.method, question.labels):
                return place
        return None

    def published(self, question: Question) -> Rule | NoRule:
        """The rule that there is without any override."""
        provider, tier = question.provider, question.tier
        if tier in PAID_AHEAD or is_provisioned(question.asked_model or question.model):
            return _PAID_AHEAD
        by_model = question.names()
        for names in by_model:
            found = media_rule(self._media, provider, names, tier)
            found = found or self._token_prices.rule(provider, names, tier, question.at)
            if found is not None:
                return found if provider not in ASKED_FIRST or names is by_model[0] else inferred(found)
        return _UNKNOWN

    def evidence(self, question: Question) -> tuple[str, ...]:
        """Where the price of our own table that answers this question is published, and how it was read; empty for others."""
        for names in question.names():
            for row in self._media:
                if row.matches(question.provider, names):
                    return row.source, row.evidence
        return ()

    def _make_room(self, newest: tuple[object, ...]) -> None:
        self._rules.move_to_end(newest)
        while len(self._rules) > self._remembered:
            self._rules.popitem(last=False)

"""A span as a value: what OpenTelemetry is told of a call or an operation when it has settled. Knows nothing of its SDK.

Prompts, answers and credentials are in no record, and so in no span.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment

Value = str | bool | int | float | tuple[str, ...]
Attributes = dict[str, Value]

PREFIX: Final = "inference_sidecar."
"""Of names that no convention has."""
LONGEST_TEXT: Final = 256
"""Characters of a text in a span: a model's name is whatever stands in a path."""
MOST: Final = 2**63 - 1
"""What an integer of OTLP holds."""


class SpanEvent(msgspec.Struct, frozen=True):
    """Something that happened while a span lasted."""

    name: str
    at: Moment
    attributes: Attributes = {}


class SettledSpan(msgspec.Struct, frozen=True):
    """One span; its events stand in order, between its start and its end."""

    id: str
    """Of the call or operation."""
    name: str
    start: Moment
    end: Moment
    attributes: Attributes
    events: tuple[SpanEvent, ...] = ()
    error_type: str = ""
    """Empty where nothing was wrong: the caller's leaving is no error of anybody's."""
    linked: tuple[str, ...] = ()
    """Ids of other calls that this one has to do with: whose attempt it repeats, and the retry that was given its answer."""


def span(
    id: str,
    name: str,
    began: Moment,
    ended: Moment,
    attributes: Mapping[str, object],
    events: Iterable[SpanEvent],
    *,
    error_type: str = "",
    linked: Iterable[str | None] = (),
) -> SettledSpan:
    """A span of these facts, whose times are sound even when a clock has stepped.

    It never ends before it began, or before something that happened in it, and nothing in it happened before it began.
    """
    placed = sorted((_not_before(began, event) for event in events), key=lambda event: event.at)
    if error_type:
        attributes = {**attributes, "error.type": error_type}
    return SettledSpan(
        id=id,
        name=clean(name),
        start=began,
        end=max([began, ended, *(event.at for event in placed)]),
        attributes=told(attributes),
        events=tuple(placed),
        error_type=error_type,
        linked=tuple(id for id in linked if id is not None),
    )


def told(facts: Mapping[str, object]) -> Attributes:
    """The facts that are known, as attributes: None and empty ones are left out, money becomes a float."""
    known = ((name, fact) for name, fact in facts.items() if fact is not None)
    return {name: value for name, fact in known if (value := _value(fact)) is not None}


def clean(text: str) -> str:
    """Text as OTLP takes it: one half of a surrogate pair in a model's name would lose the whole batch that it is in."""
    short = text[:LONGEST_TEXT]
    return short if short.isascii() else short.encode("utf-8", "replace").decode()


def _value(fact: object) -> Value | None:
    match fact:
        case str():
            return clean(str.__str__(fact)) or None  # a member of a StrEnum becomes its text
        case bool() | float() | tuple():
            return fact
        case int():
            return max(-MOST, min(fact, MOST))
        case Decimal():
            return float(fact)
    return None


def _not_before(began: Moment, event: SpanEvent) -> SpanEvent:
    return event if event.at >= began else msgspec.structs.replace(event, at=began)

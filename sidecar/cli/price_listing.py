"""`sidecar prices show`: which source prices a model, at what, and how far that can be trusted."""

from collections.abc import Iterator, Mapping
from typing import TextIO

import msgspec

from sidecar.cli import FAILURE, OK
from sidecar.cli.loading import load_settings
from sidecar.cli.output import new_table, print_table, printable, say, standard_output
from sidecar.cli.rows import write_object
from sidecar.clock import Moment, rfc3339
from sidecar.config.prices import overrides_of
from sidecar.config.settings import Settings
from sidecar.metering.explained import Explained, explain
from sidecar.metering.price import PriceBook, Question
from sidecar.metering.token_prices import CATALOGS
from sidecar.metering.usage import TOKEN_CLASSES
from sidecar.providers.registry import DIALECTS
from sidecar.proxy.destination import provider_of


class Asked(msgspec.Struct, frozen=True):
    """What was typed."""

    model: str
    at: Moment
    provider: str | None = None
    upstream: str | None = None
    tier: str = ""
    method: str = ""


def show_prices(asked: Asked, format: str, config: str | None) -> int:
    """Print the price of a model at each provider that has one, or at the one that is named."""
    settings = load_settings(config, {}).settings
    book = PriceBook(overrides_of(settings.prices, settings.upstreams))
    places = list(_places(asked, settings))
    if not places:
        say(f"no upstream {asked.upstream}; there are: {', '.join(settings.upstreams)}")
        return FAILURE
    found = [explain(book, _question(asked, *place)) for place in places]
    priced = [each for each in found if each.source]
    with standard_output() as file:
        if format == "json":
            write_object([_as_object(each) for each in priced], file)
        else:
            _print_all(priced, asked, file)
    return OK if priced else FAILURE


def _places(asked: Asked, settings: Settings) -> Iterator[tuple[str, str]]:
    """Provider and upstream of everywhere that the model may be asked for."""
    if asked.provider is not None:
        yield asked.provider, asked.upstream or asked.provider
        return
    upstreams = {
        name: provider_of(name, upstream, DIALECTS[upstream.dialect])
        for name, upstream in settings.upstreams.items()
        if upstream.dialect in DIALECTS and asked.upstream in (None, name)
    }
    yield from ((provider, name) for name, provider in upstreams.items())
    if asked.upstream is None:
        yield from ((provider, provider) for provider in CATALOGS if provider not in upstreams.values())


def _question(asked: Asked, provider: str, upstream: str) -> Question:
    return Question(
        provider=provider, upstream=upstream, model=asked.model, tier=asked.tier, at=asked.at, method=asked.method
    )


def _print_all(priced: list[Explained], asked: Asked, file: TextIO) -> None:
    if not priced:
        where = asked.upstream or asked.provider
        file.write(f"{printable(asked.model)} has no price{f' at {where}' if where else ''}: its calls are unpriced\n")
    for place, each in enumerate(priced):
        file.write("\n" if place else "")
        _print_one(each, file)


def _print_one(price: Explained, file: TextIO) -> None:
    table = new_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, text in _lines(price):
        table.add_row(name, printable(text))
    print_table(table, file)


def _lines(price: Explained) -> Iterator[tuple[str, str]]:
    yield "provider", price.provider if price.upstream == price.provider else f"{price.provider} ({price.upstream})"
    yield "source", price.source
    if price.override:
        yield "override", f"{price.override}; hides {price.hides or 'nothing: no other source has a price'}"
    yield "basis", f"{price.basis} ({price.reason})" if price.reason else price.basis
    for doubt in price.doubts:
        yield "doubt", doubt
    yield from (("evidence", text) for text in price.evidence)
    for bracket in price.brackets:
        above = "" if bracket.above is None else f" above {bracket.above} input tokens"
        yield from ((f"{name}{above}", f"{usd} USD") for name, usd in bracket.prices.items())
    if tokens := [name for name in price.unpriced if name in TOKEN_CLASSES]:
        yield "no price for", ", ".join(tokens)
    if price.until is not None:
        yield "until", rfc3339(price.until)


def _as_object(price: Explained) -> Mapping[str, object]:
    figures: dict[str, object] = msgspec.structs.asdict(price)
    figures["brackets"] = [msgspec.structs.asdict(bracket) for bracket in price.brackets]
    for name in ("since", "until"):
        moment = getattr(price, name)
        figures[name] = None if moment is None else rfc3339(moment)
    return figures

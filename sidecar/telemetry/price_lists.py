"""How old the price lists are that bills are made with, so that somebody is told before they are wrong.

A row of our media table says on which day it was last compared with its source. genai-prices (0.2.3) has no date at all: neither
its data nor its package say when they were made, and the file times are those of the installation. What it has are prices that
are dated from a day on. One that is in force says that the list is not much older than that day; a change that was announced long
before makes the list look younger than it is, when its day comes. Without them an upgrade of genai-prices alone would not show.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from sidecar.clock import SECOND, Moment
from sidecar.metering.media import load_media_prices
from sidecar.metering.token_prices import CATALOGS, TokenPrices


def listed_at(now: Moment) -> Moment:
    """The start, in UTC, of the latest day up to now that the lists show. Reads them, which takes up to 200 ms the first time."""
    today = datetime.fromtimestamp(now // SECOND, UTC).date()
    latest = max(day for day in (*media_days(), *token_days()) if day <= today)
    return int(datetime.combine(latest, time(), UTC).timestamp()) * SECOND


def media_days() -> Iterator[date]:
    """When each row of our own table was last compared with its source."""
    return (date.fromisoformat(row.date) for row in load_media_prices())


def token_days() -> Iterator[date]:
    """From which days on prices of genai-prices are in force, at the providers whose prices we take from it."""
    used = set(CATALOGS.values())
    for provider in TokenPrices().providers.values():
        for model in provider.models if provider.id in used else ():
            dated = [*(model.prices if isinstance(model.prices, list) else []), *(model.price_variants or ())]
            days = (getattr(each.constraint, "start_date", None) for each in dated)
            yield from (day for day in days if isinstance(day, date))

"""When the page was scraped, and whether it pays to wait for one scrape more before the program ends. Pure: no clock, no wait."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

REMEMBERED: Final = 5
"""Scrapes. Two servers that scrape in turn make uneven gaps: the longest of the last four is no shorter than half an interval."""
INTERVAL_SECONDS: Final = 60.0
"""Prometheus' own default, taken while only one scrape was seen."""
LATE_SECONDS: Final = 2.0
"""A scrape is due to the second at best: the server may be busy, and the page takes some milliseconds."""


class Scrapes:
    """The latest scrapes, as seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=REMEMBERED)

    def add(self, at: float) -> None:
        """The whole page was scraped."""
        self._at.append(at)

    def patience_seconds(self, now: float, most: float) -> float:
        """How long to wait for the next one, at most `most`; 0 where none is to be expected within that."""
        return patience_seconds(self._at, now, most)


def is_scraper(accept: str) -> bool:
    """Whether who asks for the page is a scraper, told from the `Accept` field: it names a version of the format.

    Prometheus and the OpenTelemetry collector, which scrapes with Prometheus' code, do; curl and browsers don't, and nobody waits
    for them.
    """
    return "version=" in accept or "openmetrics" in accept


def patience_seconds(scraped_at: Sequence[float], now: float, most: float) -> float:
    """How long to wait for one more scrape after these, oldest first; 0 where none is to be expected within `most`.

    Nobody scrapes on a laptop, and whoever presses Ctrl-C there waits for nothing. A scraper keeps its interval, so that its next
    scrape is known: one that would come too late is not waited for, nor one that is overdue by an interval.
    """
    if not scraped_at:
        return 0.0
    silence = now - scraped_at[-1]
    gaps = [later - earlier for earlier, later in pairwise(scraped_at)]
    interval = max(gaps, default=INTERVAL_SECONDS)
    if silence > 2 * interval + LATE_SECONDS:
        return 0.0
    if not gaps:
        return most  # how often it comes is not known yet
    due = max(0.0, interval - silence)
    return min(most, due + LATE_SECONDS) if due <= most else 0.0

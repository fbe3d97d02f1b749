"""The last page: once every figure is final, it goes to the log, and stays up until it was scraped if that is likely to happen.

Counters that nobody read before the process ends are lost to Prometheus; of a short-lived pod these are most of them. What is
decided stands in `telemetry.scrapes`; here is the waiting.
"""

import asyncio
import contextlib
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from sidecar.clock import Clock
from sidecar.telemetry.page import Page
from sidecar.telemetry.scrapes import Scrapes, is_scraper
from sidecar.telemetry.totals import totals_of


class Linger:
    """Hears of every scrape from the start, and at the end waits for one of the final figures. `page` gives those of now."""

    def __init__(self, clock: Clock, events: FilteringBoundLogger, page: Callable[[], Page]) -> None:
        self._clock, self._events, self._page = clock, events, page
        self._scrapes = Scrapes()
        self._was_read = asyncio.Event()
        self.is_settled = False
        """The figures are final: a page that is taken from now on is the last one."""

    async def served(self, accept: str, *, is_settled: bool) -> None:
        """The whole page was sent to who asked for it with this `Accept` field; `is_settled` as it was when the page was taken.

        A coroutine, because the web framework runs any other function in a thread.
        """
        if is_scraper(accept):
            self._scrapes.add(self._seconds())
            if is_settled:
                self._was_read.set()

    async def finish(self, most_seconds: float) -> None:
        """The figures are final: log them, and wait until they were scraped, where that is to be expected, at most so long."""
        self.is_settled = True
        self._events.info("final_totals", **totals_of(self._page().families))
        patience = self._scrapes.patience_seconds(self._seconds(), max(0.0, most_seconds))
        if patience:
            self._events.info("lingering", at_most_seconds=round(patience, 1), so="the last figures may be scraped")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._was_read.wait()
            self._events.info("lingered", was_scraped=self._was_read.is_set())

    def _seconds(self) -> float:
        return self._clock.monotonic_ns() / 1e9

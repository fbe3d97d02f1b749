"""The last page: final figures go to the log and to the pod's status, and stay up until they were scraped if that is likely.

Counters that nobody read before the process ends are lost to Prometheus; of a short-lived pod these are most of them. What is
decided stands in `telemetry.scrapes`; here is the waiting.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from sidecar.clock import Clock
from sidecar.telemetry.page import Page
from sidecar.telemetry.scrapes import Scrapes, is_scraper
from sidecar.telemetry.totals import totals_of

MOST_MESSAGE_BYTES = 4096
"""Of a container's termination message, of which Kubernetes keeps no more."""


def message_of(totals: Mapping[str, object]) -> bytes:
    """The figures as one line of JSON; only those that fit, whole, in their order."""
    told = dict(totals)
    while len(line := json.dumps(told, separators=(",", ":")).encode()) > MOST_MESSAGE_BYTES:
        told.popitem()
    return line


class Linger:
    """Hears of every scrape from the start, and at the end waits for one of the final figures. `page` gives those of now."""

    def __init__(
        self, clock: Clock, events: FilteringBoundLogger, page: Callable[[], Page], message_file: Path | None = None
    ) -> None:
        """The figures are written to `message_file` as well: what the pod's status shows after its end."""
        self._clock, self._events, self._page, self._message_file = clock, events, page, message_file
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
        totals = totals_of(self._page().families)
        self._events.info("final_totals", **totals)
        await self._leave_message(totals)
        patience = self._scrapes.patience_seconds(self._seconds(), max(0.0, most_seconds))
        if patience:
            self._events.info("lingering", at_most_seconds=round(patience, 1), so="the last figures may be scraped")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._was_read.wait()
            self._events.info("lingered", was_scraped=self._was_read.is_set())

    async def _leave_message(self, totals: Mapping[str, object]) -> None:
        if self._message_file is None:
            return
        try:
            await asyncio.to_thread(self._message_file.write_bytes, message_of(totals))
        except OSError as problem:
            self._events.warning("termination_message_unwritten", problem=problem.strerror or type(problem).__name__)

    def _seconds(self) -> float:
        return self._clock.monotonic_ns() / 1e9

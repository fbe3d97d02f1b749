"""What happens to a sidecar once an hour, or once a day, as often as the soak has time for: one thing after the other."""

import asyncio
import contextlib
import json
import signal
import time
import urllib.request
from collections.abc import Awaitable, Callable

from tests.soak.house import Edition, House
from tests.soak.ledgers import REPORT_SECONDS, SoakedLedger, report
from tests.soak.watched_sidecar import WatchedSidecar

SOON_SECONDS = 20.0
LONGEST_SECONDS = 4.0
"""That one of them takes, as a rule: what is watched must still have traffic then."""
LOG_SECONDS = 1.0
WATCHERS, WATCH_SECONDS = 3, 2.0
RELOADED = "inference_sidecar_config_last_reload_success_timestamp_seconds"
GOOD = "inference_sidecar_config_last_reload_successful"


class Hours:
    """Plays them. `played` counts each; `findings` are sentences about those that had no effect."""

    def __init__(self, sidecar: WatchedSidecar, house: House, ledger: SoakedLedger, first: Edition) -> None:
        self._sidecar, self._house, self._ledger = sidecar, house, ledger
        self.editions = [first]
        self.played: dict[str, int] = {}
        self.findings: list[str] = []
        self.report_seconds = 0.0
        """The longest."""

    async def run(self, hour_seconds: float, seconds: float) -> None:
        """One of each in every hour, evenly apart, until the time is over."""
        events = (
            self._prices,
            self._certificate,
            self._log,
            self._refused,
            self._watchers,
            self._report,
            self._of_ledger,
        )
        loop = asyncio.get_running_loop()
        began, pause, number = loop.time(), hour_seconds / len(events), 0
        while True:
            number += 1
            due = max(loop.time(), began + number * pause)
            if due > began + seconds - LONGEST_SECONDS:
                return
            await asyncio.sleep(due - loop.time())
            await self._play(events[number % len(events)])

    async def _play(self, event: Callable[[], Awaitable[str]]) -> None:
        try:
            what = await event()
        except Exception as error:  # whatever it is, the soak goes on, and says so in the end
            self.findings.append(f"{event.__name__} failed: {type(error).__name__} {error}")
        else:
            self.played[what] = self.played.get(what, 0) + 1

    # === what happens ===

    async def _prices(self) -> str:
        """A new price list, noticed by its file, or told by a signal."""
        number, written_at = len(self.editions), _now()
        edition = Edition(number, written_at, 0)
        before = await self._page(RELOADED)
        self._house.write(edition)
        if number % 2:
            self._sidecar.process.send_signal(signal.SIGHUP)
        await self._until(lambda page: page > before, RELOADED, "a new price list was not read")
        self.editions.append(edition._replace(read_at=_now()))
        return "price table replaced, settings reloaded"

    async def _refused(self) -> str:
        """Settings that can't be used, and then those from before."""
        self._house.spoil()
        await self._until(lambda good: good == 0, GOOD, "bad settings were not refused")
        self._house.write(self.editions[-1])
        await self._until(lambda good: good == 1, GOOD, "good settings were not taken again")
        return "bad settings refused"

    async def _certificate(self) -> str:
        await asyncio.to_thread(self._house.renew_certificate)
        return "certificate renewed"

    async def _log(self) -> str:
        """Whoever reads the log stands still, as while it turns to a new file."""
        self._sidecar.hold_the_log()
        await asyncio.sleep(LOG_SECONDS)
        self._sidecar.go_on_with_the_log()
        return "log not read for a second"

    async def _watchers(self) -> str:
        """People open the live page, look, and close it."""
        await asyncio.gather(*(asyncio.to_thread(self._watch) for _ in range(WATCHERS)))
        return f"live page watched by {WATCHERS}"

    def _watch(self) -> None:
        until = time.monotonic() + WATCH_SECONDS
        with urllib.request.urlopen(f"{self._sidecar.control}/api/events", timeout=10) as stream:
            while time.monotonic() < until:
                stream.readline()

    async def _report(self) -> str:
        """All of the ledger is read by a program of its own while it is written."""
        began = time.monotonic()
        process = report(self._ledger.url)
        told, said = await asyncio.to_thread(process.communicate, None, REPORT_SECONDS)
        assert process.returncode == 0, said.decode()[-300:]
        json.loads(told)
        self.report_seconds = max(self.report_seconds, time.monotonic() - began)
        return "sidecar report"

    async def _of_ledger(self) -> str:
        what = await asyncio.to_thread(self._ledger.hour)
        return what.lstrip("0123456789 ")

    # === how it is seen ===

    async def _page(self, name: str) -> float:
        return await asyncio.to_thread(_sample, self._sidecar.observe, name)

    async def _until(self, holds: Callable[[float], bool], name: str, otherwise: str) -> None:
        deadline = time.monotonic() + SOON_SECONDS
        while not holds(await self._page(name)):
            assert time.monotonic() < deadline, otherwise
            await asyncio.sleep(0.1)


def _now() -> int:
    return time.time_ns() // 1000


def _sample(observe: str, name: str) -> float:
    """One sample without labels."""
    with urllib.request.urlopen(f"{observe}/metrics", timeout=10) as reply:
        for line in reply:
            if line.startswith(name.encode() + b" "):
                return float(line.split()[1])
    raise AssertionError(f"{name} is not on the page")


class Scrapes:
    """A scrape every second, as a Prometheus in a hurry does. What it costs is on the sidecar's side."""

    def __init__(self, observe: str) -> None:
        self._url = f"{observe}/metrics"
        self.count = 0
        self.bytes = 0
        """Of the latest."""
        self.slowest_seconds = 0.0

    async def run(self) -> None:
        """Scrape until cancelled."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.gather(asyncio.to_thread(self._scrape), asyncio.sleep(1.0))

    def _scrape(self) -> None:
        began = time.monotonic()
        with urllib.request.urlopen(self._url, timeout=30) as reply:
            self.bytes = len(reply.read())
        self.count += 1
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)

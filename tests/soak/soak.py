"""One soak: the traffic, what happens meanwhile, the looks at it, and the rest in which all must have been given back."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.soak.callers import Orders
from tests.soak.figures import look
from tests.soak.hours import Hours, Scrapes
from tests.soak.house import Edition, House
from tests.soak.ledgers import SoakedLedger
from tests.soak.samples import Sample
from tests.soak.stage import RunningCallers, RunningProviders, running_callers
from tests.soak.told import EVERY_SECONDS
from tests.soak.visitors import Visitors
from tests.soak.watched_sidecar import WatchedSidecar, cpu_seconds

QUIET_SECONDS = 60.0
"""At most, until all is given back."""
STILL_SECONDS = 2.5
"""No figure has changed for so long: by then no connection to a provider is left idle."""
SHORTEST_HOUR, LONGEST_HOUR = 10.0, 60.0
WARM_UP_FIRST, FIRST = 10**9, 0
WARM_UP_SECONDS = 30.0
Say = Callable[[str], None]


class Wanted(NamedTuple):
    """What is played. Rates are by the second."""

    seconds: float
    rate: float
    leaving: float = 0.1
    operation_rate: float = 2.0
    visitor_rate: float = 4.0
    seed: int = 1

    @property
    def hour_seconds(self) -> float:
        """How long an hour takes: a soak has thirty, or as many as there is time for."""
        return min(max(self.seconds / 30, SHORTEST_HOUR), LONGEST_HOUR)

    @property
    def warms_up(self) -> bool:
        """Before the first figures, everything is imported and opened once; a short soak has no time for that."""
        return self.seconds >= WARM_UP_SECONDS


class Scene(NamedTuple):
    """What a soak is played on."""

    folder: Path
    providers: RunningProviders
    ledger: SoakedLedger
    house: House
    sidecar: WatchedSidecar


class Soak:
    """One sidecar under traffic. `samples` are the looks at it under load, `warm` and `last` those at rest before and behind."""

    def __init__(self, wanted: Wanted, scene: Scene, first: Edition, say: Say) -> None:
        self._wanted, self._scene, self._say = wanted, scene, say
        self.warms_up, self.hour_seconds = wanted.warms_up, wanted.hour_seconds
        self.hours = Hours(scene.sidecar, scene.house, scene.ledger, first)
        self.scrapes = Scrapes(scene.sidecar.observe)
        self.visitors = Visitors(scene.sidecar.proxy, wanted.visitor_rate, wanted.seed)
        self.samples: list[Sample] = []
        self._cpu: dict[str, float] = {}
        self._began = self._looked_at = time.monotonic()

    def run(self) -> None:
        """Warm up, rest, soak, rest."""
        if self._wanted.warms_up:
            with running_callers(self._scene.folder, self._orders(WARM_UP_SECONDS, WARM_UP_FIRST)) as callers:
                asyncio.run(self._warm_up(callers))
        self.warm = self._rest()
        self._say(f"before, at rest:\n{self.warm.line()}")
        with running_callers(self._scene.folder, self._orders(self._wanted.seconds, FIRST)) as callers:
            asyncio.run(self._soak(callers))
        self.told = callers.told
        self.last = self._rest()
        self._say(f"at rest:\n{self.last.line()}")

    def _orders(self, seconds: float, first: int) -> Orders:
        wanted, scene = self._wanted, self._scene
        return Orders(
            proxy=_address(scene.sidecar.proxy), provider=_address(scene.providers.soak_url),
            authority=str(scene.house.authority_file), seconds=seconds, rate=wanted.rate,
            operation_rate=wanted.operation_rate, leaving=wanted.leaving, seed=wanted.seed + first, first=first,
        )  # fmt: skip

    async def _warm_up(self, callers: RunningCallers) -> None:
        scraping = asyncio.create_task(self.scrapes.run())
        await asyncio.gather(
            self.visitors.run(WARM_UP_SECONDS), self.hours.run(WARM_UP_SECONDS / 2, WARM_UP_SECONDS), _ended(callers)
        )
        scraping.cancel()
        await asyncio.gather(scraping, return_exceptions=True)

    async def _soak(self, callers: RunningCallers) -> None:
        self._began = self._looked_at = time.monotonic()
        self._look_at_cpu(callers)
        seconds = self._wanted.seconds
        meanwhile = [self.visitors.run(seconds), self.hours.run(self._wanted.hour_seconds, seconds)]
        scraping = asyncio.create_task(self.scrapes.run())
        looking = asyncio.create_task(self._look_again_and_again(callers))
        await asyncio.gather(*meanwhile, _ended(callers))
        for task in (scraping, looking):
            task.cancel()
        await asyncio.gather(scraping, looking, return_exceptions=True)

    async def _look_again_and_again(self, callers: RunningCallers) -> None:
        step = min(EVERY_SECONDS, self._wanted.seconds / 6)
        with contextlib.suppress(asyncio.CancelledError):
            while time.monotonic() - self._began < self._wanted.seconds - step / 2:
                await asyncio.sleep(step)
                self.samples.append(await asyncio.to_thread(self._look, callers))
                self._say(self.samples[-1].line())

    def _look(self, callers: RunningCallers | None) -> Sample:
        scene = self._scene
        tasks = scene.sidecar.tasks()
        cpu = self._look_at_cpu(callers)
        return Sample(
            seconds=time.monotonic() - self._began, figures=look(scene.sidecar), tasks=tasks,
            descriptors=scene.sidecar.descriptors(), wal_bytes=scene.ledger.wal_bytes(), ledger_bytes=scene.ledger.bytes(),
            cpu=cpu, told=callers.latest if callers else None,
        )  # fmt: skip

    def _look_at_cpu(self, callers: RunningCallers | None) -> dict[str, float]:
        pids = {"sidecar": self._scene.sidecar.process.pid, "providers": self._scene.providers.process.pid}
        if callers is not None and callers.process.poll() is None:
            pids["callers"] = callers.process.pid
        pids["soak"] = os.getpid()
        now = time.monotonic()
        passed, self._looked_at = max(now - self._looked_at, 0.001), now
        before, self._cpu = self._cpu, {name: cpu_seconds(pid) for name, pid in pids.items()}
        return {name: (used - before[name]) / passed for name, used in self._cpu.items() if name in before}

    def _rest(self) -> Sample:
        """The figures once all is given back and nothing has changed for a while, or when it was waited for long enough."""
        deadline, before, still_since = time.monotonic() + QUIET_SECONDS, None, time.monotonic()
        while True:
            sample = self._look(None)
            figures = sample.figures
            held = (
                figures.in_flight,
                figures.connections,
                figures.file_descriptors,
                figures.threads,
                sum(sample.tasks.values()),
            )
            is_idle = not (figures.in_flight or figures.connections or figures.rows_waiting or self._open_operations())
            if held != before or not is_idle:
                before, still_since = held, time.monotonic()
            if time.monotonic() - still_since > STILL_SECONDS or time.monotonic() > deadline:
                return sample
            time.sleep(0.5)

    def _open_operations(self) -> int:
        return int(self._scene.sidecar.total("operations_open"))


async def _ended(callers: RunningCallers) -> None:
    assert await asyncio.to_thread(callers.ended) == 0, "the callers' own process failed"


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)

"""Hot reload: the settings are read again when their file changes or SIGHUP comes, and prices and policies taken over.

What may change is said in `config/reload.py`. A file that can't be used leaves all as it was, and the log and the metrics say so.
Calls see either the settings before or those after: all of them are swapped between two turns of the loop.

The directory is watched and not the file: editors and Kubernetes put a new file in the place of the old one, and a watch on the
old one hears nothing any more. A ConfigMap that is mounted with `subPath` never changes; so Kubernetes says.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Final

from sidecar.config.load import Loaded
from sidecar.config.prices import overrides_of
from sidecar.config.problems import BadSettings
from sidecar.config.reload import Reload, reload
from sidecar.config.settings import Settings
from sidecar.errors import SettingsError
from sidecar.metering.price import PriceBook
from sidecar.operating import Operating
from sidecar.proxy.context import Context
from sidecar.proxy.destination import destinations_of
from sidecar.proxy.limits import limits_of
from sidecar.telemetry.log import Log
from sidecar.telemetry.program import ProgramState

Load = Callable[[], Loaded]
"""Reads all settings anew, by the same flags and variables. Raises SettingsError."""

BY_SIGNAL, BY_FILE = "signal", "file"

QUIET_MILLISECONDS: Final = 200
"""Nothing may have changed for so long before the file is read: editors write several times."""
MOST_MILLISECONDS: Final = 2_000
"""However much goes on in the directory, in which the ledger may be."""
POLL_MILLISECONDS: Final = 1_000
"""Between two looks where the kernel can't be asked to tell: it gives a user 128 watches, on some machines. Such a look tells
times to the second, and so misses what was written twice within one, if it came in between."""
CONFIG_MAP_LINK: Final = "..data"
"""What kubelet puts in place when a ConfigMap changes; the files in the mounted directory are links into it and stay."""


class Reloading:
    """One per sidecar. `begin` when it serves, `stop` before it drains."""

    def __init__(self, settings: Settings, context: Context, operating: Operating, log: Log) -> None:
        self.loaded = Loaded(settings, {}, None)
        """The settings in force; where each came from is known after `begin`."""
        self._context, self._operating, self._log = context, operating, log
        self._program = context.recorder.program
        self._asked_by = ""
        self._asked = asyncio.Event()
        self._is_stopped = Event()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, loaded: Loaded, load: Load) -> None:
        """Be there for `ask`, and ask when the settings file changes, if there is one. `loaded` are the settings in force."""
        self.loaded = loaded
        create = self._context.loop.create_task
        self._tasks.append(create(self._run(load), name="reloading"))
        if loaded.file is not None:
            self._tasks.append(
                create(self._watch(Path(loaded.file.path).absolute(), loaded.facts_file), name="watching")
            )

    async def stop(self) -> None:
        """Read nothing any more."""
        self._is_stopped.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask(self, by: str = BY_SIGNAL) -> None:
        """Have the settings read again, soon. Asking twice before that is asking once."""
        self._asked_by = by
        self._asked.set()

    async def _run(self, load: Load) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload(load)

    async def _reload(self, load: Load) -> None:
        try:
            read, prices = await asyncio.to_thread(self._read, load)
        except SettingsError as bad:
            self._refuse(bad)
        else:
            if self._program.state is ProgramState.SERVING:  # one that is about to end has other rules by now
                self._take_over(read, prices)

    def _read(self, load: Load) -> tuple[Reload, PriceBook]:
        """All that takes time: the file, its certificates, the price lists."""
        read = reload(self.loaded, load())
        settings, prices = read.loaded.settings, self._context.prices
        overrides = overrides_of(settings.prices, settings.upstreams)
        if overrides != prices.overrides:
            prices = PriceBook(overrides)
            prices.load()
        return read, prices

    def _take_over(self, read: Reload, prices: PriceBook) -> None:
        before, settings = self.loaded.settings, read.loaded.settings
        self.loaded = read.loaded
        if read.changed:
            self._context.rule_by(limits_of(settings), destinations_of(settings), prices)
            self._operating.rule_by(settings, prices)
        if settings.log.level is not before.log.level:  # who has changed it by the API keeps that
            self._log.level = settings.log.level.value
        self._program.mode = settings.mode.value
        self._program.settings_are_good = True
        self._program.settings_read_at = self._context.clock.now()
        self._say(read, has_braked=settings.mode is not before.mode)

    def _say(self, read: Reload, *, has_braked: bool) -> None:
        events = self._log.events
        events.info("settings_reloaded", by=self._asked_by, changed=read.changed)
        if has_braked:
            events.warning("mode_changed", mode=self._program.mode, so="nothing new is cancelled or rescued")
        if read.needs_restart:
            events.warning("settings_need_restart", changed=read.needs_restart, so="these stay as they were")

    def _refuse(self, bad: SettingsError) -> None:
        self._program.settings_are_good = False
        problems = bad.problems if isinstance(bad, BadSettings) else (bad,)
        self._log.events.error(
            "settings_refused", by=self._asked_by, problems=[str(problem) for problem in problems],
            so="all stays as it was",
        )  # fmt: skip

    # === the file ===

    async def _watch(self, file: Path, facts: Path) -> None:
        """`facts` is what `sidecar probe` writes; as a rule it stands beside the settings, and is looked after only there."""
        names = frozenset({file.name, facts.name, CONFIG_MAP_LINK})
        await asyncio.to_thread(import_module, "watchfiles")  # only here, and beside the loop: it takes 30 ms and 3 MiB
        try:
            await self._hear(file.parent, names, is_polling=False)
        except (OSError, RuntimeError) as why:  # watchfiles' own errors are RuntimeErrors
            self._log.events.warning("settings_unwatched", problem=str(why), so="their file is looked at every second")
            await self._hear(file.parent, names, is_polling=True)

    async def _hear(self, directory: Path, names: frozenset[str], *, is_polling: bool) -> None:
        from watchfiles import awatch

        changes = awatch(
            directory, watch_filter=lambda _, path: Path(path).name in names, debounce=MOST_MILLISECONDS, step=QUIET_MILLISECONDS,
            stop_event=self._is_stopped, force_polling=is_polling or None, poll_delay_ms=POLL_MILLISECONDS, recursive=False,
        )  # fmt: skip
        async for _ in changes:
            self.ask(BY_FILE)

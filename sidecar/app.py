"""Builds everything, runs it, and takes it down in order. The only file that knows every concrete class."""

import asyncio
import gc
import os
import resource
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence

import uvloop

from sidecar import __version__
from sidecar.clock import SystemClock
from sidecar.config.load import Loaded
from sidecar.config.prices import overrides_of
from sidecar.config.settings import Settings
from sidecar.control.linger import Linger
from sidecar.control.observe import observe_app
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.view import CallInFlight, CancelVerdict, Standing
from sidecar.exporting import exporting_of
from sidecar.in_flight import call_in_flight
from sidecar.ledger.by_address import open_ledger
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.losses import Losses
from sidecar.metering.price import PriceBook
from sidecar.operating import Operating
from sidecar.proxy.context import Context
from sidecar.proxy.destination import destinations_of
from sidecar.proxy.drain import drain
from sidecar.proxy.handover import Handover
from sidecar.proxy.limits import limits_of
from sidecar.proxy.listener import Listener
from sidecar.proxy.pool import Pool
from sidecar.telemetry.log import Log, open_log
from sidecar.telemetry.price_lists import listed_at
from sidecar.telemetry.program import LedgerHealth, ProgramState
from sidecar.telemetry.recorder import Recorder

Announce = Callable[[Mapping[str, str]], None]
"""Told the bound addresses (`proxy`, `control`, `observe` -> URL) once all sockets accept."""

LEDGER_CLOSE_SECONDS = 10.0
TERM_SECONDS = 15.0
"""In a shared ledger a sidecar that has said nothing for so long is dead; with shorter leases after one of them."""
LEAST_PARTING_SECONDS = 3.0
"""Operations get so long at the end even when the calls have taken all the time there was."""
YOUNG_OBJECTS = 50_000
"""Allocations between looks of the garbage collector: some seconds of heavy traffic, a few MiB."""
KILLED_AGAIN = 128 + signal.SIGTERM
"""Exit status after a second SIGTERM."""


def serve(loaded: Loaded, announce: Announce = lambda _addresses: None) -> int:
    """Run a sidecar until SIGTERM or SIGINT; returns the exit status.

    Raises:
        SettingsError: an address can't be bound.
        LedgerError: the ledger can't be opened.
    """
    _allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(loaded.settings, announce))


def _allow_many_connections() -> None:
    """Use as many file descriptors as the system lets us; the usual soft limit of 1,024 is 500 calls."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(settings: Settings, announce: Announce) -> int:
    application = Application(settings)
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        application.loop.add_signal_handler(number, _end_or_exit, asked_to_end)
    try:
        announce(await application.start())
        await asked_to_end.wait()
    finally:
        await application.stop()
    return 0


def _end_or_exit(asked_to_end: asyncio.Event) -> None:
    """The first signal drains; whoever sends a second one does not want to wait for anything."""
    if asked_to_end.is_set():
        os._exit(KILLED_AGAIN)
    asked_to_end.set()


class Application:
    """One sidecar: `start` it once, `stop` it once. Also the view that the control sockets have of it."""

    def __init__(self, settings: Settings) -> None:
        self.loop = asyncio.get_running_loop()
        self._settings = settings
        self._clock = SystemClock()
        self._log: Log = open_log(self._clock, settings.log.level.value, settings.log.format.value)
        instance = secrets.token_hex(8)
        self._ledger = open_ledger(
            settings.ledger.url, clock=self._clock, instance=instance, retention_days=settings.ledger.retention_days,
            term_seconds=min(TERM_SECONDS, settings.operations.lease_seconds),
        )  # fmt: skip
        self._recorder = Recorder(__version__, self._log, self.ledger_health, settings.labels.max_models)
        self._recorder.program.mode = settings.mode.value
        self._linger = Linger(self._clock, self._log.events, self._recorder.page)
        self._context = Context(
            loop=self.loop,
            clock=self._clock,
            limits=limits_of(settings),
            destinations=destinations_of(settings),
            ledger=self._ledger,
            prices=PriceBook(overrides_of(settings.prices, settings.upstreams)),
            recorder=self._recorder,
            via=settings.proxy.via,
        )
        self._context.pool = Pool(self._context, settings.egress)
        self._context.handover = Handover(self.loop)
        self._exporting = exporting_of(
            settings, self._context.destinations.values(), self._ledger.operations, instance, self._log.events
        )
        if self._exporting is not None:
            self._exporting.join(self._recorder)
        self._losses = Losses(self._ledger, self._recorder, self._clock)
        self._operating = Operating(settings, self._context, self._ledger.operations, instance, self._log)
        self._listener = Listener(self._context)
        self._servers: list[AppServer] = []
        self._addresses: dict[str, str] = {}
        self._since = self._clock.now()

    async def start(self) -> Mapping[str, str]:
        """Settle what an earlier process left open, bind the sockets, and accept; returns the addresses by name."""
        self._losses.start()
        for notice in self._ledger.health().notices:
            self._log.events.warning("ledger_notice", notice=notice)
        await self._operating.start()
        await self._start_apps()
        host, port = await self._listener.start(*self._settings.proxy.listen)
        self._addresses["proxy"] = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._recorder.program.settings_read_at = self._clock.now()
        self._enter(ProgramState.SERVING)
        self._log.events.info("serving", version=__version__, mode=self._settings.mode.value, **self._addresses)
        self._loading = self.loop.run_in_executor(None, self._load_prices)  # or the first call would wait for it
        gc.collect()
        gc.freeze()  # what lives as long as the program is never looked at again by the collector
        gc.enable()
        gc.set_threshold(YOUNG_OBJECTS)  # a call leaves no rings behind, so looking for them often finds nothing
        return self._addresses

    async def stop(self) -> None:
        """Drain, settle, flush, close. Every call that was live has settled afterwards."""
        self.start_drain()
        ends_at = self.loop.time() + self._settings.drain.deadline_seconds
        cut = await drain(self._context, self._settings.drain.deadline_seconds)
        self._enter(ProgramState.SETTLING)
        await self._operating.stop(
            max(LEAST_PARTING_SECONDS, ends_at - self.loop.time()),
            callers_are_gone=self._settings.drain.callers_are_gone,
        )
        await self._losses.stop()
        if self._exporting is not None:
            await self._exporting.told()
        await asyncio.to_thread(self._ledger.close, LEDGER_CLOSE_SECONDS)
        if self._exporting is not None:
            await self._exporting.close(ends_at - self.loop.time())
        health = self.ledger_health()
        self._log.events.info(
            "drained", calls_cut=cut, rows_written=health.rows_written, rows_dropped=health.rows_dropped
        )
        await asyncio.gather(*(server.stop() for server in self._servers[1:]))  # people's: it needs the ledger
        await self._linger.finish(min(self._settings.drain.linger_seconds, ends_at - self.loop.time()))
        await asyncio.gather(*(server.stop() for server in self._servers))
        self._context.close()
        self._log.close()

    def _load_prices(self) -> None:
        self._context.prices.load()
        self._recorder.program.prices_listed_at = listed_at(self._clock.now())

    async def _start_apps(self) -> None:
        observe, control = self._settings.observe.listen, self._settings.control.listen
        observing = AppServer(observe.host, observe.port, "observe.listen", self._log.events)
        self._servers.append(observing)
        controlling = AppServer(control.host, control.port, "control.listen", self._log.events)
        self._servers.append(controlling)
        self._addresses.update(control=controlling.url, observe=observing.url)
        await observing.start(observe_app(self, self._recorder.page, self._linger))
        await controlling.start(control_app(self, controlling.host))

    def _enter(self, state: ProgramState) -> None:
        self._recorder.program.state, self._since = state, self._clock.now()

    # === the view of the control sockets ===

    def state(self) -> Standing:
        """What the program is and does now."""
        return Standing(
            mode=self._settings.mode.value,
            version=__version__,
            state=self._recorder.program.state,
            since=self._since,
            addresses=dict(self._addresses),
        )

    def calls_in_flight(self) -> Sequence[CallInFlight]:
        """The calls that have not settled, oldest first."""
        now = self._clock.now()
        calls = [exchange for exchange in self._context.live if exchange.account is not None]
        return [call_in_flight(exchange, now) for exchange in sorted(calls, key=lambda exchange: exchange.started_at)]

    def ledger_health(self) -> LedgerHealth:
        """How the ledger is; what of operations could not be written is among its errors."""
        return self._operating.with_errors(self._ledger.health())

    def open_operations(self) -> Mapping[OperationState, int]:
        """How many operations have not settled, by state."""
        return self._operating.open_by_state()

    async def operations(self, query: OperationQuery) -> Sequence[OperationRecord]:
        """Operations in the ledger, newest first."""
        return await self._operating.operations(query)

    async def operation(self, id: str) -> OperationRecord | None:
        """The operation of exactly this id."""
        return await self._operating.operation(id)

    async def moves(self, id: str) -> Sequence[OperationMove]:
        """Its history, oldest first."""
        return await self._operating.moves(id)

    async def renew_operation(self, id: str) -> OperationRecord | None:
        """Somebody vouches for its caller."""
        return await self._operating.renew(id)

    async def cancel_operation(self, id: str) -> CancelVerdict:
        """Somebody wants it cancelled."""
        return await self._operating.cancel(id)

    def start_drain(self) -> None:
        """Stop accepting calls and let those that live end."""
        if not self._context.is_draining:
            self._listener.stop()
            self._context.is_draining = True
            self._enter(ProgramState.DRAINING)
            self._log.events.info("draining", exchanges=len(self._context.live))

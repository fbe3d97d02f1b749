"""Builds everything, runs it, and takes it down in order. The only file that knows every concrete class."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sidecar import __version__
from sidecar.clock import SystemClock
from sidecar.config.prices import overrides_of
from sidecar.config.settings import Settings
from sidecar.config.token_source import token_of
from sidecar.control.linger import Linger
from sidecar.control.observe import observe_app
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.view import CancelVerdict, Standing
from sidecar.ending import LEDGER_SECONDS, Ending
from sidecar.exporting import exporting_of
from sidecar.ids import instance_of
from sidecar.ledger.by_address import open_ledger
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.local_authority import authority_of
from sidecar.losses import Losses
from sidecar.metering.price import PriceBook
from sidecar.operating import Operating
from sidecar.proxy.context import Context
from sidecar.proxy.destination import destinations_of
from sidecar.proxy.drain import LAST_SECONDS, drain
from sidecar.proxy.handover import Handover
from sidecar.proxy.limits import limits_of
from sidecar.proxy.listener import Listener
from sidecar.proxy.pool import Pool
from sidecar.reloading import Reloading
from sidecar.showing import Showing
from sidecar.telemetry.log import Log, open_log
from sidecar.telemetry.program import LedgerHealth, ProgramState
from sidecar.telemetry.recorder import Recorder
from sidecar.trimming import start_trimming
from sidecar.warming import warm_up
from sidecar.ways_in import open_ways, ports_of

if TYPE_CHECKING:
    from sidecar.authority.authority import Authority

TERM_SECONDS = 15.0
"""In a shared ledger a sidecar that has said nothing for so long is dead; with shorter leases after one of them."""
LEAST_PARTING_SECONDS = 3.0
"""Operations get so long at the end even when the calls have taken all the time there was."""


class Application:
    """One sidecar: `start` it once, `stop` it once. Also the view that the control sockets have of it."""

    _trimming: "asyncio.Task[None] | None" = None

    def __init__(self, settings: Settings, log: Log | None = None, authority: "Authority | None" = None) -> None:
        """`authority` speaks for hosts of upstreams, to callers that trust it; None: the one that the settings name, if any."""
        self.loop = asyncio.get_running_loop()
        self._settings = settings
        self._clock = SystemClock()
        authority = authority or authority_of(settings, self._clock, os.environ)  # may be unfit: nothing is open yet
        self._log: Log = log or open_log(self._clock, settings.log.level.value, settings.log.format.value)
        self._ending = Ending(settings.drain, self._clock)
        self.asked_to_end = asyncio.Event()  # by a signal, or by a word on the control socket
        instance = instance_of(settings.pod.name)
        self._ledger = open_ledger(
            settings.ledger.url, clock=self._clock, instance=instance, retention_days=settings.ledger.retention_days,
            term_seconds=min(TERM_SECONDS, settings.operations.lease_seconds), most_bytes=settings.ledger.max_bytes,
            say=lambda notice: self._log.events.warning("ledger_notice", notice=notice),
        )  # fmt: skip
        self._recorder = Recorder(__version__, self._log, self.ledger_health, settings.labels.max_models)
        self._recorder.program.mode = settings.mode.value
        message_file = settings.drain.termination_message_file
        self._linger = Linger(self._clock, self._log.events, self._recorder.page, message_file)
        self._context = Context(
            loop=self.loop, clock=self._clock, limits=limits_of(settings), destinations=destinations_of(settings),
            ledger=self._ledger, prices=PriceBook(overrides_of(settings.prices, settings.upstreams)),
            recorder=self._recorder, via=settings.proxy.via,
        )  # fmt: skip
        open_ways(self._context, settings, self._log, authority)
        self._context.pool = Pool(self._context, settings.egress)
        self._context.handover = Handover(self.loop)
        self._exporting = exporting_of(
            settings, self._context.destinations.values(), self._ledger.operations, instance, self._log.events
        )
        if self._exporting is not None:
            self._exporting.join(self._recorder)
        self._losses = Losses(self._ledger, self._recorder, self._clock)
        self._operating = Operating(settings, self._context, self._ledger.operations, instance, self._log)
        self.reloading = Reloading(settings, self._context, self._operating, self._log)
        self.shown = Showing(lambda: self.reloading.loaded, self._context, self._log)
        self._listener = Listener(self._context)
        self._servers: list[AppServer] = []
        self._addresses: dict[str, str] = {}
        self._since = self._clock.now()

    async def start(self) -> Mapping[str, str]:
        """Settle what an earlier process left open, bind the sockets, and accept; returns the addresses by name."""
        self._losses.start()
        await self._operating.start()
        await self._start_apps()
        host, port = await self._listener.start(*self._settings.proxy.listen)
        self._addresses["proxy"] = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._context.own_ports |= ports_of(self._addresses)
        self._recorder.program.settings_read_at = self._clock.now()
        self._enter(ProgramState.SERVING)
        pod = {"pod": known} if (known := self._settings.pod.known()) else {}
        self._log.events.info("serving", version=__version__, mode=self._settings.mode.value, **self._addresses, **pod)
        self._loading = warm_up(self._context)
        self._trimming = start_trimming(self._context.loop)
        return self._addresses

    async def stop(self) -> None:
        """Drain, settle, flush, close. Every call that was live has settled afterwards."""
        self._ending.begin()
        if self._trimming is not None:
            self._trimming.cancel()
        self._stop_accepting()
        parting = asyncio.ensure_future(self._part())
        cut = await drain(self._context, self._ending.patience.calls, self._ending.rest(LAST_SECONDS))
        self._enter(ProgramState.SETTLING)
        await parting
        await self._operating.stop(
            self._ending.rest(LEAST_PARTING_SECONDS), callers_are_gone=self._settings.drain.callers_are_gone
        )
        await self._losses.stop()
        if self._exporting is not None:
            await self._exporting.told()
        await asyncio.to_thread(self._ledger.close, self._ending.rest(LEDGER_SECONDS))
        if self._exporting is not None:
            await self._exporting.close(self._ending.rest())
        health = self.ledger_health()
        self._log.events.info(
            "drained", calls_cut=cut, rows_written=health.rows_written, rows_dropped=health.rows_dropped,
            rows_unwritten=self.rows_unwritten(),
        )  # fmt: skip
        if self._ending.patience.is_hurry:
            await self._linger.finish(0.0)
        else:
            await asyncio.gather(*(server.stop() for server in self._servers[1:]))  # people's: it needs the ledger
            await self._linger.finish(min(self._settings.drain.linger_seconds, self._ending.rest()))
            await asyncio.gather(*(server.stop() for server in self._servers))
            self._context.close()
        self._log.close()

    @property
    def is_counted(self) -> bool:
        """Kubernetes counts our time: nothing is to be waited for that the end of the process does as well."""
        return self._ending.is_counted

    async def _part(self) -> None:
        """Where nobody is left who could come back, what that dooms is cancelled first, while calls have their time."""
        if self._settings.drain.callers_are_gone:
            await self._operating.part(self._ending.rest_for_cancels())

    def _stop_accepting(self) -> None:
        self._announce_end()
        if not self._context.is_draining:
            self._listener.stop()
            self._context.is_draining = True
            self._log.events.info("draining", exchanges=len(self._context.live), answers=self._context.turns)

    async def _start_apps(self) -> None:
        observe, control = self._settings.observe.listen, self._settings.control.listen
        observing = AppServer(observe.host, observe.port, "observe.listen", self._log.events)
        self._servers.append(observing)
        controlling = AppServer(control.host, control.port, "control.listen", self._log.events)
        self._servers.append(controlling)
        self._addresses.update(control=controlling.url, observe=observing.url)
        await observing.start(observe_app(self, self._recorder.page, self._linger))
        await controlling.start(control_app(self, controlling.host, token_of(self._settings.control)))

    def _enter(self, state: ProgramState) -> None:
        self._recorder.program.state, self._since = state, self._clock.now()

    # === the view of the control sockets ===

    def state(self) -> Standing:
        """What the program is and does now."""
        return Standing(
            mode=self._recorder.program.mode,
            version=__version__,
            state=self._recorder.program.state,
            since=self._since,
            addresses=dict(self._addresses),
        )

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
        """The end is near. Calls are taken on until SIGTERM where the application ends before us, and no more elsewhere."""
        self._ending.announce()
        if self._settings.drain.callers_are_gone:
            self._announce_end()
            self._operating.expect_to_part()
        else:
            self._stop_accepting()

    def _announce_end(self) -> None:
        if self._recorder.program.state is ProgramState.SERVING:
            self._enter(ProgramState.DRAINING)
            self._context.pod_is_ending = self._settings.drain.callers_are_gone
            self._log.events.info("end_announced", exchanges=len(self._context.live), answers=self._context.turns)

    def quit(self) -> bool:
        """Somebody wants us to end, as by SIGTERM; False where the settings don't allow it."""
        if self._settings.control.allow_quit:
            self.asked_to_end.set()
        return self._settings.control.allow_quit

    def rows_unwritten(self) -> int:
        """What the ledger has not taken, now that it is closed: rows that wait or were given up, and steps of operations."""
        health = self._ledger.health()
        return health.rows_waiting + health.rows_dropped + self._operating.steps_unwritten()

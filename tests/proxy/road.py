"""A whole proxy in the test's own loop, with real classes throughout: what app.py builds, without control sockets."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from sidecar.callers.peer import Address, PeerEnd
from sidecar.clock import SystemClock
from sidecar.config.egress import Egress
from sidecar.ledger.memory import MemoryLedger
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.policy import OnClose, OnDeparture, Wish
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.price import PriceBook
from sidecar.providers.gemini import GEMINI
from sidecar.proxy.context import Context
from sidecar.proxy.destination import Destination, Endpoint
from sidecar.proxy.downstream import Downstream
from sidecar.proxy.drain import drain
from sidecar.proxy.exchange import Exchange
from sidecar.proxy.handover import Handover
from sidecar.proxy.limits import Limits
from sidecar.proxy.listener import Listener
from sidecar.proxy.pool import Pool
from sidecar.telemetry.page import expose
from sidecar.telemetry.recorder import Recorder
from tests.proxy.limits import LIMITS
from tests.proxy.scripted import ScriptedProvider
from tests.proxy.sockets import Caller, within

SMALL_BUFFER, LARGE_BUFFER = 16 * 1024, 4 * 1024 * 1024
PRICES = PriceBook()
ZERO = Decimal(0)


def a_destination(**changes: Any) -> Destination:
    """An upstream in the Gemini dialect, whose work runs on when connections close."""
    usual: dict[str, Any] = {
        "name": "gemini",
        "dialect": GEMINI,
        "endpoint": Endpoint("127.0.0.1", 1, False),
        "base_path": b"",
        "provider": changes.get("dialect", GEMINI).provider,
        "on_close_as_set": {CallKind.STREAM: OnClose.RUNS_ON, CallKind.UNARY: OnClose.RUNS_ON},
        "wish": Wish(OnDeparture.AUTO),
    }
    return Destination(**(usual | changes))


class Told:
    """A log in memory that can be waited for."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.problems: list[str] = []
        self.changed = asyncio.Event()

    def call_settled(self, record: CallRecord) -> None:
        self.records.append(msgspec.structs.replace(record))
        self.changed.set()

    def upstream_failed(self, upstream: str, error: str, problem: str) -> None:
        self.problems.append(problem)

    def operation_settled(self, record: OperationRecord) -> None:
        pass

    def operation_event(
        self, event: str, record: OperationRecord, *, is_warning: bool = False, **facts: object
    ) -> None:
        pass

    def mass_suspicion(self, suspected: int, known: int, why: str) -> None:
        pass


class WatchedContext(Context):
    """A context whose exchanges' ends can be waited for."""

    changed: asyncio.Event

    def concluded(self, exchange: Exchange) -> None:
        super().concluded(exchange)
        self.changed.set()


class NoLookup:
    """Stands in for `PeerLookup` where the kernel can't be asked: the caller is in another network namespace."""

    def end_of(self, ours: Address, theirs: Address) -> PeerEnd:
        return PeerEnd.UNKNOWN

    def close(self) -> None:
        pass


class Road:
    """One proxy, one provider, and everything a test asks about them."""

    def __init__(self, limits: Limits, destination: dict[str, Any]) -> None:
        self.loop = asyncio.get_running_loop()
        overrides = destination.pop("overrides", ())
        self.prices = PriceBook(overrides) if overrides else PRICES
        self.provider = ScriptedProvider()
        self.log = Told()
        self.ledger = MemoryLedger("test")
        self.recorder = Recorder("0", self.log, self.ledger.health)
        self._egress = destination.pop("egress", Egress())
        self._limits, self._changes = limits, destination
        self.faults: list[dict[str, Any]] = []
        self.callers: list[Caller] = []

    async def start(self) -> None:
        if not self.provider.port:
            await self.provider.start()
        endpoint = Endpoint("127.0.0.1", self._changes.pop("port", self.provider.port), False, upstream="gemini")
        destination = a_destination(**({"endpoint": endpoint} | self._changes))
        self.context = WatchedContext(
            loop=self.loop,
            clock=SystemClock(),
            limits=self._limits,
            destinations={destination.name.encode(): destination},
            ledger=self.ledger,
            prices=self.prices,
            recorder=self.recorder,
        )
        self.context.changed = asyncio.Event()
        self.context.pool = Pool(self.context, self._egress)
        self.context.handover = Handover(self.loop)
        self.listener = Listener(self.context)
        self.address = await self.listener.start("127.0.0.1", 0)

    def cannot_ask_the_kernel(self) -> None:
        self.context.peers.close()
        self.context.peers = NoLookup()  # type: ignore[assignment]

    async def caller(self, *pieces: bytes, receive_buffer: int | None = None) -> Caller:
        """A caller that has connected and sent these bytes."""
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await within(self.loop.sock_connect(sock, self.address))
        caller = Caller(sock)
        self.callers.append(caller)
        await caller.send(*pieces)
        return caller

    async def settled(self, count: int = 1) -> CallRecord:
        """The last of so many settled calls, once they have settled."""
        while len(self.log.records) < count:
            self.log.changed.clear()
            await within(self.log.changed.wait())
        return self.log.records[count - 1]

    async def at_rest(self) -> None:
        """Wait until no exchange is live."""
        while self.context.live:
            self.context.changed.clear()
            await within(self.context.changed.wait())

    async def until(self, claim: Any) -> None:
        """Let the loop turn until a claim holds. For what nothing signals."""
        async with asyncio.timeout(3):
            while not claim():
                await asyncio.sleep(0.001)

    def live(self) -> Exchange:
        """The one live exchange."""
        (exchange,) = self.context.live
        return exchange

    def only_downstream(self) -> Downstream:
        """The one caller's connection."""
        (downstream,) = self.context.downstreams
        return downstream

    def is_reading(self) -> bool:
        """The caller's connection is being read."""
        transport: Any = self.only_downstream().transport
        return bool(transport.is_reading())

    def feel_slow_readers(self, *, soon: bool = True) -> None:
        """Let the kernel hold little on the way to the caller, so that a slow one is felt soon; or much again."""
        size = SMALL_BUFFER if soon else LARGE_BUFFER
        self.only_downstream().socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)

    def counted(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        page = expose(self.recorder.page()).body.decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == f"inference_sidecar_{name}" and labels.items() <= sample.labels.items()
        )

    async def stop(self) -> None:
        """Take everything down, and hold it to what must be true at any end."""
        for caller in self.callers:
            caller.leave()
        try:
            await self.provider.stop()
            self.context.shelf.close()
            await self.at_rest()
            followed = self.context.followed
        finally:
            self.listener.stop()
            await drain(self.context, 0.0)
            await self.until(lambda: not self.context.downstreams and not tasks_of_the_sidecar())
            self.context.close()
            await asyncio.sleep(0.001)  # what was aborted as it was made is closed in the loop's next turns
        assert followed == 0
        assert not self.faults, self.faults
        assert all(record.outcome for record, _ in self.ledger.rows.values())


def tasks_of_the_sidecar() -> list[str]:
    """What runs apart from the tests' own tasks."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("Pool.")]


@asynccontextmanager
async def a_road(
    provider: ScriptedProvider | None = None, limits: dict[str, Any] | None = None, **destination: Any
) -> AsyncIterator[Road]:
    """A proxy in front of a scripted provider. `limits` and `destination` change what is usual."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    road = Road(msgspec.structs.replace(LIMITS, **(limits or {})), destination)
    loop.set_exception_handler(lambda _, fault: road.faults.append(fault))
    if provider is not None:
        road.provider = provider
    await road.start()
    try:
        yield road
    finally:
        try:
            await road.stop()
            gc.collect(0)
        finally:
            loop.set_exception_handler(before)

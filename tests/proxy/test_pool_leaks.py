"""Whatever happens in whatever order, connections and those that wait for them are counted right, and none is left over."""

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import msgspec
import uvloop
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sidecar.clock import SystemClock
from sidecar.proxy.destination import Endpoint
from sidecar.proxy.pool import Pool
from sidecar.telemetry.recorder import Recorder
from tests.proxy.limits import LIMITS

MOST, MOST_IDLE = 2, 1
ENDPOINTS = ("one", "other", "refusing")


class Asking:
    """What the pool knows of an exchange: it asks, and is told once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.told: list[str] = []
        self.upstream: Any = None
        self.request = SimpleNamespace(upstream_is_slow=lambda: None, upstream_took_all=lambda: None)
        self.admission = SimpleNamespace(destination=SimpleNamespace(name=endpoint.upstream))

    def connected(self, upstream: Any) -> None:
        self.told.append("connected")
        self.upstream = upstream
        upstream.begin(self, b"GET")

    def broken(self, error: str, sentence: str) -> None:
        self.told.append("broken")
        self.upstream = None

    def cut(self, command: object, status: int, sentence: str) -> None:
        self.told.append(f"cut {status}")


class Accepted(asyncio.Protocol):
    """The provider's end of a connection: among the accepted ones until it has ended."""

    def __init__(self, accepted: list[asyncio.BaseTransport]) -> None:
        self.accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.accepted.append(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.accepted.remove(self.transport)


class PoolMachine(RuleBasedStateMachine):
    """A real pool, a real loop, and providers: two that listen, and one that refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = uvloop.new_event_loop()
        self.accepted: list[asyncio.BaseTransport] = []
        self.servers = [
            self.run(self.loop.create_server(lambda: Accepted(self.accepted), "127.0.0.1", 0)) for _ in range(2)
        ]
        self.refusing = socket.socket()
        self.refusing.bind(("127.0.0.1", 0))
        ports = [sock.getsockname()[1] for sock in (*(server.sockets[0] for server in self.servers), self.refusing)]
        self.endpoints = [
            Endpoint("127.0.0.1", port, False, upstream=name) for port, name in zip(ports, ENDPOINTS, strict=True)
        ]
        context = self._context()
        self.pool = context.pool = Pool(context)
        self.asking: list[Asking] = []
        self.busy: list[Asking] = []

    def _context(self) -> Any:
        health: Any = None
        limits = msgspec.structs.replace(
            LIMITS, max_upstream_connections=MOST, max_idle_upstream_connections=MOST_IDLE, connect_seconds=30.0
        )
        context: Any = SimpleNamespace(
            loop=self.loop, clock=SystemClock(), limits=limits, destinations={}, recorder=Recorder("0", health, health)
        )
        return context

    def run(self, awaited: Any) -> Any:
        return self.loop.run_until_complete(awaited)

    def settle(self) -> None:
        """Let everything happen that can."""

        async def turn() -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            async with asyncio.timeout(3):
                while self.pool._connecting:
                    await asyncio.sleep(0)
            for _ in range(10):
                await asyncio.sleep(0)

        self.run(turn())
        for each in list(self.asking):
            if each.told:
                self.asking.remove(each)
                if each.upstream is not None:
                    self.busy.append(each)

    @rule(which=st.sampled_from([0, 0, 0, 0, 1, 2]), is_waited=st.booleans())
    def ask(self, which: int, is_waited: bool) -> None:
        exchange: Any = Asking(self.endpoints[which])
        self.asking.append(exchange)
        # In the loop, as exchanges do: uvloop's transports refuse writes from elsewhere.
        self.loop.call_soon(self.pool.connect, exchange, exchange.endpoint)
        if is_waited:
            self.settle()
        else:
            self.run(asyncio.sleep(0))

    @precondition(lambda self: self.asking)
    @rule(data=st.data())
    def give_up(self, data: Any) -> None:
        exchange = data.draw(st.sampled_from(self.asking))
        if exchange.told:
            return
        self.asking.remove(exchange)
        self.pool.give_up(exchange)
        self.settle()
        assert exchange.told == []

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        exchange = data.draw(st.sampled_from(self.busy))
        self.busy.remove(exchange)
        upstream, exchange.upstream = exchange.upstream, None
        upstream.exchange = None
        self.pool.release(upstream)
        self.settle()

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def cut(self, data: Any) -> None:
        exchange = data.draw(st.sampled_from(self.busy))
        self.busy.remove(exchange)
        exchange.upstream.abort()
        self.settle()

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def provider_closes(self, data: Any) -> None:
        transport = data.draw(st.sampled_from(self.accepted))
        transport.abort()
        self.settle_end()

    def settle_end(self) -> None:
        self.run(asyncio.sleep(0.002))  # the kernel's turn
        self.settle()
        self.busy = [exchange for exchange in self.busy if exchange.upstream is not None]

    @rule()
    def time_passes(self) -> None:
        for idle in self.pool._idle.values():
            for upstream in idle:
                upstream.idle_since_ns = 0
        self.pool._sweep()
        self.settle_end()
        assert not any(self.pool._idle.values())

    @invariant()
    def places_are_those_taken(self) -> None:
        self.settle()
        for endpoint in self.endpoints:
            count = {
                state: self.pool.connections().get((endpoint.upstream, state), 0)
                for state in ("idle", "busy", "connecting", "waiting")
            }
            busy = sum(each.endpoint is endpoint for each in self.busy)
            waiting = sum(each.endpoint is endpoint for each in self.asking)
            assert (count["busy"], count["waiting"], count["connecting"]) == (busy, waiting, 0)
            assert count["busy"] + count["idle"] <= MOST
            assert count["idle"] <= MOST_IDLE
            assert not waiting or count["busy"] == MOST, "nobody waits while there is room"

    def teardown(self) -> None:
        self.settle()
        for exchange in self.asking:
            self.pool.give_up(exchange)  # type: ignore[arg-type]
        for exchange in self.busy:
            exchange.upstream.abort()
        self.pool.close()
        self.settle_end()
        try:
            assert not self.pool._places.taken
            assert not self.pool._line
            self.run(self.all_to_end())
        finally:
            for server in self.servers:
                server.close()
            self.refusing.close()
            self.loop.close()

    async def all_to_end(self) -> None:
        """The provider's ends hear of ours: none was left open."""
        async with asyncio.timeout(3):
            while self.accepted:
                await asyncio.sleep(0.001)


PoolMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40)
TestPool = PoolMachine.TestCase

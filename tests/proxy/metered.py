"""A road on which a test stops an exchange at any byte: its connections count what was read, and say so."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from sidecar.proxy import listener, pool
from sidecar.proxy.downstream import Downstream
from sidecar.proxy.pooled import PooledUpstream
from tests.proxy.road import Road, a_road
from tests.proxy.sockets import Caller, within

AT_ONCE = 0.001
"""Seconds."""


class Meter:
    """What was read on the two sides of a road since the last `reset`."""

    def __init__(self) -> None:
        self.of_callers = self.of_providers = 0
        self.when_connected: Callable[[], object] = lambda: None
        """Called when a connection to the provider was made, before anything is sent on it."""
        self._changed = asyncio.Event()

    def reset(self) -> None:
        """Count from nothing."""
        self.of_callers = self.of_providers = 0
        self.when_connected = lambda: None

    def tell(self) -> None:
        """Something was read, or a connection came or went."""
        self._changed.set()

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until a claim about it holds."""
        while not claim():
            self._changed.clear()
            await within(self._changed.wait())


@asynccontextmanager
async def a_metered_road(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Road, Meter]]:
    """A road whose connections are the real ones, counted."""
    meter = Meter()

    class MeteredDownstream(Downstream):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            meter.tell()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            meter.of_callers += len(data)
            meter.tell()

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            meter.tell()

    class MeteredUpstream(PooledUpstream):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            meter.when_connected()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            meter.of_providers += len(data)
            meter.tell()

    monkeypatch.setattr(listener, "Downstream", MeteredDownstream)
    monkeypatch.setattr(pool, "PooledUpstream", MeteredUpstream)
    async with a_road() as road:
        yield road, meter


async def take_all(caller: Caller) -> None:
    """Read whatever comes, and let the kernel acknowledge it at once: left alone it may wait 40 ms, at every step."""
    while caller.socket.fileno() >= 0:
        take(caller)
        caller.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        await asyncio.sleep(AT_ONCE)


def take(caller: Caller) -> None:
    """Read what has come; closing is a FIN only for who has read all."""
    with contextlib.suppress(BlockingIOError, ConnectionResetError):
        while caller.socket.recv(65536):
            pass

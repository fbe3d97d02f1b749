"""What is no HTTP, or not yet, is counted, looked at and ended like every connection."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from sidecar.proxy.drain import drain
from sidecar.proxy.passage import Passage
from tests.proxy.certificates import Authority
from tests.proxy.memory_tls import MemoryTls
from tests.proxy.road import Road
from tests.proxy.sockets import within
from tests.proxy.tunneling import a_tunnel, an_intercepting_road

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_doorway(authority: Authority) -> AsyncIterator[Road]:
    async with an_intercepting_road(authority) as way:
        await way.through()
        yield way.road


@asynccontextmanager
async def a_handshake(authority: Authority) -> AsyncIterator[Road]:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        await MemoryTls(caller, way.trusting()).shake()
        yield way.road


@asynccontextmanager
async def a_blind_tunnel(_: Authority) -> AsyncIterator[Road]:
    async with a_tunnel() as ends:
        yield ends[0]


Opened = Callable[[Authority], AbstractAsyncContextManager[Road]]
EACH = pytest.mark.parametrize("opened", [a_doorway, a_handshake, a_blind_tunnel])


def only_passage(road: Road) -> Passage:
    (passage,) = road.context.passages
    return passage


@EACH
async def test_it_is_shown_as_an_active_connection(authority: Authority, opened: Opened) -> None:
    async with opened(authority) as road:
        assert road.context.downstreams == set()
        assert road.counted("downstream_connections", state="active") == 1


@EACH
async def test_the_sweep_lets_it_be_as_long_as_it_has_time(authority: Authority, opened: Opened) -> None:
    async with opened(authority) as road:
        road.context.sweep.look()
        only_passage(road).look(road.context.clock.monotonic_ns())
        assert road.context.passages


@EACH
async def test_ended_with_the_program(authority: Authority, opened: Opened) -> None:
    async with opened(authority) as road:
        await within(drain(road.context, 60.0))
        await road.until(lambda: not road.context.passages)

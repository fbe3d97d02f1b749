"""One end of a tunnel and the other: what passes, how fast, and how the end of one becomes the end of the other."""

import random

import pytest

from tests.proxy.sockets import within
from tests.proxy.tunneling import a_tunnel, is_gone, only_tunnel

pytestmark = pytest.mark.anyio


async def test_half_closed_by_the_caller__the_host_can_still_answer() -> None:
    async with a_tunnel() as (road, caller, host):
        await caller.send(b"ask")
        caller.half_close()
        assert await host.was_closed() == b"ask"
        await host.send(b"answer")
        await host.close()
        assert await caller.rest() == b"answer"
        await is_gone(road)


async def test_half_closed_by_the_host__the_caller_can_still_send() -> None:
    async with a_tunnel() as (road, caller, host):
        host.writer.write_eof()
        assert await caller.rest() == b""
        await caller.send(b"more")
        assert await host.read(4) == b"more"
        caller.leave()
        assert await host.was_closed() == b""
        await host.close()
        await is_gone(road)


async def test_broken_by_the_host__broken_for_the_caller() -> None:
    async with a_tunnel() as (road, caller, host):
        await host.reset()
        await caller.until_broken()
        await is_gone(road)


async def test_broken_by_the_caller__broken_for_the_host() -> None:
    async with a_tunnel() as (road, caller, host):
        caller.reset()
        with pytest.raises(ConnectionResetError):
            await within(host.reader.read())
        await is_gone(road)


async def test_caller_that_reads_slowly_slows_the_host_and_gets_everything() -> None:
    async with a_tunnel() as (road, caller, host):
        tunnel, sent = only_tunnel(road), random.Random(3).randbytes(30_000_000)
        host.writer.write(sent)
        await road.until(lambda: tunnel.near.is_writing_paused)
        far = tunnel.far.transport
        assert far is not None
        assert not far.is_reading()
        assert await caller.read(sent[-100:]) == sent

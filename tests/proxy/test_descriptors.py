"""File descriptors: the road leaves some to the ledger and to those who look, and tells callers when there are no more."""

import json
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sidecar.proxy.descriptors import RESERVE, ceiling, is_tight, most_callers
from sidecar.proxy.downstream import NO_DESCRIPTOR
from tests.proxy.messages import UNARY_REPLY, request
from tests.proxy.road import Road
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio


@contextmanager
def descriptors(limit: int) -> Iterator[None]:
    """This process may have so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def nearly_full() -> Iterator[None]:
    """The table of descriptors has room for one more, which is the last."""
    most = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    taken = [os.dup(0)]
    while taken[-1] <= most:
        taken.append(os.dup(0))  # those between the ones that are in use as well
    try:
        with descriptors(taken[-1] + 2):
            yield
    finally:
        for number in taken:
            os.close(number)


@pytest.mark.parametrize("limit", [4096, 1024])
async def test_large_limit__the_reserve_is_kept_back(limit: int) -> None:
    with descriptors(limit):
        assert ceiling() == limit - RESERVE // 2
        assert most_callers() == (limit - RESERVE) // 2


async def test_small_limit__a_quarter_is_kept_back() -> None:
    with descriptors(200):
        assert (ceiling(), most_callers()) == (175, 75)
        assert (is_tight(130), is_tight(131)) == (False, True)


async def test_no_descriptor_for_a_caller__503_that_says_so_and_the_connection_is_closed_at_once(road: Road) -> None:
    caller = Caller(socket.socket())
    caller.socket.setblocking(False)
    with nearly_full():
        await road.loop.sock_connect(caller.socket, road.address)
        got = await caller.reply()
        assert await caller.rest() == b""
    caller.leave()
    assert got.status == 503
    assert f"{NO_DESCRIPTOR} (limits.max_connections)" in json.loads(got.body)["error"]["message"]
    assert road.counted("limits_reached_total", limit="limits.max_connections") == 1


async def test_no_descriptor_for_the_provider__502_that_says_so_and_the_next_is_served(road: Road) -> None:
    caller = await road.caller()
    await road.until(lambda: road.context.downstreams)
    with nearly_full():
        await caller.send(request())
        got = await caller.reply()
    assert (got.status, road.provider.accepted) == (502, [])
    assert "no file descriptor left (ulimit -n)" in json.loads(got.body)["error"]["message"]
    await caller.send(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200

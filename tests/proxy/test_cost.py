"""What a call costs, counted and not timed: function calls and bytes are the same on every machine, on every day.

`make bench` measures time. These bounds are a few per cent above what is; who must raise one says why in the commit.
"""

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sidecar
from tests.proxy.messages import SSE, STREAM, UNARY_REPLY, event, request
from tests.proxy.rescuing import rescue
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

HERE = str(Path(sidecar.__file__).parent)
WARM_UP, CALLS, CHUNKS, STREAMS = 20, 100, 200, 100

MOST_FUNCTIONS_A_CALL = 218
MOST_C_FUNCTIONS_A_CALL = 165
MOST_FUNCTIONS_FOR_RESCUE = 12.5
"""More, in `mode: enforce`, for a call whose caller stays: its answer is kept while it passes."""
MOST_FUNCTIONS_A_CHUNK = 15
MOST_BYTES_A_STREAM = 7 * 1024 + 512
"""Of Python's objects; the sockets' own come on top (`make bench` shows the whole)."""


class Counted:
    """How often functions were entered: our own, and C's from ours."""

    def __init__(self) -> None:
        self.functions = self.c_functions = 0

    def note(self, frame: FrameType, what: str, _argument: Any) -> None:
        if frame.f_code.co_filename.startswith(HERE):
            self.functions += what == "call"
            self.c_functions += what == "c_call"


@contextmanager
def counted() -> Iterator[Counted]:
    found = Counted()
    sys.setprofile(found.note)
    try:
        yield found
    finally:
        sys.setprofile(None)


async def calls(road: Road, count: int) -> None:
    """So many calls, one after another on one connection, each settled."""
    caller = await road.caller()
    connection = None
    for _ in range(count):
        await caller.send(request())
        connection = connection or await road.provider.connection()
        await connection.request()
        await connection.send(UNARY_REPLY)
        await caller.reply()
    caller.leave()
    assert connection is not None
    await connection.close()
    await road.at_rest()


async def test_a_call_enters_no_more_functions_than_it_did(road: Road) -> None:
    await calls(road, WARM_UP)
    with counted() as found:
        await calls(road, CALLS)
    assert found.functions / CALLS <= MOST_FUNCTIONS_A_CALL
    assert found.c_functions / CALLS <= MOST_C_FUNCTIONS_A_CALL


async def test_a_call_that_nobody_abandons_costs_little_more_where_it_could_be_rescued() -> None:
    entered = []
    for is_on in (False, True):
        async with a_road(limits=rescue(is_on=is_on)) as road:
            await calls(road, WARM_UP)
            with counted() as found:
                await calls(road, CALLS)
            entered.append(found.functions / CALLS)
    assert entered[1] - entered[0] <= MOST_FUNCTIONS_FOR_RESCUE


async def test_a_chunk_enters_no_more_functions_than_it_did(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE)
    await caller.read(SSE)
    piece = event(10)
    with counted() as found:
        for _ in range(CHUNKS):
            await connection.send(piece)
            await caller.read(piece)
    assert found.functions / CHUNKS <= MOST_FUNCTIONS_A_CHUNK


async def test_calls_leave_nothing_for_the_garbage_collector(road: Road) -> None:
    await calls(road, WARM_UP)
    gc.collect()
    gc.disable()
    try:
        await calls(road, CALLS)
        assert gc.collect() < CALLS
    finally:
        gc.enable()


async def test_an_open_stream_takes_no_more_memory_than_it_did(road: Road) -> None:
    tracemalloc.start()
    try:
        before = ours()
        for _ in range(STREAMS):
            caller = await road.caller(request(STREAM))
            connection, _ = await road.provider.call()
            await connection.send(SSE + event(10))
            await caller.read(event(10))
        assert (ours() - before) / STREAMS <= MOST_BYTES_A_STREAM
    finally:
        tracemalloc.stop()


def ours() -> int:
    """Bytes that were allocated by lines of the sidecar and are not free."""
    only = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, f"{HERE}/*")])
    return sum(statistic.size for statistic in only.statistics("filename"))

"""What TLS changes for a caller's connection: how it ends, how it is slow, and nothing else."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.secure_downstream import SecureDownstream
from tests.proxy.certificates import Authority
from tests.proxy.memory_tls import MemoryTls
from tests.proxy.messages import (
    CHUNKED,
    SSE,
    STREAM_PATH,
    UNARY_PATH,
    UNARY_REPLY,
    answer,
    chunk,
    event,
    reply,
    request,
)
from tests.proxy.scripted import Connection
from tests.proxy.sockets import reset_when_closed
from tests.proxy.tunneling import InterceptingRoad, SecureCaller, an_intercepting_road, connect_request

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_stream(authority: Authority) -> AsyncIterator[tuple[InterceptingRoad, SecureCaller, Connection]]:
    """One that has begun, inside of a tunnel."""
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(STREAM_PATH))
        connection, _ = await way.road.provider.call()
        await connection.send(SSE + event(1))
        await caller.read(event(1))
        yield way, caller, connection


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_reply_that_ends_the_connection__whole_and_then_a_goodbye(authority: Authority, version: str) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH, b"{}", "Connection: close", version=version))
        connection, _ = await way.road.provider.call()
        await connection.send(b"HTTP/1.1 200 OK\r\n" + CHUNKED.encode() + b"\r\n\r\n", chunk(answer()), b"0\r\n\r\n")
        assert answer() in await caller.rest()  # an end without a goodbye would be an error here
        assert (await way.road.settled()).outcome == "delivered"


@pytest.mark.parametrize(
    ("how", "reason"),
    [("goodbye", LeftReason.FIN), ("close", LeftReason.FIN), ("reset", LeftReason.RST)],
)
async def test_caller_leaves_amid_a_stream__seen_as_ever(authority: Authority, how: str, reason: LeftReason) -> None:
    async with a_stream(authority) as (way, caller, connection):
        if how == "goodbye":
            caller.writer.close()
        else:
            if how == "reset":
                reset_when_closed(caller.socket)
            caller.writer.transport.abort()
        await way.road.until(lambda: way.road.live().call.left_at is not None)
        await connection.send(event(50, "STOP") + b"0\r\n\r\n")
        record = await way.road.settled()
        assert (record.outcome, record.left_reason) == ("orphan_finished", reason)


async def test_half_close_beneath_tls__is_the_end(authority: Authority) -> None:
    """Neither loop writes on behind it."""
    async with an_intercepting_road(authority) as way:
        caller = await way.road.caller(connect_request("127.0.0.1", way.port))
        await caller.read(b"\r\n\r\n")
        tls = MemoryTls(caller, way.trusting())
        await caller.send(await tls.shake(request(STREAM_PATH)))
        connection, _ = await way.road.provider.call()
        caller.half_close()
        await way.road.until(lambda: way.road.live().call.left_at is not None)
        await connection.close()
        assert (await way.road.settled()).left_reason == LeftReason.FIN


async def test_caller_that_reads_slowly_slows_the_provider_and_gets_everything(authority: Authority) -> None:
    body = random.Random(1).randbytes(8_000_000)
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH))
        connection, _ = await way.road.provider.call()
        way.road.feel_slow_readers()
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection.writer.write(reply(body))
        downstream = way.road.only_downstream()
        await way.road.until(lambda: downstream.is_writing_paused)
        upstream = way.road.live().upstream
        assert upstream is not None
        assert not upstream.transport.is_reading()
        assert downstream.unacknowledged() > 0
        await asyncio.sleep(0.01)
        held = downstream.transport.get_write_buffer_size() + downstream.beneath[0].get_write_buffer_size()
        assert held < 600_000  # the chunk that was read last, at most one of the loop's reads, as records of TLS
        way.road.feel_slow_readers(soon=False)
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert (await caller.reply()).body == body


async def test_provider_that_breaks_amid_a_stream__no_clean_end(authority: Authority) -> None:
    async with a_stream(authority) as (way, caller, connection):
        await connection.reset()
        with pytest.raises(ConnectionError):
            await caller.rest()
        assert (await way.road.settled()).outcome == "upstream_failed"


async def test_caller_that_takes_nothing_any_more__has_left(authority: Authority) -> None:
    async with a_stream(authority) as (way, _, connection):
        way.road.only_downstream().stalled()
        await connection.close()
        assert (await way.road.settled()).left_reason == LeftReason.WRITE_STALLED


async def test_upload_of_a_slow_provider__the_callers_end_is_seen_nevertheless(authority: Authority) -> None:
    """Nothing is read then; the watch is on the socket beneath TLS."""
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH, b"", "Content-Length: 50000000"))
        connection = await way.road.provider.connection()
        await connection.head()
        connection.stop_reading()
        body = bytes(1_000_000)
        while way.road.is_reading():
            caller.writer.write(body)
            await way.road.until(
                lambda: not way.road.is_reading() or not caller.writer.transport.get_write_buffer_size()
            )
        caller.leave()
        record = await way.road.settled()
        assert record.outcome == "left_early"


async def test_idle_connection__closed_with_a_goodbye(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH))
        connection, _ = await way.road.provider.call()
        await connection.send(UNARY_REPLY)
        await caller.reply()
        await way.road.at_rest()
        downstream = way.road.only_downstream()
        assert isinstance(downstream, SecureDownstream)
        assert downstream.close_if_idle(way.road.context.clock.monotonic_ns())
        assert await caller.rest() == b""


async def test_late_head__408_over_tls(authority: Authority) -> None:
    async with an_intercepting_road(authority, limits={"request_head_seconds": 0.05}) as way:
        caller = await way.inside(b"POST ")
        assert (await caller.reply()).status == 408


async def test_expected_100_is_written(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(request(UNARY_PATH, b"", "Content-Length: 5", "Expect: 100-continue"))
        assert await caller.read(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await caller.send(b"hello")
        _, got = await way.road.provider.call()
        assert got.body == b"hello"

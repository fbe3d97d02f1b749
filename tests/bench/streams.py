"""Streams: 200 of them at 20 ms a chunk, and thousands that are open and nearly still."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import httptools
import uvloop

from tests.bench.contenders import Up, alone
from tests.bench.figures import Measured, percentile
from tests.bench.transcript import STAMP, Pace, request

RAMP_SECONDS = 1.0
"""In which the streams are opened, at random: callers do not know of each other."""
PATIENCE_SECONDS = 60.0
UNANSWERED = 100
"""Most slow streams that are being opened at once."""
SLOW = Pace(chunks=1_000_000, every_ms=5_000)
WARM_UP_CALLS = 20
HOLD_SECONDS = 3.0
LONGEST_STAMP = 40
KIB = 1024


class Stream(asyncio.Protocol):
    """A caller that reads one stream to its end and notes how late each event came."""

    def __init__(self, asked: bytes, pace: Pace) -> None:
        self._asked, self._pace = asked, pace
        self._parser = httptools.HttpResponseParser(self)
        self._rest = b""
        self.delays_us: list[float] = []
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether the reply was whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by class
        self.transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _problem: Exception | None) -> None:
        self._end(is_whole=False)

    # what the parser tells

    def on_body(self, piece: bytes) -> None:
        now = time.monotonic_ns()
        text, read = self._rest + piece, 0
        for stamp in STAMP.finditer(text):
            self.delays_us.append((now - int(stamp[1])) / 1000)
            read = stamp.end()
        self._rest = text[read:][-LONGEST_STAMP:]  # one that is cut in two is whole with the next piece
        if self.delays_us and not self.started.done():
            self.started.set_result(None)

    def on_message_complete(self) -> None:
        self._end(is_whole=self._parser.get_status_code() == 200 and len(self.delays_us) == self._pace.chunks)

    def is_whole(self) -> bool:
        """Whether the reply came, and came to its end."""
        return self.ended.done() and self.ended.result()

    def _end(self, is_whole: bool) -> None:
        if not self.started.done():
            self.started.set_result(None)
        if not self.ended.done():
            self.ended.set_result(is_whole)
        self.transport.close()


async def _open(one: Up, pace: Pace, body: bytes) -> Stream:
    asked = request(one.dialect.stream, one.headers, body)
    loop = asyncio.get_running_loop()
    _transport, stream = await loop.create_connection(lambda: Stream(asked, pace), "127.0.0.1", one.port)
    return stream


async def _read(one: Up, pace: Pace, count: int) -> list[Stream]:
    body, dice = one.dialect.prompt(pace, is_stream=True), random.Random(count)

    async def read_one(after_seconds: float) -> Stream:
        await asyncio.sleep(after_seconds)
        stream = await _open(one, pace, body)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(stream.ended), PATIENCE_SECONDS)
        return stream

    return await asyncio.gather(*(read_one(dice.uniform(0, RAMP_SECONDS)) for _ in range(count)))


def read(one: Up, count: int, pace: Pace) -> Measured:
    """Let so many callers read a stream each, to its end."""
    with alone(one):
        before = one.process.cpu_ns() if one.process else 0
        streams = uvloop.run(_read(one, pace, count))
        delays = [delay for stream in streams for delay in stream.delays_us]
        measured = {
            "chunks": float(len(delays)),
            "errors": float(sum(not stream.is_whole() for stream in streams)),
            "p50_us": percentile(delays, 50),
            "p99_us": percentile(delays, 99),
        }
        if one.process:
            measured["cpu_us"] = (one.process.cpu_ns() - before) / 1000 / max(1, len(delays))
        return measured


@asynccontextmanager
async def _held(one: Up, count: int) -> AsyncIterator[list[Stream]]:
    """So many streams, each of which has had its first event, as far as the contender gives them."""
    body, places, streams = one.dialect.prompt(SLOW, is_stream=True), asyncio.Semaphore(UNANSWERED), list[Stream]()

    async def open_one() -> None:
        async with places:
            stream = await _open(one, SLOW, body)
            streams.append(stream)
            await stream.started

    opening = asyncio.gather(*(open_one() for _ in range(count)))
    try:
        with suppress(TimeoutError):  # those that are not open by then are missing from what is measured
            await asyncio.wait_for(opening, PATIENCE_SECONDS)
        yield streams
    finally:
        for stream in streams:
            stream.transport.abort()


async def _hold(one: Up, count: int) -> Measured:
    assert one.process is not None
    for _ in range(WARM_UP_CALLS):
        await _read(one, Pace(chunks=3, every_ms=1), 1)
    idle, begin = one.process.resident_kib(), time.monotonic()
    async with _held(one, count) as streams:
        opened = time.monotonic()
        await asyncio.sleep(HOLD_SECONDS)
        alive = sum(bool(stream.delays_us) and not stream.ended.done() for stream in streams)
        return {
            "streams": float(alive),
            "errors": float(count - alive),
            "kib_per_stream": (one.process.resident_kib() - idle) / max(1, alive),
            "idle_mib": idle / KIB,
            "open_seconds": opened - begin,
        }


def hold(one: Up, count: int) -> Measured:
    """Resident memory that each of so many open, nearly still streams costs a contender that was started for this."""
    return uvloop.run(_hold(one, count))

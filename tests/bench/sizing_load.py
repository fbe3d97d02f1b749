"""What `sizing.py` does to its sidecars: calls, streams that stay open, callers that leave large answers."""

import asyncio

import uvloop

from tests.bench.sizing_provider import WORK_SECONDS
from tests.bench.transcript import AT_ONCE, Pace, gemini, request
from tests.end_to_end.rig import RunningSidecar

AT_ONCE_CALLERS = 16
STILL = Pace(chunks=1_000_000, every_ms=60_000)
LARGE_BYTES, LARGE_ANSWERS = 15 << 20, 6
"""More than `rescue.max_bytes` has room for, each below `rescue.max_answer_bytes`."""
QUIET_SECONDS = 1.0
DIALECT = gemini("/gemini/v1beta")


def call(sidecar: RunningSidecar, count: int) -> None:
    """So many unary calls, from a few callers that keep their connections."""
    host, port = _address(sidecar)
    asked = request(DIALECT.unary, {}, DIALECT.prompt(AT_ONCE))

    async def caller(calls: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(calls):
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        writer.close()

    async def everybody() -> None:
        await asyncio.gather(*(caller(count // AT_ONCE_CALLERS) for _ in range(AT_ONCE_CALLERS)))

    uvloop.run(everybody())


def memory_with_streams(sidecar: RunningSidecar, count: int) -> int:
    """Resident bytes while so many streams are open, each of which has had its first event."""
    host, port = _address(sidecar)
    asked = request(DIALECT.stream, {}, DIALECT.prompt(STILL, is_stream=True))

    async def opened(places: asyncio.Semaphore) -> asyncio.StreamWriter:
        async with places:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(asked)
            await reader.readuntil(b"data: ")
            return writer

    async def everybody() -> int:
        places = asyncio.Semaphore(100)
        writers = await asyncio.gather(*(opened(places) for _ in range(count)))
        await asyncio.sleep(QUIET_SECONDS)
        resident = sidecar.resident_bytes()
        for writer in writers:
            writer.transport.abort()
        return resident

    return uvloop.run(everybody())


def abandon_large_answers(sidecar: RunningSidecar) -> None:
    """Callers that leave while a large answer is made, until there is no room for one more."""
    host, port = _address(sidecar)

    async def leave(number: int) -> None:
        words = f"number={number} answer_bytes={LARGE_BYTES}"
        _, writer = await asyncio.open_connection(host, port)
        writer.write(request(DIALECT.unary, {}, DIALECT.prompt(AT_ONCE, words=words)))
        await asyncio.sleep(WORK_SECONDS / 2)
        writer.transport.abort()

    async def everybody() -> None:
        await asyncio.gather(*map(leave, range(LARGE_ANSWERS)))

    uvloop.run(everybody())


def _address(sidecar: RunningSidecar) -> tuple[str, int]:
    host, _, port = sidecar.proxy.removeprefix("http://").rpartition(":")
    return host, int(port)

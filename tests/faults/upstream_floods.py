"""A provider that never stops: a head, fields, interim answers, chunk extensions, trailers, a body. Memory stays bounded."""

import asyncio
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Final

from tests.faults.raw_provider import Turn
from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Ending, Heard, Kind, connected, request

MIB: Final = 2**20
FOLLOWED_BYTES: Final = 8 * MIB
SETTINGS: Final = {"CALLS__FOLLOW__MAX_BYTES": str(FOLLOWED_BYTES)}
MOST_GROWTH_BYTES: Final = 32 * MIB
"""Of the process, all floods and all other acts together."""
LINES: Final = b"X-Filler: " + b"x" * 1000 + b"\r\n"
HEAD: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"
EVENT: Final = b'data: {"candidates":[{"content":{"parts":[{"text":"' + b"x" * 60_000 + b'"}]}}]}\r\n\r\n'
CHUNK: Final = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
READS: Final = 20
PAUSE_SECONDS: Final = 0.05


def _forever(start: bytes, then: bytes) -> Iterator[bytes]:
    return itertools.chain([start], itertools.repeat(then))


FLOODS: Final[dict[str, tuple[bytes, bytes]]] = {
    "a line": (b"HTTP/1.1 200 ", b"x" * 8192),
    "fields": (b"HTTP/1.1 200 OK\r\n", LINES),
    "small fields": (b"HTTP/1.1 200 OK\r\n", b"a:b\r\n" * 1000),
    "a chunk's extension": (HEAD + b"5;", b"x" * 8192),
    "a chunk's size": (HEAD, b"0" * 8192),
    "trailers": (HEAD + b"0\r\n", LINES),
}
"""What begins so and goes on so without end, and can't be an answer any more."""


async def floods(scene: Scene) -> Acted:
    """What has a bound is broken off there; what has none, a body or interim answers, goes no faster than its caller reads."""
    before = await asyncio.to_thread(scene.sidecar.resident_bytes)
    lost = await scene.each([partial(_flood, scene, which) for which in FLOODS])
    lost += await _interim(scene)
    lost += await _slowly_read(scene)
    grown = await asyncio.to_thread(scene.sidecar.peak_resident_bytes) - before
    leaked = [f"floods: resident memory grew by {grown / MIB:.0f} MiB"] if grown > MOST_GROWTH_BYTES else []
    recovered = await scene.recovered("floods: again")
    return Acted(len(FLOODS) + 2, lost, [], leaked, recovered, f"at most {max(grown, 0) / MIB:.0f} MiB of memory more")


async def _send(turn: Turn, start: bytes, then: bytes) -> None:
    await turn.whole()
    for piece in _forever(start, then):
        await turn.send(piece)


async def _flood(scene: Scene, which: str) -> list[str]:
    name = f"floods: {which}"
    heard = await scene.ask(name, partial(_send, start=FLOODS[which][0], then=FLOODS[which][1]), kind=Kind.STREAM)
    is_broken = heard.ending is Ending.BROKEN and not heard.body
    return [] if is_broken or heard.is_own_error(502) else [f"{name}: {heard.status}, {heard.ending}"]


async def _interim(scene: Scene) -> list[str]:
    """RFC 9110 section 15.2 allows any number of interim answers: they are passed on until the caller has enough, then cut."""
    name, gone = "floods: interim answers", asyncio.Event()

    async def play(turn: Turn) -> None:
        try:
            await _send(turn, b"", b"HTTP/1.1 103 Early Hints\r\n" + LINES + b"\r\n")
        finally:
            gone.set()

    heard = await scene.ask(name, play, patience_seconds=1.0)
    return [*_is_left(name, heard), *await _is_cut(name, gone)]


async def _slowly_read(scene: Scene) -> list[str]:
    """A body without end, read slowly for a while, then by nobody: cut at `calls.follow.max_bytes`."""
    name, gone = "floods: a body", asyncio.Event()
    scene.kinds[name] = Kind.STREAM

    async def play(turn: Turn) -> None:
        try:
            await _send(turn, HEAD, CHUNK)
        finally:
            gone.set()

    scene.provider.plays[name] = play
    wire = await connected(scene.sidecar.proxy)
    await wire.send(request(name, "gemini", Kind.STREAM))
    for _ in range(READS):
        await wire.reader.read(1024)
        await asyncio.sleep(PAUSE_SECONDS)
    wire.leave()
    return await _is_cut(name, gone)


def _is_left(name: str, heard: Heard) -> list[str]:
    return [] if heard.ending is Ending.SILENT else [f"{name}: {heard.status}, {heard.ending}"]


async def _is_cut(name: str, gone: asyncio.Event) -> list[str]:
    try:
        await asyncio.wait_for(gone.wait(), 10)
    except TimeoutError:
        return [f"{name}: is still read although its caller has left"]
    return []

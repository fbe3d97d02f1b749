"""A caller that does not go on: stops reading, sends byte by byte, never reads its 100-continue."""

import asyncio
import socket
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from tests.faults.billed import BilledScene, whole
from tests.faults.together import Acted
from tests.faults.wire import Kind, Wire, connected

STALL_SECONDS: Final = 1.0
"""`calls.write_stall_seconds` of the scene."""
PROGRESS_SECONDS: Final = 1.0
"""`limits.request_progress_seconds` of the scene."""
SETTINGS: Final = {
    "CALLS__WRITE_STALL_SECONDS": str(STALL_SECONDS),
    "LIMITS__REQUEST_PROGRESS_SECONDS": str(PROGRESS_SECONDS),
    "UPSTREAMS__GEMINI__ON_CLOSE__STREAM": "runs_on",
    "UPSTREAMS__GEMINI__ON_CLOSE__UNARY": "runs_on",
}
LARGE: Final = "seconds=0 output=40000 chunks=400"
SMALL_BUFFER: Final = 8 * 1024
CALLERS: Final = 4
FOR_NOBODY: Final = {"orphan_finished", "undelivered"}
"""The provider may have ended before its caller was taken for gone."""
FAST_SECONDS, SLOW_SECONDS = 0.004, 0.7
"""Between two bytes of a body, in the short form and in the full one, just within `limits.request_progress_seconds`."""
EXPECTING: Final = b"Expect: 100-continue\r\nContent-Length: "


async def stops_reading(scene: BilledScene) -> Acted:
    """It has left after `calls.write_stall_seconds`; the provider runs on and is read to its end: the figures are exact."""
    names = [f"stops reading: {number}" for number in range(CALLERS * (5 if scene.stage.is_full else 1))]
    wires = [await _reading_little(scene, name) for name in names]
    rows = await asyncio.gather(*(asyncio.to_thread(scene.sidecar.settled, name) for name in names))
    for wire in wires:
        wire.leave()
    wrong = [
        f"{row['caller']}: {row['outcome']}, {row['left_reason']}, {row['basis']}"
        for (row,) in rows
        if row["outcome"] not in FOR_NOBODY or (row["left_reason"], row["basis"]) != ("write_stalled", "exact")
    ]
    return Acted(len(names), [], wrong, recovered_seconds=await scene.recovered("stops reading: again"))


async def _reading_little(scene: BilledScene, name: str) -> Wire:
    """A caller with a small buffer that has read the beginning of a large stream, and reads no more."""
    place = urlsplit(scene.sidecar.proxy)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (place.hostname, place.port))
    wire = Wire(*await asyncio.open_connection(sock=sock, limit=SMALL_BUFFER))
    scene.called.add(name)
    await wire.send(scene.request(name, kind=Kind.STREAM, script=LARGE))
    await wire.reader.read(1000)
    return wire


async def byte_by_byte(scene: BilledScene) -> Acted:
    """Its request comes byte by byte, and its answer is read so: it is served as ever."""
    lost = await asyncio.gather(*(_byte_by_byte(scene, kind) for kind in Kind))
    return Acted(len(lost), [found for findings in lost for found in findings])


async def _byte_by_byte(scene: BilledScene, kind: Kind) -> list[str]:
    name = f"sends byte by byte: {kind}"
    scene.called.add(name)
    wire = await connected(scene.sidecar.proxy)
    head, separator, body = scene.request(name, kind=kind).partition(b"\r\n\r\n")
    for byte in head + separator:  # for which there is one time, however it comes
        await wire.send(bytes([byte]))
    for byte in body:
        await asyncio.sleep(SLOW_SECONDS if scene.stage.is_full else FAST_SECONDS)
        await wire.send(bytes([byte]))
    heard = await wire.answer(30)
    wire.leave()
    return whole(name, heard)


async def ignores_continue(scene: BilledScene) -> Acted:
    """Whether it reads its 100 or not: a body that comes is passed on, one that does not is 408, and costs nothing."""
    plays = [_sends_at_once, _sends_later, _sends_nothing, _leaves]
    found = await asyncio.gather(*(partial(play, scene)() for play in plays))
    return Acted(len(plays), [each for findings in found for each in findings])


def _expecting(scene: BilledScene, name: str) -> tuple[bytes, bytes]:
    """The head and the body of a request that waits for a word."""
    head, separator, body = scene.request(name).replace(b"Content-Length: ", EXPECTING).partition(b"\r\n\r\n")
    scene.called.add(name)
    return head + separator, body


async def _sends_at_once(scene: BilledScene) -> list[str]:
    name = "never reads its 100-continue: sends at once"
    wire = await connected(scene.sidecar.proxy)
    await wire.send(b"".join(_expecting(scene, name)))
    heard = await wire.answer(20)
    wire.leave()
    return whole(name, heard)


async def _sends_later(scene: BilledScene) -> list[str]:
    """It leaves what comes unread until its body is out."""
    name = "never reads its 100-continue: sends later"
    wire = await connected(scene.sidecar.proxy)
    head, body = _expecting(scene, name)
    await wire.send(head)
    await asyncio.sleep(PROGRESS_SECONDS / 4)
    await wire.send(body)
    heard = await wire.answer(20)
    wire.leave()
    return whole(name, heard)


async def _sends_nothing(scene: BilledScene) -> list[str]:
    name = "never reads its 100-continue: sends nothing"
    wire = await connected(scene.sidecar.proxy)
    await wire.send(_expecting(scene, name)[0])
    heard = await wire.answer(20)
    wire.leave()
    return [] if heard.is_own_error(408) else [f"{name}: {heard.status}, {heard.ending}"]


async def _leaves(scene: BilledScene) -> list[str]:
    """With the 100 unread, closing is a reset."""
    name = "never reads its 100-continue: leaves"
    wire = await connected(scene.sidecar.proxy)
    await wire.send(_expecting(scene, name)[0])
    await asyncio.sleep(0.05)
    wire.leave()
    (row,) = await asyncio.to_thread(scene.sidecar.settled, name)
    return [] if row["outcome"] == "left_early" else [f"{name}: {row['outcome']}"]

"""A machine with little memory: many orphans and slow readers stay within bounds of our own, before the kernel's is reached."""

import asyncio
import resource
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.faults.billed import BilledScene
from tests.faults.together import Acted
from tests.faults.wire import Kind, Wire

MIB: Final = 2**20
KEPT_BYTES: Final = 8 * MIB
"""`rescue.max_bytes` of the scene."""
SETTINGS: Final = {
    "MODE": "enforce",
    "RESCUE__MAX_BYTES": str(KEPT_BYTES),
    "RESCUE__MAX_ANSWER_BYTES": str(KEPT_BYTES),
    "RESCUE__WINDOW_SECONDS": "1",
    "LIMITS__UPSTREAM_IDLE_SECONDS": "1",
    "UPSTREAMS__GEMINI__ON_CLOSE__STREAM": "runs_on",
    "UPSTREAMS__GEMINI__ON_CLOSE__UNARY": "runs_on",
}
MORE_BYTES: Final = 192 * MIB
"""Of address space, on top of what an idle sidecar has mapped: threads and arenas take tens of MiB of it and use none."""
MOST_GROWTH_BYTES: Final = 64 * MIB
"""Of resident memory."""
READERS, ORPHANS = 60, 60
READERS_FULL, ORPHANS_FULL = 600, 600
SMALL_BUFFER: Final = 8 * 1024
SECONDS: Final = 1.0
LARGE: Final = f"seconds={SECONDS} output=20000 chunks=20"


async def little_memory(scene: BilledScene) -> Acted:
    """Everybody gets the whole answer, however slowly it is read, and every orphan is read to its end."""
    act, is_full = "has little memory", scene.stage.is_full
    before = await asyncio.to_thread(scene.sidecar.resident_bytes)
    _limit(scene.sidecar.process.pid)
    readers = [_reader(scene, f"{act}: reader {number}") for number in range(READERS_FULL if is_full else READERS)]
    orphans = [_orphan(scene, f"{act}: orphan {number}") for number in range(ORPHANS_FULL if is_full else ORPHANS)]
    found = await asyncio.gather(*readers, *orphans)
    await scene.settled()
    recovered = await scene.recovered(f"{act}: again")
    names = {name for name in scene.called if name.startswith(act)}
    rows = [(await asyncio.to_thread(scene.sidecar.settled, name))[0] for name in sorted(names)]
    wrong = [f"{row['caller']}: {row['outcome']}, {row['basis']}" for row in rows if row["basis"] != "exact"]
    grown = await asyncio.to_thread(scene.sidecar.peak_resident_bytes) - before
    leaked = [f"{act}: resident memory grew by {grown / MIB:.0f} MiB"] if grown > MOST_GROWTH_BYTES else []
    lost = [each for findings in found for each in findings]
    return Acted(len(found), lost, wrong, leaked, recovered, f"{grown / MIB:.0f} MiB of memory more at most")


def _limit(process: int) -> None:
    """No more address space than there is now, and a little."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    mapped = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmSize:"))
    resource.prlimit(process, resource.RLIMIT_AS, (mapped + MORE_BYTES, resource.RLIM_INFINITY))


async def _wire(scene: BilledScene) -> Wire:
    place = urlsplit(scene.sidecar.proxy)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (place.hostname, place.port))
    return Wire(*await asyncio.open_connection(sock=sock, limit=SMALL_BUFFER))


async def _reader(scene: BilledScene, name: str) -> list[str]:
    """Reads nothing while the answer is made, and all of it afterwards."""
    scene.called.add(name)
    wire = await _wire(scene)
    await wire.send(scene.request(name, kind=Kind.STREAM, script=LARGE))
    await asyncio.sleep(2 * SECONDS)
    heard = await wire.answer(60)
    wire.leave()
    is_whole = heard.ending == "whole" and heard.status == 200 and b'"finishReason"' in heard.body[-2000:]
    return [] if is_whole else [f"{name}: {heard.status}, {len(heard.body)} bytes, {heard.ending}"]


async def _orphan(scene: BilledScene, name: str) -> list[str]:
    """Leaves while the answer is made."""
    scene.called.add(name)
    wire = await _wire(scene)
    await wire.send(scene.request(name, kind=Kind.STREAM, script=LARGE))
    await wire.reader.read(100)
    wire.leave()
    return []

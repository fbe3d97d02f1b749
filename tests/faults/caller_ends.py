"""A caller whose connection ends: half, at every byte of its request and of its answer, amid requests that wait in line."""

import asyncio
from functools import partial
from typing import Final

from sidecar.clock import SECOND, SystemClock
from tests.faults.billed import BilledScene, whole
from tests.faults.together import Acted, some_at_a_time
from tests.faults.wire import Kind, connected

AT_ONCE: Final = 12
PLACES: Final = 10
"""Of a request and of an answer, in the short form."""
ANSWER_BYTES: Final = 1800
STREAM: Final = "seconds=0.1 output=40 chunks=5"
HALVES: Final = {Kind.UNARY: "seconds=0.1 output=4", Kind.STREAM: STREAM, Kind.GZIP: "seconds=0.1 output=4 gzip=1"}
IN_LINE: Final = 10
WAITS: Final = "seconds=0.5 output=4"
NOTICED_SECONDS: Final = 1.5
"""By then it is known that a caller has left."""
LEAVES: Final = {"all stay": None, "leaves at once": 0, "leaves after three": 3, "leaves after nine": 9}


async def half_closes(scene: BilledScene) -> Acted:
    """It has sent all and only listens: its answer comes, and it never left."""
    lost = await some_at_a_time(asyncio.Semaphore(AT_ONCE), [partial(_half_close, scene, kind) for kind in Kind])
    rows = [(await asyncio.to_thread(scene.sidecar.settled, f"half-closes: {kind}"))[0] for kind in Kind]
    wrong = [f"{row['caller']}: {row['outcome']}" for row in rows if row["outcome"] != "delivered"]
    return Acted(len(rows), lost, wrong)


async def _half_close(scene: BilledScene, kind: Kind) -> list[str]:
    name = f"half-closes: {kind}"
    scene.called.add(name)
    wire = await connected(scene.sidecar.proxy)
    await wire.send(scene.request(name, kind=kind, script=HALVES[kind]))
    wire.writer.write_eof()
    heard = await wire.answer(20)
    wire.leave()
    return whole(name, heard)


async def resets(scene: BilledScene) -> Acted:
    """It is gone: a request that is not whole costs nothing, and one that was is on the bill as it is in the ledger."""
    length = len(scene.request(f"resets: {0:04d} of its request"))
    asking = scene.stage.some(range(length), PLACES)
    reading = scene.stage.some(range(0, ANSWER_BYTES, 20), PLACES)
    calls = [partial(_reset_asking, scene, place, is_reset) for place in asking for is_reset in (True, False)]
    calls += [partial(_reset_reading, scene, place, is_reset) for place in reading for is_reset in (True, False)]
    lost = await some_at_a_time(asyncio.Semaphore(AT_ONCE), calls)
    await scene.settled()
    billed = [
        entry.id for entry in scene.simulator.bill.entries if entry.id.startswith("resets: ") and "request" in entry.id
    ]
    wrong = [f"{name}: the provider had a request that never came whole" for name in billed]
    return Acted(len(calls), lost, wrong, recovered_seconds=await scene.recovered("resets: again"))


async def _reset_asking(scene: BilledScene, place: int, is_reset: bool) -> list[str]:
    name = f"resets: {place:04d} of its request"
    wire = await connected(scene.sidecar.proxy)
    await wire.send(scene.request(name)[:place])
    await asyncio.sleep(0.005)
    wire.reset() if is_reset else wire.leave()
    return []


async def _reset_reading(scene: BilledScene, place: int, is_reset: bool) -> list[str]:
    name = f"resets: {place:04d} of its answer {'by a reset' if is_reset else 'in order'}"
    if place:
        scene.called.add(name)  # else the reset may come before we have accepted, and then there was no call
    wire = await connected(scene.sidecar.proxy)
    await wire.send(scene.request(name, kind=Kind.STREAM, script=STREAM))
    if place:
        await wire.reader.readexactly(place)
    wire.reset() if is_reset else wire.leave()
    return []


async def pipelines(scene: BilledScene) -> Acted:
    """Its requests are answered one after another, in order; of those whose turn has not come when it leaves, none is sent."""
    found = await asyncio.gather(*(_pipeline(scene, case) for case in LEAVES))
    lost = [sentence for findings in found for sentence in findings]
    return Acted(len(LEAVES), lost, recovered_seconds=await scene.recovered("pipelines: again"))


async def _pipeline(scene: BilledScene, case: str) -> list[str]:
    names = [f"pipelines: {case} {number}" for number in range(IN_LINE)]
    leaves_after, found = LEAVES[case], list[str]()
    reads = names if leaves_after is None else names[:leaves_after]
    scene.called.update(reads)
    wire = await connected(scene.sidecar.proxy)
    await wire.send(b"".join(scene.request(name, script=WAITS) for name in names))
    for name in reads:
        found += whole(name, await wire.answer(20))
    latest = SystemClock().now() + int(NOTICED_SECONDS * SECOND)
    wire.leave()
    await asyncio.sleep(NOTICED_SECONDS)
    await scene.settled()
    late = [entry.id for entry in scene.simulator.bill.entries if entry.id in names and entry.received_at > latest]
    return found + [f"{name}: was sent although its caller had left" for name in late]

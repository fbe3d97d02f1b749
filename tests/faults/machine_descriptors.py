"""A machine that gives no more file descriptors: at the start, and from some moment on."""

import asyncio
import resource
import time
from collections import Counter
from contextlib import ExitStack
from typing import Final

from sidecar.simulator.server import running_simulator
from tests.end_to_end.rig import running_sidecar
from tests.faults.billed import BilledScene, whole
from tests.faults.fault import Stage
from tests.faults.together import Acted
from tests.faults.wire import Ending, Heard, Wire, connected
from tests.soak.figures import look

LIMIT, LIMIT_FULL = 160, 512
LOWERED: Final = 64
CROWD: Final = 3
"""Times as many callers as there are descriptors."""
TOLD_SECONDS: Final = 1.5
CALLS: Final = 8


async def opened(stage: Stage, stack: ExitStack) -> BilledScene:
    """A sidecar that may have few descriptors from its start."""
    simulator = stack.enter_context(running_simulator())
    within = ("prlimit", f"--nofile={LIMIT_FULL if stage.is_full else LIMIT}")
    sidecar = running_sidecar(stage.directory, simulator, {"LIMITS__UPSTREAM_IDLE_SECONDS": "1"}, within=within)
    return BilledScene(stack.enter_context(sidecar), simulator, stage)


async def crowded(scene: BilledScene) -> Acted:
    """Callers have taken all they may: one more is told so, those who are there are served, and everything can be looked at."""
    count = CROWD * (LIMIT_FULL if scene.stage.is_full else LIMIT)
    wires = [await connected(scene.sidecar.proxy) for _ in range(count)]
    heard = await asyncio.gather(*(wire.answer(TOLD_SECONDS) for wire in wires))
    there = [wire for wire, each in zip(wires, heard, strict=True) if each.ending is Ending.SILENT]
    told = Counter(map(_told, heard))
    lost = [f"has few descriptors: {many} callers were told {what}" for what, many in told.items() if what not in RIGHT]
    lost += [] if there else ["has few descriptors: nobody was accepted"]
    lost += await _served(scene, there) + await asyncio.to_thread(_looked_at, scene)
    for wire in wires:
        wire.leave()
    recovered = await scene.recovered("has few descriptors: again")
    remark = f"{len(there)} held, {told['503']} told 503, {told['broken']} closed unanswered in the crush"
    return Acted(count, lost, recovered_seconds=recovered, remark=remark)


RIGHT: Final = {"503", "silent", "broken"}


def _told(heard: Heard) -> str:
    return "503" if heard.is_own_error(503) or (heard.status == 503) else str(heard.ending)


async def _served(scene: BilledScene, there: list[Wire]) -> list[str]:
    """Callers that were let in make calls, all at once."""

    async def one(number: int, wire: Wire) -> list[str]:
        name = f"has few descriptors: let in {number}"
        scene.called.add(name)
        fresh = Wire(wire.reader, wire.writer)
        await fresh.send(scene.request(name))
        found = whole(name, await fresh.answer(20))
        row = (await asyncio.to_thread(scene.sidecar.settled, name))[0]
        return found + ([] if row["basis"] == "exact" else [f"{name}: {row['basis']}"])

    found = await asyncio.gather(*(one(number, wire) for number, wire in enumerate(there[:CALLS])))
    return [each for findings in found for each in findings]


def _looked_at(scene: BilledScene) -> list[str]:
    """Metrics, state and ledger, while the descriptors are taken."""
    try:
        figures = [look(scene.sidecar) for _ in range(5)]
    except OSError as error:
        return [f"has few descriptors: metrics and state can't be seen: {error}"]
    return [f"has few descriptors: {figures[-1].rows_dropped} rows were dropped"] if figures[-1].rows_dropped else []


async def lowered(scene: BilledScene) -> Acted:
    """The limit falls below what is in use: no new call can be made, it says so, and all goes on as soon as it rises again."""
    process = scene.sidecar.process.pid
    before = resource.prlimit(process, resource.RLIMIT_NOFILE)
    wires = [await connected(scene.sidecar.proxy) for _ in range(LOWERED // 2)]
    for number, wire in enumerate(wires[:CALLS]):
        name = f"loses its descriptors: before {number}"
        scene.called.add(name)
        await wire.send(scene.request(name, script="seconds=1 output=4"))
    await asyncio.to_thread(_in_flight, scene, CALLS)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (LOWERED, before[1]))
    lost = [
        found for number, wire in enumerate(wires[:CALLS]) for found in whole(f"before {number}", await wire.answer(20))
    ]
    heard = [await scene.ask(f"loses its descriptors: amid {number}") for number in range(CALLS)]
    scene.called -= {f"loses its descriptors: amid {number}" for number in range(CALLS)}
    lost += [f"loses its descriptors: told {each}" for each in map(_told, heard) if each not in RIGHT]
    resource.prlimit(process, resource.RLIMIT_NOFILE, before)
    recovered = await scene.recovered("loses its descriptors: again")
    for wire in wires:
        wire.leave()
    return Acted(2 * CALLS, lost, recovered_seconds=recovered, remark=f"told {dict(Counter(map(_told, heard)))}")


def _in_flight(scene: BilledScene, count: int) -> None:
    deadline = time.monotonic() + 10
    while scene.sidecar.total("calls_in_flight") < count and time.monotonic() < deadline:
        time.sleep(0.02)

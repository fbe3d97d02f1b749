"""A sidecar that is stopped for a while and goes on: SIGSTOP and SIGCONT, as a frozen container or a suspended machine."""

import asyncio
import json
import os
import signal
import time
import urllib.request
from typing import Any, Final

from sidecar.clock import Moment
from tests.end_to_end.operation_scenes import ENFORCE, LONG
from tests.end_to_end.rig import Row, moment
from tests.faults.billed import BilledScene, whole
from tests.faults.books import operations_in, rows_in
from tests.faults.together import Acted
from tests.faults.wire import Kind, Wire, connected

SLEEP_SECONDS, SLEEP_FULL_SECONDS = 5.0, 40.0
HEAD_SECONDS: Final = 2.0
"""`limits.request_head_seconds` of the scene: less than it sleeps, as the lease of an operation is (2 s)."""
SETTINGS: Final = {
    **ENFORCE,
    "LIMITS__UPSTREAM_IDLE_SECONDS": "1",
    "RESCUE__WINDOW_SECONDS": "1",
    "LIMITS__DOWNSTREAM_IDLE_SECONDS": "2",
    "LIMITS__REQUEST_HEAD_SECONDS": str(HEAD_SECONDS),
    "LIMITS__REQUEST_PROGRESS_SECONDS": "2",
    "UPSTREAMS__GEMINI__ON_CLOSE__STREAM": "runs_on",
    "UPSTREAMS__GEMINI__ON_CLOSE__UNARY": "runs_on",
}
ACT: Final = "is stopped for a while"
AFTER_SECONDS: Final = 2.5
"""So long the operation is polled on: longer than its lease was at first."""
ORDER: Final = ("started_at", "committed_at", "answered_at", "finished_at", "settled_at")


async def sleeps(scene: BilledScene) -> Acted:
    """Nobody is blamed for what waited for us, operations whose callers poll on are let be, no duration is below zero."""
    operation = await asyncio.to_thread(_create, scene)
    polling = asyncio.ensure_future(_poll(scene, operation))
    wires = {
        name: await connected(scene.sidecar.proxy) for name in ("stays", "leaves", "half a head", "half a body", "idle")
    }
    scene.called.update(f"{ACT}: {name}" for name in wires)
    await _begin(scene, wires)
    stopped_at, continued_at = await _stop(scene, wires)
    lost = []
    for name in ("stays", "half a head", "half a body", "idle"):
        lost += whole(f"{ACT}: {name}", await wires[name].answer(20))
        wires[name].leave()
    recovered = await scene.recovered(f"{ACT}: again")
    await asyncio.sleep(AFTER_SECONDS)
    wrong = await asyncio.to_thread(_touched, scene, operation)
    polling.cancel()
    await asyncio.to_thread(_settle, scene, operation)
    rows = {row["caller"].removeprefix(f"{ACT}: "): row for row in rows_in(scene.sidecar.ledger)}
    wrong += [found for row in rows.values() for found in _disordered(row)]
    wrong += _judged(rows["leaves"], stopped_at, continued_at)
    return Acted(len(wires) + 1, lost, wrong, recovered_seconds=recovered)


async def _begin(scene: BilledScene, wires: dict[str, Wire]) -> None:
    """What is under way when it is stopped."""
    stream, unary = Kind.STREAM, Kind.UNARY
    await wires["stays"].send(scene.request(f"{ACT}: stays", kind=stream, script="seconds=2 output=40 chunks=20"))
    await wires["leaves"].send(scene.request(f"{ACT}: leaves", kind=unary, script="seconds=1.5 output=4"))
    await wires["half a head"].send(scene.request(f"{ACT}: half a head")[:60])
    await wires["half a body"].send(scene.request(f"{ACT}: half a body")[:-10])
    for name in ("stays", "leaves"):
        await asyncio.to_thread(scene.simulator.reached, f"{ACT}: {name}", "received")


async def _stop(scene: BilledScene, wires: dict[str, Wire]) -> tuple[Moment, Moment]:
    """Stop it, let callers act meanwhile, and let it go on; when it was stopped and when it went on."""
    process, seconds = scene.sidecar.process.pid, SLEEP_FULL_SECONDS if scene.stage.is_full else SLEEP_SECONDS
    os.kill(process, signal.SIGSTOP)
    stopped_at = _now()
    await asyncio.sleep(0.3)
    wires["leaves"].leave()
    await wires["half a head"].send(scene.request(f"{ACT}: half a head")[60:])
    await wires["half a body"].send(scene.request(f"{ACT}: half a body")[-10:])
    await wires["idle"].send(scene.request(f"{ACT}: idle"))
    await asyncio.sleep(seconds)
    os.kill(process, signal.SIGCONT)
    return stopped_at, _now()


def _now() -> Moment:
    return Moment(time.time_ns() // 1000)


def _disordered(row: Row) -> list[str]:
    """Moments of a row that are out of order, and durations below zero."""
    moments = [moment(row, name) for name in ORDER if row[name]]
    is_sound = moments == sorted(moments) and (row["held_milliseconds"] or 0) >= 0
    return [] if is_sound else [f"{row['caller']}: {[row[name] for name in ORDER]}, held {row['held_milliseconds']} ms"]


def _judged(row: Row, stopped_at: Moment, continued_at: Moment) -> list[str]:
    """A caller that left while nobody looked: that it left is known, and not earlier or later than it can have."""
    name, found = row["caller"], list[str]()
    if row["outcome"] not in ("orphan_finished", "undelivered"):
        found.append(f"{name}: {row['outcome']}")
    left_at = moment(row, "left_at") if row["left_at"] else 0
    if not stopped_at <= left_at <= continued_at + 2_000_000:
        found.append(f"{name}: left at {row['left_at']}")
    return found


# === an operation whose caller polls all the time ===


def _ask(scene: BilledScene, method: str, path: str, body: object = None) -> Any:
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Bearer key",
        "X-Simulator": LONG,
        "X-Simulator-Call": f"{ACT}: operation",
        "X-Sidecar-Caller": f"{ACT}: operation",
    }
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{scene.sidecar.proxy}/openai/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(asked, timeout=120) as reply:
        return json.load(reply)


def _create(scene: BilledScene) -> str:
    told = _ask(scene, "POST", "/responses", {"model": "gpt-5-mini", "input": "hi", "background": True})
    return str(told["id"])


async def _poll(scene: BilledScene, operation: str) -> None:
    """One poll after another: while the sidecar is stopped, one waits in the kernel."""
    while True:
        await asyncio.to_thread(_ask, scene, "GET", f"/responses/{operation}")
        await asyncio.sleep(0.3)


def _touched(scene: BilledScene, operation: str) -> list[str]:
    """Cancels that nobody should have sent."""
    (seen,), (row,) = scene.simulator.operations, operations_in(scene.sidecar.ledger)
    told = {name: row[name] for name in ("gone_reason", "lapsed_at", "renewed_at", "lease_seconds")}
    is_let_be = not seen.cancels and row["lapsed_at"] is None
    return [] if is_let_be else [f"{ACT}: {operation} was judged although its caller polls: {told}"]


def _settle(scene: BilledScene, operation: str) -> None:
    """Its caller cancels it."""
    _ask(scene, "POST", f"/responses/{operation}/cancel", {})
    deadline = time.monotonic() + 20
    while not operations_in(scene.sidecar.ledger)[0]["settled_at"] and time.monotonic() < deadline:
        _ask(scene, "GET", f"/responses/{operation}")
        time.sleep(0.1)

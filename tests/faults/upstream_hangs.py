"""A provider that stands still: before its answer, amid it, amid the request; and one that answers byte by byte."""

import asyncio
import time
from functools import partial
from typing import Final

from tests.faults.raw_provider import Play, Turn
from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Ending, Kind

FOLLOWED_SECONDS: Final = 1.0
"""`calls.follow.max_seconds` of the scene."""
STALL_SECONDS: Final = 1.0
"""`limits.upstream_stall_seconds` of the scene."""
SETTINGS: Final = {
    "CALLS__FOLLOW__MAX_SECONDS": str(FOLLOWED_SECONDS),
    "LIMITS__UPSTREAM_STALL_SECONDS": str(STALL_SECONDS),
    "UPSTREAMS__GEMINI__ON_CLOSE__STREAM": "runs_on",
    "UPSTREAMS__GEMINI__ON_CLOSE__UNARY": "runs_on",
}
WAITS_SECONDS: Final = 0.5
"""The caller's patience. The provider's is endless."""
LATE_SECONDS: Final = 5.0
"""What a bound may be missed by on a busy machine."""
UPLOAD: Final = b'{"contents":[{"parts":[{"text":"' + b"x" * 16_000_000 + b'"}]}]}'
FAST_SECONDS, SLOW_SECONDS, SECOND = 0.002, 0.05, 1.0
"""Between two bytes: in the short form, in the full one, and of the last bytes of the full one."""
LAST_BYTES: Final = 20


async def hangs(scene: Scene) -> Acted:
    """The caller leaves; the provider is read on for as long as `calls.follow` allows, then its connection is closed."""
    places = [(kind, place) for kind in Kind for place in scene.stage.some(range(len(scene.answers[kind].raw)), 4)]
    if scene.stage.is_full:
        places = [(kind, place) for kind, place in places if place % 16 == 0]
    lost = await scene.each([partial(_hang, scene, kind, place) for kind, place in places])
    recovered = await scene.recovered("hangs, and again")
    return Acted(
        len(places), lost, recovered_seconds=recovered, remark="bounded by calls.follow.max_seconds once nobody waits"
    )


async def _hang(scene: Scene, kind: Kind, place: int) -> list[str]:
    name, cut = f"hangs: {kind} after {place}", asyncio.Event()

    async def play(turn: Turn) -> None:
        await turn.whole()
        await turn.send(scene.answers[kind].raw[:place])
        await turn.gone()
        cut.set()

    heard = await scene.ask(name, play, kind=kind, patience_seconds=WAITS_SECONDS)
    found = [] if heard.ending is Ending.SILENT else [f"{name}: the caller was not left waiting: {heard.ending}"]
    try:
        await asyncio.wait_for(cut.wait(), FOLLOWED_SECONDS + LATE_SECONDS)
    except TimeoutError:
        found.append(f"{name}: its connection was held past calls.follow.max_seconds")
    return found + ([] if scene.answers[kind].body.startswith(heard.body) else [f"{name}: other bytes came"])


async def takes_nothing(scene: Scene) -> Acted:
    """A large upload, of which the provider reads the head: 504 within `limits.upstream_stall_seconds`."""
    name, ended = "takes nothing of an upload: one", asyncio.Event()

    async def play(turn: Turn) -> None:
        await asyncio.wait_for(ended.wait(), LATE_SECONDS * 4)
        turn.close()

    began = time.monotonic()
    heard = await scene.ask(name, play, body=UPLOAD)
    ended.set()
    seconds = time.monotonic() - began
    lost = [] if heard.is_own_error(504) else [f"{name}: the caller was told {heard.status}, {heard.ending}"]
    if seconds > STALL_SECONDS + LATE_SECONDS:
        lost.append(f"{name}: after {seconds:.1f} s")
    return Acted(1, lost, recovered_seconds=await scene.recovered("takes nothing of an upload: again"))


async def byte_by_byte(scene: Scene) -> Acted:
    """Every byte comes by itself: the answer is the same, and what it cost is exact."""
    lost = await scene.each([partial(_byte_by_byte, scene, kind) for kind in Kind])
    rows = {row["caller"]: row for row in await asyncio.to_thread(scene.sidecar.rows)}
    names = [f"sends byte by byte: {kind}" for kind in Kind]
    wrong = [f"{name}: basis {rows[name]['basis']}" for name in names if rows[name]["basis"] != "exact"]
    return Acted(len(names), lost, wrong)


async def _byte_by_byte(scene: Scene, kind: Kind) -> list[str]:
    name = f"sends byte by byte: {kind}"
    heard = await scene.ask(name, _trickle(scene, scene.answers[kind].raw), kind=kind, patience_seconds=200)
    return scene.untrue(name, heard, is_whole=True)


def _trickle(scene: Scene, raw: bytes) -> Play:
    async def play(turn: Turn) -> None:
        await turn.whole()
        swift = raw if not scene.stage.is_full else raw[:-LAST_BYTES]
        pause_seconds = SLOW_SECONDS if scene.stage.is_full else FAST_SECONDS
        await turn.send(*(bytes([byte]) for byte in swift), pause_seconds=pause_seconds)
        await turn.send(*(bytes([byte]) for byte in raw[len(swift) :]), pause_seconds=SECOND)

    return play

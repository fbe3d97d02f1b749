"""Callers by the thousand: those that come and leave at once, and those that never end the head of a request."""

import asyncio
import contextlib
import resource
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.faults.billed import BilledScene, whole
from tests.faults.together import Acted
from tests.faults.wire import Heard, connected

HEAD_SECONDS: Final = 2.0
"""`limits.request_head_seconds` of the scene."""
SETTINGS: Final = {"LIMITS__REQUEST_HEAD_SECONDS": str(HEAD_SECONDS)}
CONNECTS, CONNECTS_FULL = 5_000, 50_000
EVERY_NTH_ASKS: Final = 20
AT_ONCE: Final = 100
HALF_HEADS, HALF_HEADS_FULL = 1_500, 6_000
OTHERS: Final = 10
DESCRIPTORS: Final = 8_000


async def reconnects(scene: BilledScene) -> Acted:
    """Nothing stays of any of them, and calls go on meanwhile."""
    count, places = CONNECTS_FULL if scene.stage.is_full else CONNECTS, asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            wire = await connected(scene.sidecar.proxy)
            if number % EVERY_NTH_ASKS == 0:
                await wire.send(scene.request(f"reconnects by the thousand: {number}"))
            elif number % EVERY_NTH_ASKS == 1:
                await wire.send(scene.request("nobody")[: number % 200])
            wire.reset() if number % 2 else wire.leave()

    coming = asyncio.gather(*map(one, range(count)))
    lost = await _others(scene, "reconnects by the thousand: meanwhile")
    await coming
    recovered = await scene.recovered("reconnects by the thousand: again")
    return Acted(count, lost, recovered_seconds=recovered)


async def slowloris(scene: BilledScene) -> Acted:
    """Each is told 408 after `limits.request_head_seconds`, and calls go on meanwhile."""
    count = HALF_HEADS_FULL if scene.stage.is_full else HALF_HEADS
    with _descriptors():
        wires = [await connected(scene.sidecar.proxy) for _ in range(count)]
        for wire in wires:
            await wire.send(scene.request("nobody")[:50])
        lost = await _others(scene, "never ends its heads: meanwhile")
        heard = Counter(map(_told, await asyncio.gather(*(wire.answer(30) for wire in wires))))
        for wire in wires:
            wire.leave()
    lost += [f"never ends its heads: {many} were told {what}" for what, many in heard.items() if what != "408"]
    recovered = await scene.recovered("never ends its heads: again")
    return Acted(count, lost, recovered_seconds=recovered)


def _told(heard: Heard) -> str:
    return "408" if heard.is_own_error(408) else f"{heard.status}, {heard.ending}"


async def _others(scene: BilledScene, name: str) -> list[str]:
    """Calls of callers that mean it, one after another."""
    found = []
    for number in range(OTHERS):
        called = f"{name} {number}"
        found += whole(called, await scene.ask(called))
    return found


@contextlib.contextmanager
def _descriptors() -> Iterator[None]:
    """As many descriptors for this process as it may have: the callers are its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, DESCRIPTORS)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

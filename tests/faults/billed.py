"""A sidecar before the simulator, which keeps the bill: for faults of callers and of the machine."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Final

from sidecar.simulator.bill import Bill
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.faults.fault import Stage
from tests.faults.wire import PROMPT, Ending, Heard, Kind, asked, request

SCRIPT: Final = "seconds=0 output=4"
PATIENCE_SECONDS: Final = 20.0


class BilledScene:
    """What an act plays on. Calls of which there has to be a row are added to `called`, by their names."""

    def __init__(self, sidecar: RunningSidecar, simulator: RunningSimulator, stage: Stage) -> None:
        self.sidecar, self.simulator, self.stage = sidecar, simulator, stage
        self.called: set[str] = set()

    def request(self, name: str, *, kind: Kind = Kind.UNARY, body: bytes = PROMPT, script: str = SCRIPT) -> bytes:
        """The bytes of a call."""
        return request(name, "gemini", kind, body, script)

    async def ask(self, name: str, *, kind: Kind = Kind.UNARY, body: bytes = PROMPT, script: str = SCRIPT) -> Heard:
        """Make a call and read its answer."""
        self.called.add(name)
        return await asked(
            self.sidecar.proxy, self.request(name, kind=kind, body=body, script=script), PATIENCE_SECONDS
        )

    async def recovered(self, name: str) -> float:
        """Seconds until a call is answered whole.

        Raises:
            AssertionError: none is.
        """
        since, number = time.monotonic(), 0
        while time.monotonic() - since < PATIENCE_SECONDS:
            heard = await self.ask(f"{name} {number}")
            if (heard.ending, heard.status) == (Ending.WHOLE, 200):
                return time.monotonic() - since
            self.called.discard(f"{name} {number}")  # a connection that was refused was no call
            number += 1
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name}: calls are not answered any more")

    async def ready(self) -> None:
        """A call goes through."""
        await self.recovered("before")

    async def settled(self) -> None:
        """No call is under way at the provider any more."""
        await asyncio.to_thread(self.simulator.settled)

    def bill(self) -> Bill:
        """What the provider asks for."""
        self.simulator.settled()
        return self.simulator.bill

    def asked(self) -> Mapping[str, int]:
        """How often the provider was asked, by the call's name."""
        return Counter(entry.id for entry in self.simulator.bill.entries)

    def names(self) -> Iterable[str]:
        """The calls of which there has to be a row."""
        return self.called

    async def stop(self) -> None:
        """The provider goes when its thread's block ends."""


def before_the_simulator(settings: Mapping[str, str]) -> Callable[[Stage, ExitStack], Awaitable[BilledScene]]:
    """How such a scene is opened."""

    async def opened(stage: Stage, stack: ExitStack) -> BilledScene:
        simulator = stack.enter_context(running_simulator())
        sidecar = stack.enter_context(running_sidecar(stage.directory, simulator, settings))
        return BilledScene(sidecar, simulator, stage)

    return opened


def whole(name: str, heard: Heard) -> list[str]:
    """What is wrong if that is not a whole answer of the provider's."""
    is_whole = (heard.ending, heard.status) == (Ending.WHOLE, 200) and bool(heard.body)
    return [] if is_whole else [f"{name}: {heard.status} with {len(heard.body)} bytes, {heard.ending}"]

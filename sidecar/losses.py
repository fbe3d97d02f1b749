"""Calls that were open when their sidecar died: settled as `lost`, and counted by whoever finds them.

At our start those of a process before us are found. In a ledger that many share others die while we live, and one that was
killed just before our start may not be known to be dead: so we look again and again.
"""

import asyncio
from typing import Final

from sidecar.clock import Clock
from sidecar.errors import LedgerError
from sidecar.ledger.contract import Ledger
from sidecar.lifecycle.neighbors import reach_of
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.recorder import Recorder

PAUSE_SECONDS: Final = 30.0
"""Between two looks."""


class Losses:
    """One per sidecar: `start` it, `stop` it."""

    def __init__(self, ledger: Ledger, recorder: Recorder, clock: Clock) -> None:
        self._ledger = ledger
        self._recorder = recorder
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._looks = 0

    def start(self) -> None:
        """Look now, and from here on.

        Raises:
            LedgerError: the ledger can't be used.
        """
        self._recorder.lost(self._settled())
        self._looking = asyncio.create_task(self._look_again_and_again(), name="losses")

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                lost = await asyncio.to_thread(self._settled)
            except LedgerError:
                continue  # its health says so; what is lost stays lost until then
            self._recorder.lost(lost)

    def _settled(self) -> list[CallRecord]:
        self._looks += 1
        return self._ledger.settle_lost(self._clock.now(), reach_of(self._looks))

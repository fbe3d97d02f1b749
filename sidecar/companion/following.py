"""The time after the command's end: what its calls and operations still cost is watched until it is known."""

import asyncio
from collections.abc import Sequence
from typing import Final

from sidecar.companion.family import waited
from sidecar.companion.screen import Screen
from sidecar.companion.sidecar_of_run import SidecarOfRun
from sidecar.companion.typicals import Typicals
from sidecar.errors import LedgerError
from sidecar.lifecycle.operation_record import OperationRecord

GLANCE_SECONDS: Final = 0.1
LEDGER_SECONDS: Final = 0.5
"""Between two looks at operations, which are asked of the ledger."""
CANCEL_SECONDS: Final = 3.0
"""In `enforce` a cancel gets so long, however little one wants to wait: without it nothing would be stopped."""


class Following:
    """Follows once. Belongs to the event loop's thread."""

    def __init__(self, sidecar: SidecarOfRun, screen: Screen, typicals: Typicals, *, is_enforcing: bool) -> None:
        self._sidecar, self._screen, self._typicals = sidecar, screen, typicals
        self._is_enforcing = is_enforcing
        self._told = set[str]()
        self._looked_at = -LEDGER_SECONDS
        self.operations: Sequence[OperationRecord] = ()
        """Those of the run, as they were when they were looked at last."""

    async def follow(self, head: str, wait_seconds: float, is_over: asyncio.Event) -> None:
        """Until nothing goes on that is worth waiting for, `wait_seconds` are over, or somebody wants no more of it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(GLANCE_SECONDS)  # the last of the callers' connections are being closed
        while not is_over.is_set():
            past = loop.time() - began
            await self._look_at_operations(loop.time())
            operations = self._sidecar.orphaned_operations(self.operations)
            orphans = [*self._sidecar.orphaned_calls(), *operations]
            patience = max(wait_seconds, CANCEL_SECONDS) if self._is_enforcing and operations else wait_seconds
            if past >= patience or not (orphans or self._sidecar.is_busy()):
                break
            self._screen.show(head, [(each, await self._typicals.of(each)) for each in orphans], past)
            await waited(is_over, GLANCE_SECONDS)
        self._screen.clear()

    async def look_once_more(self) -> None:
        """Bring `operations` up to date."""
        await self._look_at_operations(self._looked_at + LEDGER_SECONDS)

    async def _look_at_operations(self, now: float) -> None:
        if now - self._looked_at < LEDGER_SECONDS:
            return
        self._looked_at = now
        try:
            self.operations = await self._sidecar.operations_of_run()
        except LedgerError:  # the log says so; what was known before is all that there is
            return
        new = {record.id for record in self.operations if record.settled_at is None and record.provider_id} - self._told
        if new:
            self._told |= new
            self._sidecar.operations_abandoned(new)

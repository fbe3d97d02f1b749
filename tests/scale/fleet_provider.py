"""The provider of a simulated fleet: takes so many cancels a second and says 429 to the rest; counts what it is asked."""

import json
from collections import Counter
from collections.abc import Callable

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Ask
from sidecar.reaper.contract import Answer, Credential
from tests.reaper.provider import Job, Provider
from tests.scale.fleet_loop import FleetLoop, PodClock

Leaves = Callable[[OperationRecord, str], None]
"""Told of a cancel as it leaves, and of the instance that sends it."""


class FleetProvider(Provider):
    """As `Provider`, within a quota."""

    def __init__(self, loop: FleetLoop, leaves: Leaves) -> None:
        super().__init__(PodClock(loop))
        self._loop = loop
        self.cancel_leaves = leaves
        self.cancels_a_second: int | None = None
        """What it takes; None takes all."""
        self.looks_asked: Counter[int] = Counter()
        self.cancels_asked: Counter[int] = Counter()
        self.refusals = 0

    def told(self, job: Job) -> bytes:
        """What a caller is told of its job."""
        return json.dumps(self.document(job)).encode()

    def _cancel(self, id: str, source: str) -> tuple[int, object]:
        second = int(self._loop.time())
        self.cancels_asked[second] += 1
        if self.cancels_a_second is not None and self.cancels_asked[second] > self.cancels_a_second:
            self.refusals += 1
            return 429, {}
        return super()._cancel(id, source)

    def _reply(self, ask: Ask, source: str) -> tuple[int, object]:
        if ask.verb == "GET":
            self.looks_asked[int(self._loop.time())] += 1
        return super()._reply(ask, source)


class FleetAsker:
    """An `Asker`; tells of each cancel as it leaves."""

    def __init__(self, provider: FleetProvider, instance: str) -> None:
        self._provider = provider
        self._instance = instance

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        """Send one request."""
        if ask.target.endswith(":cancel"):
            self._provider.cancel_leaves(record, self._instance)
        return await self._provider.answer(ask, credential)

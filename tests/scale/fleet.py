"""A simulated fleet: pods on nodes, callers in them, one database and one provider, and what of it is judged at the end.

Every moment is simulated and every throw of the dice is seeded: the same seed gives the same run. What decides is the product's
(`fleet_pod.py`); what is here opens operations, polls, goes away, breaks things, and keeps the books.
"""

import asyncio
import gc
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from sidecar.lifecycle.operation_record import OperationRecord
from tests.reaper.provider import Job
from tests.reaper.world import RULES
from tests.scale.fleet_database import FleetDatabase
from tests.scale.fleet_loop import FleetLoop
from tests.scale.fleet_pod import Pod
from tests.scale.fleet_provider import FleetProvider

PODS_ON_A_NODE: Final = 30
ZONES: Final = 3
STARTING_SECONDS: Final = 60.0
"""In which the pods of a fleet come up."""
POLL_SECONDS: Final = 20.0
"""Between two polls of a caller, a tenth more or less."""
SHORTEST_SECONDS, LONGEST_SECONDS = 60.0, 900.0
"""What operations take by themselves."""
PART_LEAVES: Final = 0.1
"""Of all callers so many go away in the middle of their operation."""
PART_ELSEWHERE: Final = 0.05
"""So many poll through any pod's sidecar, not through the one that opened it, and so ask for a lease (`X-Sidecar-Lease`)."""

LONG_AGO_SECONDS: Final = 240.0
"""A caller that has been gone for so long (15 s of a term, 20 s of a beat, 60 s of a lease, a grace, and the time that a
provider takes) leaves nothing that still runs."""
ON_ITS_WAY_SECONDS: Final = 0.5
"""A poll through one pod is known to another when it is written: it waits for others to be written with (`proxy/renewals.py`)."""


class Caller:
    """One operation, and who wants it."""

    __slots__ = (
        "gone_at", "id", "is_elsewhere", "is_served", "job", "leaves_at", "poll_seconds", "polled_at", "silent_seconds",
        "silent_until",
    )  # fmt: skip

    def __init__(self, id: str, job: Job, leaves_at: float | None, *, is_elsewhere: bool, poll_seconds: float) -> None:
        self.id, self.job, self.leaves_at, self.is_elsewhere = id, job, leaves_at, is_elsewhere
        self.poll_seconds = poll_seconds
        self.polled_at = self.silent_seconds = 0.0
        """When it polled last, and how long it had been silent before."""
        self.gone_at: float | None = None
        self.is_served = False
        self.silent_until = 0.0
        """It is there, and does not poll before."""


class Fleet:
    """All of it. `run` a scenario's part, break something, and run on."""

    def __init__(self, pods: int, operations_of_a_pod: int = 2, seed: int = 1) -> None:
        self.loop = FleetLoop(seed)
        self.database = FleetDatabase(self.loop)
        self.database.tells_spend = False
        self.provider = FleetProvider(self.loop, self._cancel_leaves)
        self.dice = random.Random(seed)
        self.callers: dict[str, Caller] = {}
        self._living_in: defaultdict[str, list[Caller]] = defaultdict(list)
        """The callers of each pod's application, by the pod's name."""
        self.cancelled_falsely: list[str] = []
        self.patience_seconds = RULES.lease_seconds + RULES.grace_seconds
        """A caller that was silent for less is not to lose its operation."""
        self.long_ago_seconds = LONG_AGO_SECONDS
        self._numbers = 0
        self._pods_made = 0
        self._operations_of_a_pod = operations_of_a_pod
        self.pods = [self._made() for _ in range(pods)]
        for pod in self.pods:
            self.later(self.dice.uniform(0, STARTING_SECONDS), partial(self.come_up, pod))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        gc.freeze()  # what is there stays there, and is not looked through again and again
        self.loop.run(asyncio.sleep(seconds))

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        """Do something after so many seconds."""
        self.loop.call_later(seconds, what)

    def close(self) -> None:
        """End all that is still under way."""
        gc.unfreeze()
        for task in asyncio.all_tasks(self.loop.as_loop):
            task.cancel()
        self.loop.run(asyncio.sleep(0))
        self.loop.run(asyncio.sleep(0))

    @property
    def living(self) -> list[Pod]:
        """The pods that are alive."""
        return [pod for pod in self.pods if pod.is_alive]

    # === pods ===

    def _made(self) -> Pod:
        node, self._pods_made = self._pods_made // PODS_ON_A_NODE, self._pods_made + 1
        name = f"app-{self.dice.randrange(16**5):05x}.{self.dice.randrange(16**8):08x}"
        return Pod(name, node, self.database, self.provider, self.dice.randrange(2**32))

    def come_up(self, pod: Pod) -> None:
        """Start a pod, and its application."""
        self._spawn(self._started(pod))

    async def _started(self, pod: Pod) -> None:
        await pod.start()
        self.serve(pod, self._operations_of_a_pod)

    def serve(self, pod: Pod, operations: int, poll_seconds: float = POLL_SECONDS) -> None:
        """Applications open so many operations through a pod, and others when those are over."""
        for _ in range(operations):
            self.later(self.dice.uniform(0, POLL_SECONDS), partial(self._create, pod, poll_seconds))

    def replace(self, pod: Pod) -> None:
        """A rolling update's part: a new pod comes up, then the old one ends in order."""
        fresh = self._made()
        self.pods.append(fresh)
        self.come_up(fresh)
        self.later(5.0, partial(self._end, pod))

    def _end(self, pod: Pod) -> None:
        self._callers_go(pod)
        self._spawn(pod.end())

    def kill(self, pods: list[Pod]) -> None:
        """They are gone in one moment, their applications with them."""
        for pod in pods:
            self._callers_go(pod)
            pod.kill()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.create_task(work)

    # === callers ===

    def _create(self, pod: Pod, poll_seconds: float) -> None:
        """An application creates an operation, if it lives; another one follows when that is over."""
        if not pod.has_application:
            return
        self._numbers += 1
        lasts = self.dice.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)
        job = self.provider.create(ends_in=lasts)
        leaves = self.loop.time() + self.dice.uniform(0, lasts) if self.dice.random() < PART_LEAVES else None
        caller = Caller(
            f"o{self._numbers:08}",
            job,
            leaves,
            is_elsewhere=self.dice.random() < PART_ELSEWHERE,
            poll_seconds=poll_seconds,
        )
        caller.polled_at = self.loop.time()
        self.callers[caller.id] = caller
        self._living_in[pod.name].append(caller)
        pod.open(caller.id, job, is_lease_asked=caller.is_elsewhere)
        self._poll_later(caller, pod)

    def _poll_later(self, caller: Caller, pod: Pod) -> None:
        self.later(caller.poll_seconds * self.dice.uniform(0.9, 1.1), partial(self._poll, caller, pod))

    def _poll(self, caller: Caller, pod: Pod) -> None:
        now = self.loop.time()
        if caller.leaves_at is not None and now >= caller.leaves_at and caller.gone_at is None:
            caller.gone_at = caller.leaves_at
        if caller.gone_at is not None:
            self._create(pod, caller.poll_seconds)
            return
        if now >= caller.silent_until:
            through = self._any_living() if caller.is_elsewhere else pod
            caller.silent_seconds, caller.polled_at = now - caller.polled_at, now
            caller.is_served = through.poll(caller.job)
        if caller.is_served:
            self._create(pod, caller.poll_seconds)
        else:
            self._poll_later(caller, pod)

    def _any_living(self) -> Pod:
        while True:
            pod = self.dice.choice(self.pods)
            if pod.has_application:
                return pod

    def _callers_go(self, pod: Pod) -> None:
        """The applications of a pod die with it; those elsewhere live on."""
        pod.has_application = False
        for caller in self._living_in.pop(pod.name, ()):
            if not caller.is_elsewhere and caller.gone_at is None:
                caller.gone_at = self.loop.time()

    def _cancel_leaves(self, record: OperationRecord, instance: str) -> None:
        caller, row = self.callers[record.id], self.database.records[record.id]
        silent_seconds = self.loop.time() - caller.polled_at
        if silent_seconds < ON_ITS_WAY_SECONDS:  # the poll that was to prevent it is on its way
            silent_seconds += caller.silent_seconds
        if caller.gone_at is None and silent_seconds < self.patience_seconds:
            self.cancelled_falsely.append(f"{record.id} by {instance}: its caller polls")
        if row.holder != instance:
            self.cancelled_falsely.append(f"{record.id} by {instance}, held by {row.holder}")

"""How much time there is at the end: counted from SIGTERM, and in a pod also from the moment at which its end was announced.

Kubernetes calls every container's preStop hook when a pod is deleted, and counts the pod's grace from there. The application
may use up all of it; we get SIGTERM when it is dead, or when the grace is over, and then two seconds are left (KEP-753).
"""

from typing import Final

import msgspec

from sidecar.clock import Clock
from sidecar.config.ending import Drain

SPARE_SECONDS: Final = 3.0
"""We are done so long before the pod's grace is over: for the ledger, the page and a busy machine."""
HURRY_SECONDS: Final = 1.4
"""Of the two seconds that are left when the grace is over: a busy machine takes the rest. Cancels are sent in a part of it."""
HURRIED_CALLS_SECONDS: Final = 0.5
"""Live calls get so long then: their callers are being killed in the same moment."""
HURRIED_CANCELS_SECONDS: Final = 1.2
"""And providers so long to confirm cancels; what they have not confirmed, the next sidecar of a shared ledger asks about."""
LEDGER_SECONDS: Final = 10.0
"""The ledger's file may be on a slow disk: whoever has time waits so long for it."""
LEAST_SECONDS: Final = 0.3


class Patience(msgspec.Struct, frozen=True):
    """Seconds since SIGTERM within which something has to be over."""

    calls: float
    """Live calls and orphans: those that are left then are cut."""
    cancels: float
    """Cancels that were sent are waited for."""
    all: float
    """Everything, the wait for a last scrape included."""

    @property
    def is_hurry(self) -> bool:
        """We are killed soon after."""
        return self.calls < self.all


def patience(drain: Drain, announced_seconds: float | None) -> Patience:
    """The time there is, if the end was announced so many seconds before SIGTERM; None when it was not."""
    rest = drain.deadline_seconds
    if drain.callers_are_gone and announced_seconds is not None:
        rest = min(rest, drain.pod_grace_seconds - SPARE_SECONDS - announced_seconds)
        if rest < HURRY_SECONDS:
            return Patience(HURRIED_CALLS_SECONDS, HURRIED_CANCELS_SECONDS, HURRY_SECONDS)
    return Patience(rest, rest, rest)


class Ending:
    """The end of one sidecar: `announce` it as often as somebody says so, `begin` it once; `rest` is what is left of it."""

    def __init__(self, drain: Drain, clock: Clock) -> None:
        self._drain = drain
        self._clock = clock
        self._announced_at: float | None = None
        self._begun_at = 0.0
        self.patience = patience(drain, None)

    def announce(self) -> None:
        """The pod is being deleted: its grace begins."""
        self._announced_at = self._now()

    @property
    def is_counted(self) -> bool:
        """Kubernetes counts a grace, and kills us when it is over."""
        return self._drain.callers_are_gone and self._announced_at is not None

    def begin(self) -> None:
        """SIGTERM."""
        self._begun_at = self._now()
        since = None if self._announced_at is None else self._begun_at - self._announced_at
        self.patience = patience(self._drain, since)

    def rest(self, least_seconds: float = 0.0) -> float:
        """Seconds until everything has to be over; `least_seconds` are taken in any case, unless Kubernetes counts."""
        least_seconds = LEAST_SECONDS if self.is_counted else least_seconds
        return max(least_seconds, self.patience.all - self._gone())

    def rest_for_cancels(self) -> float:
        """Seconds until nothing more is waited for from a provider."""
        return max(LEAST_SECONDS, self.patience.cancels - self._gone())

    def _gone(self) -> float:
        return self._now() - self._begun_at

    def _now(self) -> float:
        return self._clock.monotonic_ns() / 1e9

"""The end of a pod as kubelet plays it (KEP-753).

t0: it is deleted; t1: the application ends; t2: SIGTERM for us; t3: the grace is over.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from sidecar.clock import Moment
from tests.end_to_end.pod import Pod, now
from tests.end_to_end.pod_app import App

LAST_SECONDS = 2.0
"""From the second SIGTERM of kubelet, when the grace is over, to SIGKILL."""
LOOK_SECONDS = 0.01


class Ending(NamedTuple):
    """The moments of a pod's end. All is told by the clock that rows and journals are written by."""

    deleted_at: Moment
    """t0."""
    pre_stop_seconds: float
    app_ended_at: Moment | None
    """t1; None where it lived to the end."""
    told_at: Moment | None
    """t2, or t3 where the application lived so long: the container's first SIGTERM; None where it was dead."""
    ended_at: Moment
    status: int | None
    """Of the container's process; None where kubelet had to kill it."""

    @property
    def seconds(self) -> float:
        """From SIGTERM to the end."""
        return (self.ended_at - (self.told_at or self.ended_at)) / 1e6

    @property
    def all_seconds(self) -> float:
        """From the deletion to the end."""
        return (self.ended_at - self.deleted_at) / 1e6


class Deletion:
    """Plays the end of one pod. Everything that kubelet does is done by `run`, in the thread that calls it."""

    def __init__(self, pod: Pod, app: App | None, between: Callable[[], object] | None = None) -> None:
        """`between` is done when the hook has returned, and before anybody looks whether the application has ended."""
        self._pod, self._app, self._between = pod, app, between
        self._deleted_at = now()
        self._ends_at = time.monotonic() + pod.asked.grace_seconds
        self.told_at: Moment | None = None
        """When the container got its first SIGTERM."""

    def run(self, *, pre_stop: bool = True) -> Ending:
        """Play it. Without `pre_stop` as where a node goes down: everything is told at once, or the hook could not be run."""
        self._deleted_at = now()
        self._ends_at = time.monotonic() + self._pod.asked.grace_seconds
        with ThreadPoolExecutor(1) as pool:
            hook = pool.submit(self._pod.pre_stop) if pre_stop else None
            if self._app is not None:
                self._app.send(signal.SIGTERM)
            hook_seconds = hook.result() if hook else 0.0
        if self._between is not None:
            self._between()
        is_app_over = self._app is None or self._app.is_over(self._rest())
        if is_app_over:
            self._tell()
            self._pod.ended(self._rest())
        return self._over(hook_seconds)

    def _rest(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())

    def _tell(self) -> None:
        """SIGTERM for the container, with at least the two seconds that every sidecar has."""
        if self._pod.is_alive():
            self.told_at = self.told_at or now()
            self._ends_at = max(self._ends_at, time.monotonic() + LAST_SECONDS)
            self._pod.send(signal.SIGTERM)

    def _over(self, hook_seconds: float) -> Ending:
        """t3, if it comes to that: SIGTERM for all that lives, two seconds, SIGKILL."""
        if self._app is not None:
            self._app.send(signal.SIGTERM)
        self._ends_at = time.monotonic()
        self._tell()
        status = self._pod.ended(LAST_SECONDS)
        ended_at = now()
        if self._app is not None:
            self._app.is_over(self._rest())
            self._app.send(signal.SIGKILL)
            self._app.is_over(LAST_SECONDS)
        if status is None:
            self._pod.crash()
            ended_at = now()
        app_ended_at = self._app.ended_at if self._app is not None else None
        return Ending(self._deleted_at, hook_seconds, app_ended_at, self.told_at, ended_at, status)

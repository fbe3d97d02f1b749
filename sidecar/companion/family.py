"""Who of the command's processes still calls after it has ended; and the burial of those that have been given to us."""

import asyncio
import os
import select
from collections.abc import Callable, Collection
from typing import Final

from sidecar.callers.process import HAS_PIDFD
from sidecar.companion.process_tree import (
    become_subreaper,
    dead_children,
    holding,
    living_descendants,
    processes,
    sockets_to,
)

LOOK_SECONDS: Final = 0.25
GRACE_SECONDS: Final = 3.0
"""A process that the command has left behind gets so long to make its first call: an SDK takes a second or two to be imported."""
BURIAL_SECONDS: Final = 1.0
"""One that has ended and is still there after so long is ours to bury. A library's own child is not: it is waited for at once."""


class Family:
    """The processes of one command. Belongs to the event loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        """`port` is where their calls come to."""
        self._loop, self._port = loop, port
        self._is_subreaper = become_subreaper()
        self._held: dict[int, int | None] = {}
        """Processes that call, each by a pidfd where the system has them, so that its number means it and nobody else."""
        self._dead = frozenset[int]()
        self._burial: asyncio.TimerHandle | None = None

    async def until_alone(self, told: Callable[[Collection[int]], None], is_over: asyncio.Event) -> Collection[int]:
        """Wait until nobody of them calls any more, or somebody wants no more of it; returns those that live on.

        One that holds a connection to us is waited for until it ends; one that holds none, a moment. `told` hears once who
        it is that is waited for.
        """
        has_told, grace_ends = False, self._loop.time() + GRACE_SECONDS
        while True:
            living = await asyncio.to_thread(self._look)
            is_waited_for = bool(self._held) or (living and self._loop.time() < grace_ends)
            if not is_waited_for or is_over.is_set():
                return living
            if self._held and not has_told:
                told(sorted(self._held))
                has_told = True
            await waited(is_over, LOOK_SECONDS)

    def child_ended(self) -> None:
        """SIGCHLD: somebody below us has ended, and may be one that nobody else waits for."""
        if self._burial is None:
            self._burial = self._loop.call_later(BURIAL_SECONDS, self._bury)

    def close(self) -> None:
        """Let go of everybody."""
        if self._burial is not None:
            self._burial.cancel()
        for pid in list(self._held):
            self._let_go(pid)

    def _look(self) -> set[int]:
        """Who lives; and who of them calls, from now on until it ends."""
        known = list(processes())
        living = living_descendants(os.getpid(), known)
        everybody = living if self._is_subreaper else {each.pid for each in known if not each.has_ended} - {os.getpid()}
        for pid in [pid for pid, pidfd in self._held.items() if pid not in everybody or has_ended(pidfd)]:
            self._let_go(pid)
        for pid in holding(everybody, sockets_to(self._port)):
            if pid not in self._held:
                self._hold(pid)
        return living

    def _hold(self, pid: int) -> None:
        try:
            self._held[pid] = os.pidfd_open(pid) if HAS_PIDFD else None
        except OSError:  # it has ended
            return

    def _let_go(self, pid: int) -> None:
        pidfd = self._held.pop(pid)
        if pidfd is not None:
            os.close(pidfd)

    def _bury(self) -> None:
        """Those that were dead at the last look and still are. Those that are new get their time first."""
        self._burial = None
        dead = dead_children(os.getpid(), processes())
        for pid in dead & self._dead:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        self._dead = frozenset(dead - self._dead)
        if self._dead:
            self.child_ended()


def has_ended(pidfd: int | None) -> bool:
    """Whether a process has, told by its pidfd; False where there is none to ask."""
    if pidfd is None:
        return False
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


async def waited(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, so long at most; whether it has come."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True

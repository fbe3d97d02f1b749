"""Tells, at once, when the last process that stands behind an operation has ended.

An operation may be opened by one process and polled by another: all that were seen asking for it stand behind it. One of which
no process could be seen has none here, and is judged by its lease alone: also when others ask for it later, who can be seen. Or
whoever knows its id could have it taken for abandoned, by asking for it and ending.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final

from sidecar.callers.peer import Address, PeerLookup
from sidecar.callers.process import HAS_PIDFD, Process, holders_among, holders_of

Gone = Callable[[Collection[str], str], None]
"""Told the operations that nobody stands behind any more, and the evidence in a few words."""
Unseen = Callable[[str], None]
"""Told, once, why processes can't be seen here."""

NOT_HERE: Final = "the caller's end of the connection is not in this network namespace"
NOT_SHOWN: Final = (
    "no process that this user may look at holds the caller's socket (another user, or no shared process namespace)"
)
NO_PIDFD: Final = "this system has no pidfd_open"


class CallerExits:
    """Which processes stand behind which operations. Belongs to the event loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, peers: PeerLookup, gone: Gone, unseen: Unseen) -> None:
        self._loop = loop
        self._peers = peers
        self._gone = gone
        self._unseen = unseen
        self._has_told_unseen = False
        self._watched: set[Process] = set()
        """One process may be among them several times, once for each connection: pidfds and not pids tell processes apart."""
        self._behind: dict[str, set[Process]] = {}
        """By operation."""
        self._unseen_openers: set[str] = set()
        """Operations that nobody can be said to have left, as the first who asked for them could not be seen."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._holders: dict[int, frozenset[Process]] = {}
        """Who holds a socket, by its inode: looked up once for a connection, as long as all of them live."""

    def seen(self, operation: str, ours: Address, theirs: Address) -> Coroutine[Any, Any, None] | None:
        """A request about an operation came over this connection: whoever holds its other end stands behind it.

        Returns what to wait for where it has to be looked up; None where it is known.
        """
        inode = self._peers.inode_of(ours, theirs) if HAS_PIDFD else None
        if inode is None:
            self._cannot_see(operation, NOT_HERE if HAS_PIDFD else NO_PIDFD)
            return None
        known = self._holders.get(inode)
        if known is None:
            return self._look_up(operation, inode)
        self._behind.setdefault(operation, set()).update(known)
        return None

    def forget(self, operation: str) -> None:
        """Nobody needs to stand behind it any more."""
        self._unseen_openers.discard(operation)
        for process in self._behind.pop(operation, ()):
            if not any(process in others for others in self._behind.values()):
                self._let_go(process)

    def close(self) -> None:
        """Watch nobody any more."""
        for task in self._tasks:
            task.cancel()
        for process in list(self._watched):
            self._let_go(process)
        self._behind.clear()
        self._unseen_openers.clear()

    async def _look_up(self, operation: str, inode: int) -> None:
        # An application has many connections, and mostly it is the only one that has: so its own descriptors are looked at first.
        found = await asyncio.to_thread(holders_among, self._one_of_each(), inode)
        found = [process for process in found if process in self._watched]  # others have ended meanwhile
        if not found:
            found = self._watch(await asyncio.to_thread(holders_of, inode))
        if not found:
            self._cannot_see(operation, NOT_SHOWN)
            return
        self._holders[inode] = frozenset(found)
        self._behind.setdefault(operation, set()).update(found)

    def _watch(self, found: list[Process]) -> list[Process]:
        for process in found:
            self._watched.add(process)
            self._loop.add_reader(process.pidfd, self._ended, process)
        return found

    def _one_of_each(self) -> list[Process]:
        """Every process that is watched, once."""
        return list({process.pid: process for process in self._watched}.values())

    def _ended(self, process: Process) -> None:
        self._loop.remove_reader(process.pidfd)  # it would be told again and again
        task = self._loop.create_task(self._succeed(process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _succeed(self, process: Process) -> None:
        """Its children may hold its connections (a program that puts itself into the background): then they stand there now."""
        sockets = [inode for inode, held in self._holders.items() if process in held]
        heirs: set[Process] = set()
        for inode in sockets:
            heirs.update(self._watch(await asyncio.to_thread(holders_of, inode)))
        theirs = [operation for operation, others in self._behind.items() if process in others]
        for operation in theirs:
            self._behind[operation].discard(process)
            self._behind[operation].update(heirs)
        for nobodys in {process, *(heirs if not theirs else ())}:
            self._let_go(nobodys)
        gone = [operation for operation in theirs if not self._behind[operation]]
        for operation in gone:
            del self._behind[operation]
        if told := [operation for operation in gone if operation not in self._unseen_openers]:
            self._gone(told, f"process {process.pid} exited")

    def _let_go(self, process: Process) -> None:
        self._holders = {inode: held for inode, held in self._holders.items() if process not in held}
        if process in self._watched:
            self._watched.remove(process)
            self._loop.remove_reader(process.pidfd)
            os.close(process.pidfd)

    def _cannot_see(self, operation: str, why: str) -> None:
        if operation not in self._behind:
            self._unseen_openers.add(operation)
        if not self._has_told_unseen:
            self._has_told_unseen = True
            self._unseen(why)

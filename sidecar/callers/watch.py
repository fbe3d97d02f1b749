"""A watch on callers' sockets that sees FIN and RST in every phase, also while nothing is being read.

An event loop notices the end of a connection by reading it. While reading is paused (the provider takes an upload
slowly) it would notice nothing. So every socket is also in an epoll set of its own, which asks only for "the peer has
closed" (EPOLLRDHUP) and errors, edge-triggered: it costs one system call a connection, and nothing until somebody leaves.
"""

import asyncio
import contextlib
import select
from collections.abc import Callable

from sidecar.lifecycle.events import LeftReason

Departed = Callable[[LeftReason], None]


RESET = getattr(select, "EPOLLERR", 0) | getattr(select, "EPOLLHUP", 0)
"""What a reset looks like. The error itself is gone when the loop has read it first; what stays is HUP, both directions over,
which an orderly end looks like only once we have closed ours as well. So a socket is watched only until then."""


class DepartureWatch:
    """Calls back once or twice for each watched socket: `FIN` when its peer closed, `RST` when it was reset.

    Where the system has no epoll (macOS), nothing is watched here and the transports' own events must do.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._departed: dict[int, Departed] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            loop.add_reader(self._epoll.fileno(), self.look)

    def add(self, fd: int, departed: Departed) -> None:
        """Watch a socket until `remove`."""
        if self._epoll is not None:
            self._departed[fd] = departed
            self._epoll.register(fd, select.EPOLLRDHUP | select.EPOLLET)

    def remove(self, fd: int) -> None:
        """Forget a socket; to be called before we close our sending half, and before its number can be another's."""
        if self._departed.pop(fd, None) is not None and self._epoll is not None:
            with contextlib.suppress(OSError):  # the kernel has forgotten it with the last descriptor
                self._epoll.unregister(fd)

    def close(self) -> None:
        """Stop watching."""
        if self._epoll is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None
        self._departed.clear()

    def fileno(self) -> int:
        """What the loop waits for; -1 where nothing is watched."""
        return -1 if self._epoll is None else self._epoll.fileno()

    def look(self) -> None:
        """Call back for all that have departed by now: the loop does so by itself, in its own time."""
        for fd, events in self._epoll.poll(0) if self._epoll is not None else ():
            departed = self._departed.get(fd)
            if departed is not None:
                self._tell(departed, LeftReason.RST if events & RESET else LeftReason.FIN)

    def _tell(self, departed: Departed, reason: LeftReason) -> None:
        """Call back. An edge is told once, so one caller's bug must not swallow the departures of the others."""
        try:
            departed(reason)
        except Exception as error:
            self._loop.call_exception_handler({"message": "a departure could not be told", "exception": error})

"""Which processes hold the caller's end of a connection: from the kernel's socket to `/proc`, and from there to a pidfd.

A number is not an identity: pids are used again. So a process is held by a pidfd (pidfd_open(2), Linux 5.3), and only then it
is looked up once more that it has the socket: what had it in between can only be the same process. Reading the descriptors of a
process takes its user's rights and a shared view of `/proc`; where those are missing nobody is found, and nobody is guessed.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")
HAS_PIDFD: Final = hasattr(os, "pidfd_open")


class Process(NamedTuple):
    """A process that is held, so that its number means it and nobody else."""

    pid: int
    pidfd: int
    """Readable when it has ended. Whoever gets it closes it."""


def holders_of(inode: int) -> list[Process]:
    """The processes that hold a socket, each by a pidfd. Blocks for some milliseconds: reads the descriptors of every process.

    Several hold one where it was inherited (a forking server). Empty where `/proc` shows none of them.
    """
    held = []
    for pid in _pids_with(inode):
        process = _hold(pid)
        if process is None:
            continue
        if _has(pid, inode):
            held.append(process)
        else:
            os.close(process.pidfd)
    return held


def holders_among(known: Iterable[Process], inode: int) -> list[Process]:
    """Those of these processes, which are held already, that hold a socket: a look at their descriptors alone."""
    return [process for process in known if _has(process.pid, inode)]


def _hold(pid: int) -> Process | None:
    try:
        return Process(pid, os.pidfd_open(pid))
    except (OSError, AttributeError):  # it ended, or the system has none
        return None


def _pids_with(inode: int) -> Iterator[int]:
    own = os.getpid()  # the sidecar's own questions to itself have no caller that could leave
    for directory in _inside(PROC):
        if directory.name.isdigit() and int(directory.name) != own and _has(int(directory.name), inode):
            yield int(directory.name)


def _has(pid: int, inode: int) -> bool:
    """Whether a process has a descriptor of a socket. False for one that may not be looked at."""
    wanted = f"socket:[{inode}]"
    return any(_target(link) == wanted for link in _inside(PROC / str(pid) / "fd"))


def _inside(directory: Path) -> list[Path]:
    """What a directory holds; nothing where it has gone or may not be read."""
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed in between
        return ""

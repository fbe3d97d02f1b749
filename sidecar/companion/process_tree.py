"""The command's processes, its children's children too, also where these have put themselves into the background.

A process whose parent has ended is given to the nearest ancestor that has asked for it (prctl(2), PR_SET_CHILD_SUBREAPER), else
to init. We ask: so whatever comes of the command stays below us in `/proc`, and its dead are ours to bury.
"""

import ctypes
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.callers.process import PROC

PR_SET_CHILD_SUBREAPER: Final = 36
ENDED: Final = frozenset("ZXx")
"""States of /proc/PID/stat of a process that has ended and was not waited for."""


class Process(NamedTuple):
    """A line of the system's list of processes."""

    pid: int
    parent: int
    has_ended: bool


def become_subreaper() -> bool:
    """Ask to be given the orphans of our descendants; False where the system does not know that, or forbids it."""
    try:
        return bool(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (AttributeError, OSError):
        return False


def processes() -> Iterator[Process]:
    """All processes that `/proc` shows; none where there is no `/proc`."""
    try:
        names = [name for name in os.listdir(PROC) if name.isdigit()]  # noqa: PTH208  a Path for each costs more than the rest
    except OSError:
        return
    for name in names:
        try:
            line = (PROC / name / "stat").read_bytes()
        except OSError:  # it has ended
            continue
        state, parent, *_ = line[line.rindex(b")") + 2 :].split(None, 2)  # its name may hold spaces and parentheses
        yield Process(int(name), int(parent), state.decode() in ENDED)


def living_descendants(root: int, known: Iterable[Process]) -> set[int]:
    """The processes below one that have not ended."""
    children: dict[int, list[Process]] = defaultdict(list)
    for process in known:
        children[process.parent].append(process)
    found, waiting = set[int](), [root]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found.update(child.pid for child in below if not child.has_ended)
        waiting += [child.pid for child in below]
    return found


def dead_children(parent: int, known: Iterable[Process]) -> set[int]:
    """The children of one that have ended, and that nobody has waited for."""
    return {process.pid for process in known if process.parent == parent and process.has_ended}


def sockets_to(port: int) -> set[str]:
    """The inodes of the sockets in this network namespace that are connected to a local port, as `/proc/PID/fd` names them."""
    return {
        f"socket:[{inode}]"
        for table in ("tcp", "tcp6")
        for remote, inode in _connections(PROC / "self" / "net" / table)
        if remote == port and inode != "0"
    }


def _connections(table: Path) -> Iterator[tuple[int, str]]:
    """The remote port and the inode of each connection in one of the kernel's tables."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        yield int(fields[2].rpartition(":")[2], 16), fields[9]


def holding(pids: Iterable[int], sockets: set[str]) -> set[int]:
    """Those of the processes that have one of the sockets open. One that may not be looked at has none."""
    return {pid for pid in pids if sockets and not sockets.isdisjoint(_open_by(pid))}


def _open_by(pid: int) -> Iterator[str]:
    try:
        descriptors = list((PROC / str(pid) / "fd").iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        try:
            yield str(descriptor.readlink())
        except OSError:  # closed in between
            continue

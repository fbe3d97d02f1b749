"""One writer for one file, among all processes of the machine."""

import fcntl
import os
from pathlib import Path
from typing import Self

from sidecar.errors import LedgerError


class FileLock:
    """An advisory lock on `<ledger>.lock`, held until released or until the process ends, however it ends.

    A file beside the ledger and not the ledger itself: SQLite has locks of its own there, and POSIX drops all locks that
    a process holds on a file as soon as it closes any descriptor of it. The file stays when the lock is released:
    removing it would let two processes lock two files of the same name.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor: int | None = descriptor
        self._name = name

    @classmethod
    def take(cls, ledger: Path) -> Self:
        """Take the lock of a ledger, at once or not at all.

        Raises:
            LedgerError: another sidecar holds it.
            OSError: the lock's file can't be made.
        """
        name = f"{ledger}.lock"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise LedgerError(
                str(ledger),
                f"is in use by another sidecar (process {holder or 'unknown'})",
                "stop that one, or set ledger.url to a file of its own; reports can be made while it runs",
            ) from None
        lock = cls(descriptor, name)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:  # the disk is full
            lock.release()
            raise
        return lock

    def is_in_place(self) -> bool:
        """Whether our lock is the one that another process would ask for: not if somebody has removed its file."""
        if self._descriptor is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._descriptor), Path(self._name).stat())
        except OSError:
            return False

    def release(self) -> None:
        """Let the next one write. Safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

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

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, ledger: Path) -> Self:
        """Take the lock of a ledger, at once or not at all.

        Raises:
            LedgerError: another sidecar holds it.
            OSError: the lock's file can't be made.
        """
        descriptor = os.open(f"{ledger}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next one write. Safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

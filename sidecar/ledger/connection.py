"""The one connection by which the file is written: made anew where the files by its names are no longer those that were opened.

SQLite would go on writing to a file without a name, and all of it would be gone at the end; and the log of one file, found beside
another, would be taken for that one's.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sidecar.clock import Clock
from sidecar.errors import LedgerError
from sidecar.ledger.carrying import Carried, number_of, put_down, unsettled_in
from sidecar.ledger.lock import FileLock
from sidecar.ledger.opening import make_directory, open_to_write

Identity = tuple[int, int] | None
"""Which file there is by a name, whatever it holds; None for none."""
NAMES: Final = ("", "-wal", "-shm")
"""What SQLite has open: the file, its log, and the log's index."""


class FileConnection:
    """One per ledger; used by one thread at a time."""

    def __init__(self, path: Path, lock: FileLock, clock: Clock, say: Callable[[str], None]) -> None:
        """`say` is told what people should know; all of it is in `notices` as well."""
        self.notices: tuple[str, ...] = ()
        self._path = path
        self._lock = lock
        self._clock = clock
        self._say = say
        self._connection: sqlite3.Connection | None = None
        self._files: tuple[Identity, ...] = ()
        self._carried: Carried = {}

    def current(self) -> sqlite3.Connection:
        """The connection; a new one if the files are not there any more, or the last one was let go.

        Raises:
            sqlite3.Error: the file can't be opened, or what was written to the old one can't be brought to its end.
            LedgerError: the same; or another sidecar has the lock since somebody removed ours.
        """
        self._keep_the_lock()
        if self._connection is None:
            return self._connect()
        now = _files_by(self._path)
        return self._connection if now == self._files else self._change_over(self._connection, now)

    def drop(self) -> None:
        """Let go of the connection; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Let go of the file and of its lock."""
        try:
            self.drop()
        finally:
            self._lock.release()

    def _keep_the_lock(self) -> None:
        """Somebody may have removed its file, alone or with the whole directory, and then another sidecar can take one too."""
        if self._lock.is_in_place():
            return
        make_directory(self._path.parent)
        anew = FileLock.take(self._path)
        self._lock.release()
        self._lock = anew

    def _change_over(self, old: sqlite3.Connection, now: tuple[Identity, ...]) -> sqlite3.Connection:
        is_same = now[0] == self._files[0]
        if not is_same:
            # Whatever the old file is unable to tell is not carried over: the new one must be written all the same.
            with contextlib.suppress(sqlite3.Error):
                self._carried = unsettled_in(old)
        _empty_the_log(old, self._path)
        self.drop()
        anew = self._connect()
        self._tell(self._what_happened(is_same=is_same, is_there=now[0] is not None))
        return anew

    def _connect(self) -> sqlite3.Connection:
        opened = open_to_write(self._path, self._clock.now(), is_first=not self._files)
        try:
            put_down(opened.connection, self._carried)
        except BaseException:
            opened.connection.close()
            raise
        self._connection, self._files = opened.connection, _files_by(self._path)
        if opened.notice:
            self._tell(opened.notice)
        return opened.connection

    def _what_happened(self, *, is_same: bool, is_there: bool) -> str:
        if is_same:
            return f"the log of the ledger {self._path} was removed or replaced while in use; nothing of it is missing"
        carried, self._carried = number_of(self._carried), {}
        kept = f"with the {carried} operations of the old one that had not settled. Missing from reports now: all else"
        if is_there:
            return f"the ledger {self._path} was replaced while in use; that file is written now, {kept} that it does not hold"
        return f"the ledger {self._path} was removed while in use; a new one was begun, {kept}"

    def _tell(self, notice: str) -> None:
        self.notices += (notice,)
        self._say(notice)


def _empty_the_log(connection: sqlite3.Connection, path: Path) -> None:
    """Bring everything into the file, wherever it is by now, so that a log that stays behind says nothing about another."""
    ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if is_busy:
        raise LedgerError(str(path), "was moved while another program reads it", "close that one")


def _files_by(path: Path) -> tuple[Identity, ...]:
    return tuple(_identity(Path(f"{path}{name}")) for name in NAMES)


def _identity(name: Path) -> Identity:
    try:
        found = name.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

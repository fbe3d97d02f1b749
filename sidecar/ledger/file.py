"""What is done to the file: each method is one transaction, and raises when it failed, with nothing changed."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

from sidecar.clock import Clock, Moment
from sidecar.errors import LedgerError
from sidecar.ledger.lock import FileLock
from sidecar.ledger.opening import make_directory, open_to_write
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_sql import expire as expire_operations
from sidecar.ledger.rows import Row, Snapshot, as_record, as_row
from sidecar.ledger.statements import EXPIRE_CALLS, SETTLE_LOST, UPSERT_CALL, UPSERTS
from sidecar.ledger.trouble import UNWRITABLE, as_ledger_error, is_damage
from sidecar.lifecycle.record import CallRecord


class Point(StrEnum):
    """Named places between statements, told to `Signal`. Tests listen there, and end the process there."""

    BEGUN = "begun"
    """In a transaction that has done nothing yet."""
    CHANGED = "changed"
    """All statements have run; COMMIT is next."""
    COMMITTED = "committed"
    """The transaction is durable, and nobody has been told."""


Signal = Callable[[Point], None]


def silent(_: Point) -> None:
    """Nobody listens."""


class Upserted(NamedTuple):
    """What became of a batch."""

    rows: int
    refusals: list[Exception]
    """One for each row that no ledger could take."""


class LedgerFile:
    """The file, its lock and the one connection that writes it."""

    def __init__(self, path: Path, lock: FileLock, instance: str, clock: Clock, signal: Signal) -> None:
        self.path = path
        self.instance = instance
        self.notices: tuple[str, ...] = ()
        self.commit_seconds = 0.0
        self._lock = lock
        self._clock = clock
        self._signal = signal
        self._one_at_a_time = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._is_closed = False

    @classmethod
    def open(cls, path: Path, instance: str, clock: Clock, signal: Signal = silent) -> Self:
        """Take the lock of a file, make what is missing, and bring it up to date.

        Raises:
            LedgerError: another sidecar writes it, or it can't be opened.
        """
        try:
            make_directory(path.parent)
            file = cls(path, FileLock.take(path), instance, clock, signal)
        except OSError as error:
            raise as_ledger_error(path, error) from error
        try:
            file._connect()
        except BaseException:
            file.close()
            raise
        return file

    def upsert(self, snapshots: list[Snapshot]) -> Upserted:
        """Write snapshots, each the last of its call. Rows that are settled already stay as they are.

        Raises:
            sqlite3.Error: the file can't be written.
            LedgerError: nor opened again.
        """
        with self.transaction() as connection:
            try:
                _upsert(connection, [as_row(snapshot, self.instance) for snapshot in snapshots])
                refusals = []
            except UNWRITABLE:
                # One of them would hold up all others for ever. What was written before it is only written again.
                refusals = self._upsert_each(connection, snapshots)
        return Upserted(len(snapshots) - len(refusals), refusals)

    def settle_lost(self, now: Moment) -> list[CallRecord]:
        """Settle the open rows of earlier instances, and return them.

        Raises:
            sqlite3.Error: the file can't be written.
            LedgerError: nor opened again.
            msgspec.MsgspecError: a row holds what no call can.
        """
        with self.transaction() as connection:
            lost = connection.execute(SETTLE_LOST.sql, {**SETTLE_LOST.values, "me": self.instance, "now": now})
            return [as_record(row) for row in lost.fetchall()]

    def expire(self, before: Moment) -> int:
        """Delete a chunk of the settled calls and operations that are older; returns how many.

        Raises:
            sqlite3.Error: the file can't be written.
            LedgerError: nor opened again.
        """
        with self.transaction() as connection:
            deleted = connection.execute(EXPIRE_CALLS.sql, {**EXPIRE_CALLS.values, "before": before}).rowcount
            deleted += expire_operations(executing(connection), before)
        with self.reading() as connection:
            _give_space_back(connection)
        return deleted

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone on the connection: durable when it is left, undone when it is left by an error.

        Raises:
            sqlite3.Error: the file can't be written.
            LedgerError: nor opened again; or it was closed.
        """
        with self.reading() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._signal(Point.BEGUN)
                yield connection
                self._signal(Point.CHANGED)
                self._commit(connection)
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.rollback()
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection alone, for questions that are quick.

        Raises:
            sqlite3.Error: the file can't be read.
            LedgerError: nor opened again; or it was closed.
        """
        with self._one_at_a_time:
            try:
                yield self._connected()
            except BaseException as error:
                if is_damage(error):
                    self._disconnect()  # opened again it is looked at, and moved aside
                raise

    def close(self) -> None:
        """Let go of the file and of its lock. Safe to call twice."""
        with self._one_at_a_time:
            self._is_closed = True
            try:
                self._disconnect()
            finally:
                self._lock.release()

    def _commit(self, connection: sqlite3.Connection) -> None:
        began = self._clock.monotonic_ns()
        connection.execute("COMMIT")
        self.commit_seconds = (self._clock.monotonic_ns() - began) / 1e9
        self._signal(Point.COMMITTED)

    def _upsert_each(self, connection: sqlite3.Connection, snapshots: list[Snapshot]) -> list[Exception]:
        refusals: list[Exception] = []
        for snapshot in snapshots:
            try:
                connection.execute(UPSERT_CALL, as_row(snapshot, self.instance))
            except UNWRITABLE as error:
                refusals.append(error)
        return refusals

    def _connected(self) -> sqlite3.Connection:
        """The connection; a new one if the file is not there any more, or was found damaged."""
        if self._is_closed:
            raise LedgerError(str(self.path), "is closed")  # and another may have its lock by now
        if self._connection is not None and self._identity != _identity(self.path):
            # SQLite would go on writing to a file without a name, and all of it would be gone at the end.
            self._disconnect()
            anew = self._connect()
            self.notices += (f"the ledger {self.path} was removed while in use; a new one was begun",)
            return anew
        return self._connection or self._connect()

    def _connect(self) -> sqlite3.Connection:
        opened = open_to_write(self.path, self._clock.now())
        self._connection, self._identity = opened.connection, _identity(self.path)
        if opened.notice:
            self.notices += (opened.notice,)
        return opened.connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _upsert(connection: sqlite3.Connection, rows: list[Row]) -> None:
    """Write rows in as few statements as there can be."""
    start = 0
    for size, statement in UPSERTS.items():
        while len(rows) - start >= size:
            connection.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _give_space_back(connection: sqlite3.Connection) -> None:
    """Return free pages to the disk when they are a quarter of the file; below that the next rows will want them."""
    (free,), (pages,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free * 4 > pages:
        # As a script, which runs to its end: `execute` takes one step, and each step frees one page.
        connection.executescript("PRAGMA incremental_vacuum(1000)")

"""What is done to the file: each method is one transaction, and raises when it failed, with nothing changed."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

from sidecar.clock import Clock, Moment
from sidecar.errors import LedgerError
from sidecar.ledger.connection import FileConnection
from sidecar.ledger.lock import FileLock
from sidecar.ledger.opening import make_directory
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_sql import expire as expire_operations
from sidecar.ledger.room import Room
from sidecar.ledger.rows import Row, Snapshot, as_record, as_row
from sidecar.ledger.statements import EXPIRE_CALLS, SETTLE_LOST, UPSERT_CALL, UPSERTS
from sidecar.ledger.trouble import UNWRITABLE, as_ledger_error, is_damage
from sidecar.ledger.turns import Turns
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


Say = Callable[[str], None]


def unsaid(_: str) -> None:
    """Nobody reads it."""


class Upserted(NamedTuple):
    """What became of a batch."""

    rows: int
    refusals: list[Exception]
    """One for each row that no ledger could take."""


class LedgerFile:
    """The file, its lock and the one connection that writes it."""

    def __init__(
        self, path: Path, held: FileConnection, instance: str, clock: Clock, signal: Signal, most_bytes: int | None
    ) -> None:
        self.path = path
        self.instance = instance
        self.commit_seconds = 0.0
        self._held = held
        self._clock = clock
        self._signal = signal
        self._room = Room(most_bytes)
        self._one_at_a_time = Turns()
        self._is_closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        instance: str,
        clock: Clock,
        signal: Signal = silent,
        most_bytes: int | None = None,
        say: Say = unsaid,
    ) -> Self:
        """Take the lock of a file, make what is missing, and bring it up to date; above `most_bytes` old rows make room.

        `say` is told what people should know, now and later, by whichever thread uses the file.

        Raises:
            LedgerError: another sidecar writes it, or it can't be opened.
        """
        try:
            make_directory(path.parent)
            held = FileConnection(path, FileLock.take(path), clock, say)
        except OSError as error:
            raise as_ledger_error(path, error) from error
        file = cls(path, held, instance, clock, signal, most_bytes)
        try:
            held.current()
        except BaseException:
            file.close()
            raise
        return file

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should be told once."""
        return self._held.notices

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
            if self._room.is_to_be_looked_at(len(snapshots)):
                self._room.make(connection, self._clock.now())
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
                self._refuse_if_closed()
                yield self._held.current()
            except BaseException as error:
                if is_damage(error):
                    self._held.drop()  # opened again it is looked at, and moved aside
                raise

    def close(self) -> None:
        """Let go of the file and of its lock. Safe to call twice."""
        with self._one_at_a_time:
            self._is_closed = True
            self._held.close()

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise LedgerError(str(self.path), "is closed")  # and another may have its lock by now

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


def _upsert(connection: sqlite3.Connection, rows: list[Row]) -> None:
    """Write rows in as few statements as there can be."""
    start = 0
    for size, statement in UPSERTS.items():
        while len(rows) - start >= size:
            connection.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size


def _give_space_back(connection: sqlite3.Connection) -> None:
    """Return free pages to the disk when they are a quarter of the file; below that the next rows will want them."""
    (free,), (pages,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free * 4 > pages:
        # As a script, which runs to its end: `execute` takes one step, and each step frees one page.
        connection.executescript("PRAGMA incremental_vacuum(1000)")

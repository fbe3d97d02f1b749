"""What is done to the database: each method is one transaction, and raises when it failed, with nothing changed."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from sidecar.clock import Clock, Moment
from sidecar.ledger.file import Point, Signal, Upserted
from sidecar.ledger.operation_sql import expire as expire_operations
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_database import executing
from sidecar.ledger.postgres_neighbors import asked_of, gap_in
from sidecar.ledger.postgres_pool import Connections
from sidecar.ledger.postgres_presence import Presence
from sidecar.ledger.postgres_statements import EXPIRE_CALLS, SETTLE_LOST_OF_DEAD, UPSERT_CALLS
from sidecar.ledger.postgres_trouble import UNWRITABLE, told
from sidecar.ledger.rows import NOTHING, ROW_COLUMNS, Snapshot, as_record, as_row
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.record import CallRecord

NULLABLE: Final = frozenset(column.name for column in CALLS.columns if column.nullable)

_encode: Final = msgspec.json.Encoder().encode


class PostgresStore:
    """The place that the writer's thread writes to."""

    def __init__(self, connections: Connections, presence: Presence, clock: Clock, signal: Signal) -> None:
        self.address = connections.address
        self.notices: tuple[str, ...] = ()
        self.commit_seconds = 0.0
        self._connections = connections
        self._presence = presence
        self._clock = clock
        self._signal = signal

    def upsert(self, snapshots: list[Snapshot]) -> Upserted:
        """Write snapshots, each the last of its call. Rows that are settled already stay as they are.

        Raises:
            LedgerError: the server can't be reached or written.
        """
        with told(self.address):
            try:
                with self._transaction() as connection:
                    self._upsert(connection, snapshots)
            except UNWRITABLE:
                # One of them would hold up all others for ever.
                refusals = self._upsert_each(snapshots)
                return Upserted(len(snapshots) - len(refusals), refusals)
        return Upserted(len(snapshots), [])

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Settle the open rows of dead instances, and return them.

        Raises:
            LedgerError: the server can't be reached or written, or a row holds what no call can.
        """
        with told(self.address), self._transaction() as connection:
            dead_before = self._presence.dead_before(connection)
            gap = gap_in(connection, self._presence.instance, dead_before, reach)
            settling = SETTLE_LOST_OF_DEAD[gap.is_around]
            lost = connection.execute(settling.sql, {**settling.values, "now": now, **asked_of(gap, dead_before)})
            return [as_record(row) for row in lost.fetchall()]

    def expire(self, before: Moment) -> int:
        """Delete a chunk of the settled calls and operations that are older, whoever wrote them; returns how many.

        Raises:
            LedgerError: the server can't be reached or written.
        """
        with told(self.address), self._transaction() as connection:
            calls = connection.execute(EXPIRE_CALLS.sql, {**EXPIRE_CALLS.values, "before": before}).rowcount
            return calls + expire_operations(executing(connection), before)

    def close(self) -> None:
        """Say goodbye and let go of the connections. Safe to call twice."""
        self._presence.end()
        self._connections.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._connections.one() as connection:
            with connection.transaction():
                self._signal(Point.BEGUN)
                yield connection
                self._signal(Point.CHANGED)
                began = self._clock.monotonic_ns()
            self.commit_seconds = (self._clock.monotonic_ns() - began) / 1e9
            self._signal(Point.COMMITTED)

    def _upsert(self, connection: Connection, snapshots: list[Snapshot]) -> None:
        rows = [_as_object(snapshot, self._presence.instance) for snapshot in snapshots]
        connection.execute(UPSERT_CALLS, {"rows": _encode(rows).decode()})

    def _upsert_each(self, snapshots: list[Snapshot]) -> list[Exception]:
        refusals: list[Exception] = []
        with self._transaction() as connection:
            for snapshot in snapshots:
                try:
                    with connection.transaction():
                        self._upsert(connection, [snapshot])
                except UNWRITABLE as error:
                    refusals.append(error)
        return refusals


def _as_object(snapshot: Snapshot, instance: str) -> Mapping[str, Any]:
    """A row by the names of its columns. A NUL, which SQLite keeps, is no text to PostgreSQL."""
    values = dict(zip(ROW_COLUMNS, as_row(snapshot, instance), strict=True))
    for name, value in values.items():
        if value == NOTHING and name in NULLABLE:
            values[name] = None
        elif isinstance(value, str) and "\0" in value:
            values[name] = value.replace("\0", "\ufffd")
    return values

"""Running the statements about operations on a connection to PostgreSQL, in transactions of their own."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy.sql import ClauseElement

from sidecar.clock import Moment
from sidecar.ledger.operation_database import Execute
from sidecar.ledger.operation_rows import Row
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_pool import Connections
from sidecar.ledger.postgres_presence import Presence
from sidecar.ledger.postgres_statements import for_postgres
from sidecar.ledger.postgres_trouble import told


class PostgresDatabase:
    """A `Database` (see `operation_database.py`): the connections that calls are written by too, and the server's clock."""

    def __init__(self, connections: Connections, presence: Presence) -> None:
        self.instance = presence.instance
        self.where = connections.address.shown
        self.connections = connections
        self.presence = presence

    def now(self) -> Moment:
        """The present moment by the server's clock."""
        return self.presence.now()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        """One transaction.

        Raises:
            LedgerError: whatever went wrong; nothing has changed.
        """
        with told(self.connections.address), self.connections.transaction() as connection:
            yield executing(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Execute]:
        """Room for questions. Raises as `transaction` does."""
        with told(self.connections.address), self.connections.one() as connection:
            yield executing(connection)


def executing(connection: Connection) -> Execute:
    """What `operation_sql` runs its statements by."""
    return partial(_execute, connection)


def _execute(connection: Connection, statement: ClauseElement, parameters: Mapping[str, Any]) -> list[Row]:
    made = for_postgres(statement)
    cursor = connection.execute(made.sql.encode(), {**made.values, **parameters})
    return [] if cursor.description is None else list(cursor.fetchall())

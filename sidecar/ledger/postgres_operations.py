"""Operations in a database that many sidecars share, where each may take over what the dead ones left."""

from typing import Self

from sidecar.ledger.operation_reader import SqlOperationReader
from sidecar.ledger.operation_rows import as_record
from sidecar.ledger.operation_sql import SqlOperations
from sidecar.ledger.postgres_database import PostgresDatabase
from sidecar.ledger.postgres_neighbors import asked_of, gap_in
from sidecar.ledger.postgres_reader import PostgresReader
from sidecar.ledger.postgres_statements import DEAD_HOLDERS, TAKE_OVER
from sidecar.ledger.postgres_trouble import told
from sidecar.lifecycle.operation_record import OperationRecord


class PostgresOperations(SqlOperations):
    """An `OperationLedger` (see `operations.py`)."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._shared = database

    def take_over(self, limit: int, reach: int | None = None) -> list[OperationRecord]:
        """Make unsettled operations of dead instances this one's; rows that another takes at the same time are passed over."""
        presence, connections = self._shared.presence, self._shared.connections
        with told(connections.address), connections.transaction() as connection:
            dead_before = presence.dead_before(connection)
            gap = gap_in(connection, presence.instance, dead_before, reach)
            asking = DEAD_HOLDERS[gap.is_around]
            asked = connection.execute(asking.sql.encode(), {**asking.values, **asked_of(gap, dead_before)})
            dead = [holder for (holder,) in asked]
            taking = {**TAKE_OVER.values, "me": presence.instance, "dead": dead, "most": limit}
            taken = [as_record(row) for row in connection.execute(TAKE_OVER.sql.encode(), taking)] if dead else []
        return sorted(taken, key=lambda record: (record.due_at, record.id))


class PostgresOperationReader(SqlOperationReader):
    """An `OperationLedgerReader` of a database: connects for each question."""

    @classmethod
    def open(cls, url: str, *, named_by: str = "ledger.url") -> Self:
        """A reader of the database that an address names. `named_by` is the setting, as it was typed, for messages.

        Raises:
            LedgerError: the database can't be reached, or holds no ledger. Says what to do.
        """
        reader = PostgresReader.open(url, named_by=named_by)
        return cls(reader.executing, reader.place.shown)

"""The ledger that many sidecars share: one PostgreSQL database, one writer thread in each of them."""

from typing import Self

from msgspec.structs import replace

from sidecar.clock import Clock, Moment
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.buffered import BufferedLedger
from sidecar.ledger.contract import MOST_ROWS_WAITING, LedgerHealth
from sidecar.ledger.file import Signal, silent
from sidecar.ledger.postgres_address import PostgresAddress, postgres_address
from sidecar.ledger.postgres_database import PostgresDatabase
from sidecar.ledger.postgres_operations import PostgresOperations
from sidecar.ledger.postgres_pool import Connections
from sidecar.ledger.postgres_presence import TERM_SECONDS, Presence
from sidecar.ledger.postgres_schema import bring_up_to_date
from sidecar.ledger.postgres_store import PostgresStore
from sidecar.ledger.postgres_trouble import told
from sidecar.ledger.writer import Writer
from sidecar.lifecycle.record import CallRecord


class PostgresLedger(BufferedLedger):
    """A `Ledger` (see `contract.py`) in a database. While the server is away rows wait, as they do for a full disk.

    `operations` are those of this run of the program (`operations.OperationLedger`); of no use once closed.
    """

    def __init__(
        self, store: PostgresStore, backlog: Backlog, writer: Writer, presence: Presence, operations: PostgresOperations
    ) -> None:
        super().__init__(store, backlog, writer)
        self.place: PostgresAddress = store.address
        self.operations = operations
        self._postgres = store
        self._presence = presence

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        instance: str,
        retention_days: int | None = None,
        most_rows_waiting: int = MOST_ROWS_WAITING,
        signal: Signal = silent,
        term_seconds: float = TERM_SECONDS,
    ) -> Self:
        """Connect, make the tables where they are missing, say that we are here, and start the writer.

        `instance` names this run of the program: another at every start. `retention_days` is how long a settled row is
        kept, whoever wrote it; None keeps all. `signal` hears the writer pass the points between its statements.
        `term_seconds` is for how long others take us to be alive after the last word from us.

        Raises:
            LedgerError: the address names no database, or it can't be reached or written; a newer sidecar wrote it, or its
                tables are another program's. Says what to do.
        """
        connections = Connections(postgres_address(url), f"sidecar {instance}", clock=clock)
        presence = Presence(connections.address, instance, clock, term_seconds)
        with told(connections.address):
            try:
                with connections.one() as connection:
                    bring_up_to_date(connection, clock.now(), connections.address.shown)
                presence.begin()
            except BaseException:
                presence.end()
                connections.close()
                raise
        store = PostgresStore(connections, presence, clock, signal)
        backlog = Backlog(most_rows_waiting)
        writer = Writer(store, backlog, clock, retention_days)
        writer.start()
        return cls(store, backlog, writer, presence, PostgresOperations(PostgresDatabase(connections, presence)))

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Settle what dead instances left open as `lost`, and return those rows. Waits for the server.

        The living ones' rows stay. Who was killed is dead a term after his last word, and may be buried by an instance that has
        itself been in touch for a term: so in a shared ledger this is to be asked again from time to time.

        Raises:
            LedgerError: the server can't be reached or written.
        """
        return self._postgres.settle_lost(now, reach)

    def health(self) -> LedgerHealth:
        """How the ledger is now. Never waits for the server."""
        health = super().health()
        return replace(health, errors=health.errors | self._presence.errors)

"""Writing new money into the rows of a database."""

from collections.abc import Mapping, Sequence

from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.postgres_pool import Connections
from sidecar.ledger.postgres_statements import REPRICE_CALL
from sidecar.ledger.postgres_trouble import told


def write(place: PostgresAddress, changes: Sequence[Mapping[str, str | None]]) -> list[bool]:
    """Change rows in one transaction; says of each whether it still was as it had been read. Values as of `reprice_call`.

    Raises:
        LedgerError: the database can't be written; nothing has changed.
    """
    connections = Connections(place, "sidecar reprice", most=1)
    try:
        with told(place), connections.transaction() as connection:
            with connection.pipeline():  # one wait for all, not one for each
                cursors = [connection.execute(REPRICE_CALL.encode(), values) for values in changes]
            return [cursor.rowcount > 0 for cursor in cursors]
    finally:
        connections.close()

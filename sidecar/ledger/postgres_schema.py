"""How a database comes to have the tables: each step is applied once, however many sidecars start at once."""

from typing import Final

from psycopg import errors

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_steps import STATEMENTS
from sidecar.ledger.schema import refuse_newer
from sidecar.ledger.steps import STEPS
from sidecar.ledger.tables import METADATA, SCHEMA_VERSION

LOCK: Final = 0x5349444543415200
"""The number of the advisory lock under which steps are applied: the letters of the name."""
STEP_SECONDS: Final = 600
"""For the steps, and for waiting on another sidecar that applies them. An index on a large table takes its time."""


def version_of(connection: Connection, where: str) -> int:
    """The version of the schema; 0 where there is none.

    Raises:
        LedgerError: another program has tables of these names.
        psycopg.Error: the database can't be read.
    """
    names = [table.name for table in METADATA.sorted_tables]
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_table_is_visible(oid) AND relkind IN ('r', 'p', 'v')",
        [names],
    )
    tables = {name for (name,) in found.fetchall()}
    if SCHEMA_VERSION.name in tables:
        return _applied(connection, where)
    if tables:
        raise _of_another(where, ", ".join(sorted(tables)))
    return 0


def bring_up_to_date(connection: Connection, now: Moment, where: str) -> None:
    """Apply the steps that the database has not had, in one transaction, while no other sidecar does.

    Raises:
        LedgerError: the database is newer, or another program's.
        psycopg.Error: it can't be written; nothing has changed.
    """
    if version_of(connection, where) == len(STEPS):
        return
    with connection.patient(STEP_SECONDS):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        version = version_of(connection, where)
        refuse_newer(version, where)
        for number, statements in enumerate(STATEMENTS[version:], start=version + 1):
            for statement in statements:
                connection.execute(statement.encode())
            row = (number, STEPS[number - 1].caption, now)
            connection.execute("INSERT INTO schema_version VALUES (%s, %s, %s)", row)


def _applied(connection: Connection, where: str) -> int:
    try:
        row = connection.execute(
            "SELECT coalesce(max(version), 0), count(caption), count(applied_at) FROM schema_version"
        )
    except errors.UndefinedColumn as error:
        raise _of_another(where, SCHEMA_VERSION.name) from error
    ((version, _, _),) = row.fetchall()
    return int(version)


def _of_another(where: str, tables: str) -> LedgerError:
    return LedgerError(
        where,
        f"holds another program's tables of the same names ({tables})",
        "give the ledger a database of its own, or a schema: ...?options=-csearch_path%3Dsidecar",
    )

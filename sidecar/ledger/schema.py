"""How a file comes to have the tables: each step is applied once, in one transaction with its version."""

import sqlite3

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.ledger.steps import NEWEST, STEPS
from sidecar.ledger.tables import SCHEMA_VERSION


def version_of(connection: sqlite3.Connection, where: str) -> int:
    """The version of a file's schema; 0 for an empty file.

    Raises:
        LedgerError: the file is another program's.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if SCHEMA_VERSION.name in tables:
        return _applied(connection)
    if tables:
        raise LedgerError(where, "is another program's SQLite file", "set ledger.url to a file of its own")
    return 0


def refuse_newer(version: int, where: str) -> None:
    """Refuse a ledger whose rows may mean what this program can't know.

    Raises:
        LedgerError: the ledger is newer.
    """
    if version > NEWEST:
        raise LedgerError(
            where,
            f"was written by a newer sidecar (schema {version}, this one knows {NEWEST})",
            "upgrade this sidecar, or set ledger.url to another file",
        )


def refuse_older(version: int, where: str) -> None:
    """Refuse a ledger that lacks what this program asks for; whoever only reads brings nothing up to date.

    Raises:
        LedgerError: the ledger is empty or older.
    """
    if version < NEWEST:
        older = f"was written by an older sidecar (schema {version}, not {NEWEST})"
        problem = "is empty" if version == 0 else older
        raise LedgerError(where, problem, "start `sidecar serve` with it once: that brings it up to date")


def bring_up_to_date(connection: sqlite3.Connection, version: int, now: Moment) -> None:
    """Apply the steps that a file of this version has not had, all in one transaction.

    Raises:
        sqlite3.Error: it can't be written; nothing has changed.
    """
    if version == NEWEST:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, step in enumerate(STEPS[version:], start=version + 1):
            for statement in step.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?, ?, ?)", (number, step.caption, now))
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.rollback()
        raise


def _applied(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    return int(version)

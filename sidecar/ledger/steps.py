"""How a file comes to have the tables: an ordered list of steps, each applied once, in one transaction with its version.

Steps only ever expand (new tables, new columns that may be null, new indexes): they take no time on a large file, lose
nothing, and rows of any age stay readable. A step that was released is never edited: add the next one. The text is frozen
on purpose and not made from `tables.py`, which changes; a test proves that all steps together make exactly those tables.
A new word that older sidecars can't read in a column (a kind of call) is a step as well, one without statements.
"""

import sqlite3
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.ledger.tables import SCHEMA_VERSION


class Step(msgspec.Struct, frozen=True):
    """What takes a ledger from one version to the next."""

    caption: str
    statements: tuple[str, ...]


STEPS: Final = (
    Step(
        "calls",
        (
            """
            CREATE TABLE schema_version (
                version INTEGER NOT NULL,
                caption TEXT NOT NULL,
                applied_at INTEGER NOT NULL,
                PRIMARY KEY (version)
            ) STRICT
            """,
            """
            CREATE TABLE calls (
                id TEXT NOT NULL,
                upstream TEXT NOT NULL,
                provider TEXT NOT NULL,
                dialect TEXT NOT NULL,
                model TEXT NOT NULL,
                kind TEXT NOT NULL,
                caller TEXT,
                started_at INTEGER NOT NULL,
                committed_at INTEGER,
                answered_at INTEGER,
                left_at INTEGER,
                left_reason TEXT,
                finished_at INTEGER,
                settled_at INTEGER,
                outcome TEXT,
                http_status INTEGER,
                usage TEXT NOT NULL,
                spend_usd TEXT,
                orphaned_usd TEXT,
                avoidable_usd TEXT,
                basis TEXT,
                price_source TEXT,
                rescued_by TEXT,
                attempt_of TEXT,
                basis_reason TEXT,
                avoidable_basis TEXT,
                unpriced_reason TEXT,
                instance TEXT NOT NULL,
                PRIMARY KEY (id)
            ) STRICT
            """,
            "CREATE INDEX calls_by_start ON calls (started_at)",
            "CREATE INDEX calls_open ON calls (started_at) WHERE outcome IS NULL",
        ),
    ),
    Step(
        "what a call's money hangs on",
        (
            "ALTER TABLE calls ADD COLUMN method TEXT",
            "ALTER TABLE calls ADD COLUMN tier TEXT",
            "ALTER TABLE calls ADD COLUMN variant TEXT",
            "ALTER TABLE calls ADD COLUMN labels TEXT",
            "ALTER TABLE calls ADD COLUMN asked_model TEXT",
            "ALTER TABLE calls ADD COLUMN usage_basis TEXT",
            "ALTER TABLE calls ADD COLUMN usage_reason TEXT",
            "ALTER TABLE calls ADD COLUMN handed_over TEXT",
            "ALTER TABLE calls ADD COLUMN usage_at_left TEXT",
            "ALTER TABLE calls ADD COLUMN at_left_basis TEXT",
            "ALTER TABLE calls ADD COLUMN held_milliseconds INTEGER",
            "ALTER TABLE calls ADD COLUMN told_usd TEXT",
        ),
    ),
)
NEWEST: Final = len(STEPS)


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

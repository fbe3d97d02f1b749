"""Running the statements about operations on a connection to the file."""

import sqlite3
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy.sql import ClauseElement

from sidecar.ledger.operation_database import Execute
from sidecar.ledger.operation_rows import Row
from sidecar.ledger.statements import Statement, rendered

MOST_KEPT: Final = 128
"""Compiled statements kept: one takes SQLite's driver 20 us to run and SQLAlchemy half a millisecond to compile."""


def executing(connection: sqlite3.Connection) -> Execute:
    """What `operation_sql` runs its statements by."""
    return partial(_execute, connection)


def _execute(connection: sqlite3.Connection, statement: ClauseElement, parameters: Mapping[str, Any]) -> list[Row]:
    made = _compiled(statement)
    # All rows at once: a statement that returns rows has done its work only when the last one was taken.
    return connection.execute(made.sql, {**made.values, **parameters}).fetchall()


@lru_cache(MOST_KEPT)
def _compiled(statement: ClauseElement) -> Statement:
    return rendered(statement)

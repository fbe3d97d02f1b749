"""What is carried over to another file when a ledger's own is taken away while it is in use: operations that have not settled.

A call that lives brings its whole row when it settles, wherever that is written then. An operation has nothing but its row: the
provider works on, and without it nobody asks how that ends, nor cancels it when its caller is gone.
"""

import sqlite3
from typing import Any, Final, NamedTuple

UNSETTLED: Final = {
    "operations": "SELECT * FROM operations WHERE settled_at IS NULL",
    "operation_moves": "SELECT operation_moves.* FROM operation_moves JOIN operations ON operations.id = operation_id"
    " WHERE settled_at IS NULL",
}
"""By table."""


class Rows(NamedTuple):
    """Rows of one table."""

    columns: tuple[str, ...]
    values: list[tuple[Any, ...]]


Carried = dict[str, Rows]
"""By table; empty for nothing."""


def unsettled_in(connection: sqlite3.Connection) -> Carried:
    """The operations of a file that have not settled, and their histories.

    Raises:
        sqlite3.Error: it can't be read.
    """
    found = {}
    for table, question in UNSETTLED.items():
        cursor = connection.execute(question)
        found[table] = Rows(tuple(column for column, *_ in cursor.description), cursor.fetchall())
    return found


def put_down(connection: sqlite3.Connection, carried: Carried) -> None:
    """Write them, in one transaction. A copy that was put in the file's place may have them as they were: then ours are newer.

    Raises:
        sqlite3.Error: it can't be written; nothing has changed.
    """
    if not carried:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, (columns, values) in carried.items():
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
            connection.executemany(insert, values)


def number_of(carried: Carried) -> int:
    """How many operations are carried."""
    return len(carried["operations"].values) if carried else 0

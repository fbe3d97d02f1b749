"""All rows of a ledger, read behind the sidecar's back: by the names of the columns, moments in microseconds, money as text."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tests.end_to_end.rig import Row

BILLED: Final = ("calls", "operations")
READ: Final = {
    **{table: f"SELECT * FROM {table}" for table in BILLED},
    "operation_moves": "SELECT m.*, caller FROM operation_moves AS m JOIN operations ON id = operation_id ORDER BY number",
}


class Books:
    """What a ledger holds now."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.calls, self.operations, self.moves = (tables[name] for name in READ)

    @property
    def billed(self) -> list[Row]:
        """Everything that has money."""
        return [*self.calls, *self.operations]

    def unsettled(self) -> list[str]:
        """Who has rows that have not settled."""
        return [str(row["caller"]) for row in self.billed if row["settled_at"] is None]

    def moves_of(self, caller: str) -> list[Row]:
        """The history of the operations of this caller."""
        return [move for move in self.moves if move["caller"] == caller]


def sqlite_books(path: Path) -> Books:
    """Those of a file, which is left as it is."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        ledger.row_factory = sqlite3.Row
        return Books({name: [dict(row) for row in ledger.execute(question)] for name, question in READ.items()})


def postgres_books(connection: "psycopg.Connection[Any]") -> Books:
    """Those of the schema that a connection sees."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return Books({name: cursor.execute(question.encode()).fetchall() for name, question in READ.items()})

"""A ledger file of which one row at a time holds what nobody would write."""

import atexit
import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sidecar.ledger.tables import CALLS, OPERATION_MOVES, OPERATIONS
from tests.cli.ledgers import call, gave_up, joined, orphaned_operation, rescued, write_ledger

TABLES = {table.name: [column.name for column in table.columns] for table in (CALLS, OPERATIONS, OPERATION_MOVES)}
RECORDS = [call(1, labels={"team": "a"}), gave_up(2, "0.5"), rescued(3, "0.02", by="c004"), joined(4, first="c003")]


class Book:
    """The file."""

    def __init__(self) -> None:
        folder = tempfile.TemporaryDirectory()
        atexit.register(folder.cleanup)
        self.url = write_ledger(Path(folder.name) / "x.db", RECORDS, [orphaned_operation(30, "0.5")])
        self._rows = sqlite3.connect(Path(folder.name) / "x.db", isolation_level=None)
        atexit.register(self._rows.close)
        self._rows.execute("PRAGMA synchronous = OFF")
        self._sound = {name: self._rows.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}

    @contextlib.contextmanager
    def holding(self, table: str, values: dict[str, Any]) -> Iterator[bool]:
        """The file with these values in the first row of a table, if the table takes them."""
        try:
            yield self._is_written(table, values)
        finally:
            self._restore(table)

    def _is_written(self, table: str, values: dict[str, Any]) -> bool:
        first = self._rows.execute(f"SELECT rowid FROM {table} LIMIT 1").fetchone()[0]
        for name, value in values.items():
            is_hex = isinstance(value, dict)
            given = bytes.fromhex(value["hex"]) if is_hex else value
            place = "CAST(? AS TEXT)" if is_hex else "?"
            try:
                self._rows.execute(f"UPDATE {table} SET {name} = {place} WHERE rowid = ?", (given, first))
            except sqlite3.Error:
                return False
        return True

    def _restore(self, table: str) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._rows.execute("ROLLBACK")
        rows = self._sound[table]
        self._rows.execute(f"DELETE FROM {table}")
        self._rows.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)


@cache
def book() -> Book:
    """The one of this process."""
    return Book()

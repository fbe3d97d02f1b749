"""Keeps a ledger's file below a size: where the disk is small, as in a pod, the oldest settled rows make room for new ones.

A pod whose volume outgrows its limit is evicted, application included: losing the oldest rows is the lesser evil. Rows of calls
and operations that are open are never deleted.
"""

import sqlite3
from typing import Final

from sidecar.clock import Moment
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_sql import expire as expire_operations
from sidecar.ledger.statements import EXPIRE_CALLS, EXPIRE_ROWS

LOOK_ROWS: Final = EXPIRE_ROWS
"""Between two looks at the size: some 200 KiB."""
MOST_CHUNKS: Final = 20
"""Deleted at one look, so that new rows do not wait long behind a bound that was lowered."""
OLDEST_LEFT: Final = "SELECT min(started_at) FROM calls"


class Room:
    """One per file. `most_bytes` None lets it grow."""

    def __init__(self, most_bytes: int | None) -> None:
        self._most_bytes = most_bytes
        self._unlooked = 0

    def is_to_be_looked_at(self, rows: int) -> bool:
        """Whether it is time to, now that so many rows more were written."""
        if self._most_bytes is None:
            return False
        self._unlooked += rows
        return self._unlooked >= LOOK_ROWS

    def make(self, connection: sqlite3.Connection, now: Moment) -> int:
        """In a transaction, delete the oldest settled rows while there is too much; returns how many."""
        self._unlooked = deleted = 0
        for _ in range(MOST_CHUNKS):
            if self._most_bytes is None or used_bytes(connection) <= self._most_bytes:
                break
            chunk = connection.execute(EXPIRE_CALLS.sql, {**EXPIRE_CALLS.values, "before": now}).rowcount
            (oldest,) = connection.execute(OLDEST_LEFT).fetchone()
            chunk += expire_operations(executing(connection), now if oldest is None else oldest)
            deleted += chunk
            if not chunk:
                break
        return deleted


def used_bytes(connection: sqlite3.Connection) -> int:
    """What rows and indexes take up of the file; pages that wait to be used again are not counted."""
    (size,), (pages,), (free,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))

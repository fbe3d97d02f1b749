"""The ledgers of a soak: where they are, how large, what is in them, and what happens to one in an hour."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from sidecar.clock import SECOND, Clock, SystemClock
from sidecar.ledger.by_address import open_ledger
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.postgres import PostgresServer

SEEDED = "seeded"
"""The upstream of rows that were there before the soak."""
RETENTION_SECONDS = 30 * 86_400
CALLS = "caller, upstream, kind, started_at, settled_at, outcome, spend_usd, orphaned_usd, avoidable_usd, basis, usage"
OPERATIONS = "caller, settled_at, outcome, spend_usd, orphaned_usd, avoided_usd, basis, cancel_result"
PATIENCE_SECONDS = 30.0
REPORT_SECONDS = 120.0

Row = Sequence[Any]


class SoakedLedger(Protocol):
    """One ledger."""

    url: str

    def bytes(self) -> int:
        """What its rows and indexes take up."""
        ...

    def wal_bytes(self) -> int:
        """What its write-ahead log takes up on the disk."""
        ...

    def rows(self, question: str) -> Iterator[Row]:
        """The answer, row by row."""
        ...

    def hour(self) -> str:
        """Do to it what happens in an hour; in a few words what that was."""
        ...


class SqliteLedger:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"
        self.url = f"sqlite:///{self._path}"

    def bytes(self) -> int:
        """Of the file."""
        return _size(self._path)

    def wal_bytes(self) -> int:
        """Of the file beside it."""
        return _size(self._path.with_name("ledger.db-wal"))

    def rows(self, question: str) -> Iterator[Row]:
        """Read beside the sidecar, which writes on."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            yield from connection.execute(question)

    def hour(self) -> str:
        """A program asks for a checkpoint, as backups do; the writer's own go on."""
        with closing(sqlite3.connect(self._path, timeout=5)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return "checkpoint"


class PostgresLedger:
    """A schema of the tests' own server."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self._server, self.url = server, url
        (self._schema,) = re.findall("place_[0-9]+", url)

    def bytes(self) -> int:
        """Of all its tables."""
        (found,) = self.rows(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            f" WHERE nspname = '{self._schema}' AND relkind = 'r'"
        )
        return int(found[0])

    def wal_bytes(self) -> int:
        """Of the server's, of which old files are kept to be used again: up to max_wal_size, 1 GiB."""
        return sum(_size(path) for path in (self._server.directory / "data/pg_wal").glob("0*"))

    def rows(self, question: str) -> Iterator[Row]:
        """Read by a cursor on the server, a part at a time."""
        with (
            self._server.connect(autocommit=False, options=f"-csearch_path={self._schema}") as connection,
            connection.cursor(name="soak") as cursor,
        ):
            cursor.execute(question)
            yield from cursor

    def hour(self) -> str:
        """Every connection of the sidecar is ended, as by a failover or a proxy; and VACUUM, which is off in this server."""
        with self._server.connect() as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'sidecar'"
            ).fetchone()
            connection.execute(f"SET search_path = {self._schema}")
            connection.execute("VACUUM ANALYZE")
        assert ended is not None
        return f"{ended[0]} connections ended, vacuum"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def seed(url: str, seconds: float, each_second: int) -> int:
    """Put rows into a new ledger that grow too old one after the other while the soak runs; returns how many."""
    clock: Clock = SystemClock()
    rows = int(seconds * each_second)
    ledger = open_ledger(url, clock=clock, instance="earlier")
    for number in range(rows):
        started_at = clock.now() - RETENTION_SECONDS * SECOND + number * SECOND // each_second
        ledger.put(_old(number, started_at))
    assert ledger.flush(PATIENCE_SECONDS)
    assert ledger.close(PATIENCE_SECONDS)
    return rows


def _old(number: int, at: int) -> CallRecord:
    return CallRecord(
        id=f"seeded-{number:09d}", upstream=SEEDED, provider="gemini", dialect="gemini", model="gemini-2.5-flash",
        kind=CallKind.UNARY, started_at=at, settled_at=at + SECOND, outcome="delivered",
    )  # fmt: skip


def report(url: str) -> subprocess.Popen[bytes]:
    """`sidecar report`, which reads all of a ledger while it is written: begun, and to be waited for."""
    command = ["nice", sys.executable, "-m", "sidecar", "report", "--ledger", url, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

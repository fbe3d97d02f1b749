"""Ledgers in a real PostgreSQL, for tests: many places in one database, and instances that share them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from sidecar.clock import Clock, SystemClock
from sidecar.ledger.postgres import PostgresLedger
from sidecar.ledger.postgres_operations import PostgresOperations
from sidecar.ledger.postgres_reader import PostgresReader
from tests.ledger.given import SOON
from tests.postgres import PostgresServer

TABLES = ("calls", "operations", "operation_moves", "instances")
FOR_EVER = 2**60


class PostgresPlace:
    """A schema of its own, and the ledgers opened on it."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self.server = server
        self.url = url
        self._opened: list[PostgresLedger] = []
        self._behind: psycopg.Connection[tuple[object, ...]] | None = None

    def open(self, instance: str = "first", *, clock: Clock | None = None, **options: Any) -> PostgresLedger:
        """Open it as this instance; options are those of `PostgresLedger.open`."""
        ledger = PostgresLedger.open(self.url, clock=clock or SystemClock(), instance=instance, **options)
        self._opened.append(ledger)
        return ledger

    def reader(self) -> PostgresReader:
        return PostgresReader.open(self.url)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Do something behind the ledger's back."""
        if self._behind is None:
            self._behind = self.server.connect(options=f"-csearch_path={self.schema}")
        cursor = self._behind.execute(statement.encode())
        return [] if cursor.description is None else cursor.fetchall()

    @property
    def schema(self) -> str:
        return self.url.rpartition("%3D")[2]

    def leave(self) -> None:
        for ledger in self._opened:
            ledger.close(SOON)
        if self._behind is not None:
            self._behind.close()
            self._behind = None


class PostgresOperationPlace:
    """The same for those who want operations alone. Instances stay connected from one place to the next."""

    def __init__(self, place: PostgresPlace, connected: dict[str, PostgresLedger]) -> None:
        self._place = place
        self._connected = connected

    def open(self, instance: str = "first") -> PostgresOperations:
        if instance not in self._connected:
            # It says itself that it is alive, and again in twenty minutes; in between these tests do.
            self._connected[instance] = self._place.open(instance, term_seconds=3600)
        self._place.execute(f"INSERT INTO instances VALUES ('{instance}', 0, {FOR_EVER}) ON CONFLICT DO NOTHING")
        return self._connected[instance].operations

    def end(self, instance: str) -> None:
        self._place.execute(f"DELETE FROM instances WHERE instance = '{instance}'")


class PostgresPlaces:
    """Empty places, one after another: new ones cost 50 ms, so the last one is emptied and used again."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self._all = PostgresPlace(server, url)
        self._server = server
        self._connected: dict[str, PostgresLedger] = {}

    @contextmanager
    def place(self) -> Iterator[PostgresPlace]:
        place = PostgresPlace(self._server, self._all.url)
        yield place
        place.leave()
        self._empty()

    @contextmanager
    def operation_place(self) -> Iterator[PostgresOperationPlace]:
        yield PostgresOperationPlace(self._all, self._connected)
        self._empty()

    def leave(self) -> None:
        self._all.leave()

    def _empty(self) -> None:
        self._all.execute("; ".join(f"DELETE FROM {table}" for table in TABLES))

"""The few connections that one sidecar shares among its threads."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import errors

from sidecar.clock import Clock, SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.postgres_connection import STATEMENT_SECONDS, Connection, connect, is_usable

MOST_CONNECTIONS: Final = 4
"""At once. Few, because a hundred pods share a server that usually allows a hundred connections; one more keeps us alive."""

IDLE_SECONDS: Final = 60.0
"""One that nobody wanted for so long is closed when another is given back: four of each of ten thousand sidecars are a great many
(tests/scale), and most of the time one is enough."""

_OF_NO_USE: Final = (psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction)
"""Errors of a connection. A server that was made a standby under its sessions keeps them: to find the one that can be written,
which may be another (`target_session_attrs`), we must connect anew."""


class Connections:
    """Connections made when they are wanted and kept for the next who wants one. A broken one is never given out again."""

    def __init__(
        self, address: PostgresAddress, name: str, most: int = MOST_CONNECTIONS, *, clock: Clock | None = None
    ) -> None:
        self.address = address
        self._clock = SystemClock() if clock is None else clock
        self._name = name
        self._free = threading.BoundedSemaphore(most)
        self._guard = threading.Lock()
        self._idle: list[tuple[Connection, int]] = []
        """And since when, the longest first: the last one is the next that is used."""
        self._is_closed = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: committed at the end, undone by any exception. Don't begin another inside.

        When the connection breaks in COMMIT itself, nobody can know what became of it; the error is raised all the same, and what
        writes here can stand to be repeated.

        Raises:
            psycopg.Error: the server could not be reached, or did not do it.
            LedgerError: too many others were at it for too long, or the ledger is closed.
        """
        with self.one() as connection, connection.transaction():
            yield connection

    @contextlib.contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection for a while; each statement is a transaction of its own.

        Raises:
            psycopg.Error: the server could not be reached.
            LedgerError: too many others were at it for too long, or the ledger is closed.
        """
        if not self._free.acquire(timeout=STATEMENT_SECONDS):
            raise LedgerError(self.address.shown, "is too slow: every connection to it is in use", "look at its load")
        try:
            connection = self._take()
            try:
                yield connection
            except _OF_NO_USE:
                connection.close()
                raise
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back. Safe to call twice."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _take(self) -> Connection:
        while True:
            with self._guard:
                if self._is_closed:
                    raise LedgerError(self.address.shown, "is closed")
                connection = self._idle.pop()[0] if self._idle else None
            if connection is None:
                return connect(self.address, self._name)
            if is_usable(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        now_ns = self._clock.monotonic_ns()
        with self._guard:
            if self._is_closed or connection.closed or connection.broken:
                unwanted = [connection]
            else:
                self._idle.append((connection, now_ns))
                unwanted = [idle for idle, since_ns in self._idle if now_ns - since_ns >= IDLE_SECONDS * 1e9]
                del self._idle[: len(unwanted)]
        for each in unwanted:
            each.close()

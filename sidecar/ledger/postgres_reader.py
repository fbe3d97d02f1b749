"""Reading the database: without ever holding up those who write it, and a page at a time."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Final, Self

from sqlalchemy.sql import ClauseElement

from sidecar.errors import LedgerError
from sidecar.ledger.bill import AS_USUAL, Bill, Enforcing
from sidecar.ledger.bill_reading import ask_for_bill
from sidecar.ledger.contract import By, CallQuery, TimeoutReport
from sidecar.ledger.operation_database import Execute
from sidecar.ledger.pages import only_one, paged
from sidecar.ledger.postgres_address import PostgresAddress, postgres_address
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_database import executing
from sidecar.ledger.postgres_schema import version_of
from sidecar.ledger.postgres_statements import POSTGRESQL
from sidecar.ledger.postgres_trouble import told
from sidecar.ledger.reader import begun
from sidecar.ledger.rows import Row, as_record
from sidecar.ledger.schema import refuse_newer, refuse_older
from sidecar.ledger.statements import PAGE_ROWS, calls_named, calls_page, rendered
from sidecar.ledger.timeout_statements import ask_for_timeouts
from sidecar.lifecycle.record import CallRecord

FETCH_ROWS: Final = 5_000
"""Rows of a report that are in memory at once: about 5 MB."""
QUESTION_SECONDS: Final = 120
"""For a question that sorts what it is asked about: a minute for ten million calls."""


class PostgresReader:
    """A `LedgerReader` (see `contract.py`) and a `BillReader` (`bill.py`) of a database.

    Each question connects, and leaves again: 6 ms.
    """

    def __init__(self, place: PostgresAddress, named_by: str) -> None:
        self.place = place
        self._named_by = named_by

    @classmethod
    def open(cls, url: str, *, named_by: str = "ledger.url") -> Self:
        """A reader of the database that an address names. `named_by` is the setting, as it was typed, for messages.

        Raises:
            LedgerError: the database can't be reached, or holds no ledger. Says what to do.
        """
        reader = cls(postgres_address(url), named_by)
        with reader._connection():
            return reader

    def calls(self, query: CallQuery) -> Iterator[CallRecord]:
        """Calls, newest first, a page at a time.

        Raises:
            LedgerError: the database can't be read.
        """
        with self._connection() as connection:
            yield from paged(
                query.limit, PAGE_ROWS, lambda after, rows: _records(connection, calls_page(query, after, rows)), begun
            )

    def call(self, id: str) -> CallRecord | None:
        """The call of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so, or the database can't be read.
        """
        with self._connection() as connection:
            return only_one(_records(connection, calls_named(id)), id, self.place.shown, "call")

    def bill(
        self, query: CallQuery, by: By, *, top: int | None = None, dearest: int = 10, enforcing: Enforcing = AS_USUAL
    ) -> Bill:
        """The bill over the calls and operations asked for.

        Raises:
            LedgerError: the database can't be read.
        """
        with self._connection() as connection, connection.patient(QUESTION_SECONDS):
            # All questions are answered from what the first one saw.
            connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return ask_for_bill(query, by, top, dearest, enforcing, partial(_streamed, connection))

    def timeouts(self, query: CallQuery) -> TimeoutReport:
        """How long callers wait, against how long the provider takes.

        Raises:
            LedgerError: the database can't be read.
        """
        with self._connection() as connection, connection.patient(QUESTION_SECONDS):
            return ask_for_timeouts(query, partial(_streamed, connection))

    @contextlib.contextmanager
    def executing(self) -> Iterator[Execute]:
        """Room for questions about operations.

        Raises:
            LedgerError: the database can't be read.
        """
        with self._connection() as connection, connection.transaction():
            yield executing(connection)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection in whose transactions nothing can be changed; what is asked is asked in one.

        Raises:
            LedgerError: it can't be had, what it leads to is no ledger of this version, or it broke.
        """
        with told(self.place), contextlib.closing(connect(self.place, "sidecar reader", to_write=False)) as connection:
            version = version_of(connection, self.place.shown)
            if version == 0:
                raise LedgerError(
                    self.place.shown,
                    f"holds no ledger (named by {self._named_by})",
                    "start `sidecar serve` with the same settings once, or name the right database",
                )
            refuse_newer(version, self.place.shown)
            refuse_older(version, self.place.shown)
            yield connection


def _records(connection: Connection, question: ClauseElement) -> list[CallRecord]:
    asked = rendered(question, POSTGRESQL)
    with connection.transaction():
        return [as_record(row) for row in connection.execute(asked.sql.encode(), asked.values)]


def _streamed(connection: Connection, question: ClauseElement) -> Iterator[Row]:
    """Rows by a cursor that stays with the server, for as long as its transaction does."""
    asked = rendered(question, POSTGRESQL)
    with connection.cursor("streamed") as cursor:
        cursor.itersize = FETCH_ROWS
        yield from cursor.execute(asked.sql.encode(), asked.values)

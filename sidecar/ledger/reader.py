"""Reading the file: while a sidecar writes it and when none runs, without ever delaying one."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from sidecar.errors import LedgerError
from sidecar.ledger.address import sqlite_path
from sidecar.ledger.bill import AS_USUAL, Bill, Enforcing
from sidecar.ledger.bill_reading import ask_for_bill
from sidecar.ledger.contract import By, CallQuery, TimeoutReport
from sidecar.ledger.opening import open_to_read
from sidecar.ledger.pages import Place, only_one, paged
from sidecar.ledger.rows import as_record
from sidecar.ledger.schema import refuse_newer, refuse_older, version_of
from sidecar.ledger.statements import PAGE_ROWS, Statement, calls_named, calls_page, rendered
from sidecar.ledger.timeout_statements import ask_for_timeouts
from sidecar.ledger.trouble import UNREADABLE, as_ledger_error, as_unreadable
from sidecar.lifecycle.record import CallRecord


class SqliteReader:
    """A `LedgerReader` (see `contract.py`) and a `BillReader` (`bill.py`) of a file.

    Each question opens the file and closes it again (0.2 ms): the reader has no thread of its own, may be asked from any,
    and sees a file that took the place of another.
    """

    def __init__(self, path: Path, named_by: str) -> None:
        self.path = path
        self._named_by = named_by

    @property
    def place(self) -> Path:
        """Where the ledger is."""
        return self.path

    @classmethod
    def open(cls, url: str, *, named_by: str = "ledger.url") -> Self:
        """A reader of the file that an address names. `named_by` is the setting, as it was typed, for messages.

        Raises:
            LedgerError: the address names no file, there is none, or it is not a ledger. Says what to do.
        """
        reader = cls(sqlite_path(url), f'{named_by} is "{url}"')
        with reader._connection():
            return reader

    def calls(self, query: CallQuery) -> Iterator[CallRecord]:
        """Calls, newest first, a page at a time.

        Raises:
            LedgerError: the file can't be read.
        """
        return paged(
            query.limit, PAGE_ROWS, lambda after, rows: self._records(rendered(calls_page(query, after, rows))), begun
        )

    def call(self, id: str) -> CallRecord | None:
        """The call of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so, or the file can't be read.
        """
        return only_one(self._records(rendered(calls_named(id))), id, str(self.path), "call")

    def bill(
        self, query: CallQuery, by: By, *, top: int | None = None, dearest: int = 10, enforcing: Enforcing = AS_USUAL
    ) -> Bill:
        """The bill over the calls and operations asked for; about 2 s a million calls.

        Raises:
            LedgerError: the file can't be read.
        """
        with self._connection() as connection:
            connection.execute("BEGIN")  # all questions are answered from what the first one saw
            return ask_for_bill(
                query, by, top, dearest, enforcing, lambda question: connection.execute(*rendered(question))
            )

    def timeouts(self, query: CallQuery) -> TimeoutReport:
        """How long callers wait, against how long the provider takes.

        Raises:
            LedgerError: the file can't be read.
        """
        with self._connection() as connection:
            return ask_for_timeouts(query, lambda question: connection.execute(*rendered(question)))

    def _records(self, statement: Statement) -> list[CallRecord]:
        with self._connection() as connection:
            return [as_record(row) for row in connection.execute(statement.sql, statement.values)]

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """The file, opened so that it can't be changed by us.

        Raises:
            LedgerError: it is missing, not a ledger, of another version, can't be read, or holds what no sidecar wrote.
        """
        if not self.path.is_file():
            raise LedgerError(
                str(self.path),
                f"does not exist ({self._named_by})",
                "start `sidecar serve` with the same settings once, or name the right file",
            )
        try:
            with contextlib.closing(open_to_read(self.path)) as connection:
                self._recognize(connection)
                yield connection
        except sqlite3.Error as error:
            raise as_ledger_error(self.path, error) from error
        except UNREADABLE as error:
            raise as_unreadable(self.path, error) from error

    def _recognize(self, connection: sqlite3.Connection) -> None:
        version = version_of(connection, str(self.path))
        refuse_newer(version, str(self.path))
        refuse_older(version, str(self.path))


def begun(call: CallRecord) -> Place:
    """Where a call stands among the others."""
    return call.started_at, call.id

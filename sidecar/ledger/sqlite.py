"""The durable ledger: one SQLite file, one writer thread."""

from typing import Self

from sidecar.clock import Clock, Moment
from sidecar.ledger.address import sqlite_path
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.buffered import BufferedLedger
from sidecar.ledger.contract import MOST_ROWS_WAITING
from sidecar.ledger.file import LedgerFile, Say, Signal, silent, unsaid
from sidecar.ledger.operation_sqlite import SqliteOperations
from sidecar.ledger.trouble import FAILURES, as_ledger_error
from sidecar.ledger.writer import Writer
from sidecar.lifecycle.record import CallRecord


class SqliteLedger(BufferedLedger):
    """A `Ledger` (see `contract.py`) in a file. The file is `path`; made for its owner alone.

    `operations` are those of this run of the program, in the same file (`operations.OperationLedger`); closed with it.
    """

    def __init__(self, file: LedgerFile, backlog: Backlog, writer: Writer, operations: SqliteOperations) -> None:
        super().__init__(file, backlog, writer)
        self.path = file.path
        self.operations = operations
        self._file = file

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        instance: str,
        retention_days: int | None = None,
        most_bytes: int | None = None,
        most_rows_waiting: int = MOST_ROWS_WAITING,
        signal: Signal = silent,
        say: Say = unsaid,
    ) -> Self:
        """Open the file that an address names, make it where it is missing, and start the writer.

        `instance` names this run of the program: another at every start. `retention_days` is how long a settled row is
        kept; None keeps all. Above `most_bytes` the oldest settled rows make room for new ones. `signal` hears
        whoever writes pass the points between the statements. `say` is told, by any thread, what people should know of the file.

        Raises:
            LedgerError: the address names no file, another sidecar writes it, it is another program's, a newer sidecar
                wrote it, or its place can't be written. Says what to do.
        """
        file = LedgerFile.open(sqlite_path(url), instance, clock, signal, most_bytes, say)
        backlog = Backlog(most_rows_waiting)
        writer = Writer(file, backlog, clock, retention_days)
        writer.start()
        return cls(file, backlog, writer, SqliteOperations(file, clock, instance))

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Settle what earlier instances left open as `lost`, and return those rows. Waits for the disk. Nobody else lives.

        Raises:
            LedgerError: the file can't be written.
        """
        try:
            return self._file.settle_lost(now)
        except FAILURES as error:
            raise as_ledger_error(self.path, error) from error

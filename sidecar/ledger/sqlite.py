"""The durable ledger: one SQLite file, one writer thread."""

from typing import Self

from sidecar.clock import Clock, Moment
from sidecar.ledger.address import sqlite_path
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.contract import MOST_ROWS_WAITING, LedgerHealth
from sidecar.ledger.file import LedgerFile, Signal, silent
from sidecar.ledger.trouble import FAILURES, as_ledger_error
from sidecar.ledger.writer import Writer
from sidecar.lifecycle.record import CallRecord


class SqliteLedger:
    """A `Ledger` (see `contract.py`) in a file. The file is `path`; made for its owner alone."""

    def __init__(self, file: LedgerFile, backlog: Backlog, writer: Writer) -> None:
        self.path = file.path
        self._file = file
        self._backlog = backlog
        self._writer = writer
        self._into_backlog = backlog.put
        self._ring = writer.ring

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        instance: str,
        retention_days: int | None = None,
        most_rows_waiting: int = MOST_ROWS_WAITING,
        signal: Signal = silent,
    ) -> Self:
        """Open the file that an address names, make it where it is missing, and start the writer.

        `instance` names this run of the program: another at every start. `retention_days` is how long a settled row is
        kept; None keeps all. `signal` hears the writer pass the points between its statements.

        Raises:
            LedgerError: the address names no file, another sidecar writes it, it is another program's, a newer sidecar
                wrote it, or its place can't be written. Says what to do.
        """
        file = LedgerFile.open(sqlite_path(url), instance, clock, signal)
        backlog = Backlog(most_rows_waiting)
        writer = Writer(file, backlog, clock, retention_days)
        writer.start()
        return cls(file, backlog, writer)

    def put(self, record: CallRecord) -> None:
        """Remember a call as it is now. Never waits, never raises."""
        self._into_backlog(record)
        self._ring()

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until everything put before is durable; False when it is not within the time."""
        return self._writer.flush(timeout_seconds)

    def settle_lost(self, now: Moment) -> list[CallRecord]:
        """Settle what earlier instances left open as `lost`, and return those rows. Waits for the disk.

        Raises:
            LedgerError: the file can't be written.
        """
        try:
            return self._file.settle_lost(now)
        except FAILURES as error:
            raise as_ledger_error(self.path, error) from error

    def health(self) -> LedgerHealth:
        """How the ledger is now. Never waits for the disk."""
        tally = self._writer.tally
        return LedgerHealth(
            rows_waiting=self._writer.rows_waiting,
            rows_written=tally.rows_written,
            rows_dropped=self._backlog.dropped + tally.rows_refused,
            rows_expired=tally.rows_expired,
            commits=tally.commits,
            errors=dict(tally.errors),
            problem=tally.problem,
            notices=self._file.notices,
            last_commit_at=tally.last_commit_at,
            last_commit_seconds=self._file.commit_seconds,
        )

    def close(self, timeout_seconds: float) -> bool:
        """Write what waits and let go of the file; False when rows were left unwritten. Safe to call twice."""
        return self._writer.stop(timeout_seconds)

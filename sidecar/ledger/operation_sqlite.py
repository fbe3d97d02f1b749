"""Operations in a SQLite file: those of the sidecar that writes it, and those of anybody who reads it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec

from sidecar.clock import Clock, Moment
from sidecar.errors import LedgerError
from sidecar.ledger.file import LedgerFile
from sidecar.ledger.operation_database import Execute
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_reader import SqlOperationReader
from sidecar.ledger.operation_sql import SqlOperations
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.trouble import FAILURES, UNWRITABLE, as_ledger_error


class SqliteOperations(SqlOperations):
    """An `OperationLedger` (see `operations.py`) in the file, lock and connection by which calls are written too.

    Lists and histories are read beside it, so that whoever pages through a month of operations holds nobody up.
    """

    def __init__(self, file: LedgerFile, clock: Clock, instance: str) -> None:
        super().__init__(_File(file, clock, instance), _ReadOnly(file.path, "ledger.url").reading)


class SqliteOperationReader(SqlOperationReader):
    """An `OperationLedgerReader` of a file: needs no lock, writes nothing, opens the file for each question."""

    @classmethod
    def open(cls, url: str, *, named_by: str = "ledger.url") -> Self:
        """A reader of the file that an address names. `named_by` is the setting, as it was typed, for messages.

        Raises:
            LedgerError: the address names no file, there is none, or it is not a ledger. Says what to do.
        """
        file = _ReadOnly.open(url, named_by=named_by)
        return cls(file.reading, str(file.path))


class _File:
    """A `Database`: the writer's connection. In a file that one process writes, every other instance is dead."""

    def __init__(self, file: LedgerFile, clock: Clock, instance: str) -> None:
        self.instance = instance
        self.where = str(file.path)
        self._file = file
        self._clock = clock

    def now(self) -> Moment:
        return self._clock.now()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        with _told(self._file.path), self._file.transaction() as connection:
            yield executing(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Execute]:
        with _told(self._file.path), self._file.reading() as connection:
            yield executing(connection)


class _ReadOnly(SqliteReader):
    """The road by which calls are read as well."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[Execute]:
        with _told(self.path), self._connection() as connection:
            yield executing(connection)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Whatever goes wrong, as the one error that the contract names."""
    try:
        yield
    except msgspec.MsgspecError as error:
        problem = f"holds an operation that this sidecar has no words for ({error})"
        raise LedgerError(str(path), problem, "use a newer one") from error
    except (*FAILURES, *UNWRITABLE) as error:
        raise as_ledger_error(path, error) from error

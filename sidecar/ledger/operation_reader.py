"""The reading side of an `OperationLedger` over any database."""

from collections.abc import Iterator

from sqlalchemy.sql import ClauseElement

from sidecar.ledger.operation_database import Reading
from sidecar.ledger.operation_questions import MOVES_OF, NAMED, PAGE_ROWS, operations_page
from sidecar.ledger.operation_rows import as_move, as_record, writable
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.pages import Place, only_one, paged
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord


class SqlOperationReader:
    """The reading side of an `OperationLedger`; also without the other, while a sidecar runs and when none does."""

    def __init__(self, reading: Reading, where: str) -> None:
        self._reading = reading
        self._where = where

    def operations(self, query: OperationQuery) -> Iterator[OperationRecord]:
        """Operations, newest first, a page at a time."""
        return paged(
            query.limit, PAGE_ROWS, lambda after, rows: self._asked(operations_page(query, after, rows)), _place_of
        )

    def operation(self, id: str) -> OperationRecord | None:
        """The operation of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so, or the ledger can't be read.
        """
        prefix = writable(id)
        found = self._asked(NAMED, prefix=prefix, beyond=prefix + "\U0010ffff")
        return only_one(found, prefix, self._where, "operation")

    def moves(self, id: str) -> list[OperationMove]:
        """The history of an operation, oldest first; the id in full."""
        with self._reading() as execute:
            return [as_move(row) for row in execute(MOVES_OF, {"operation": writable(id)})]

    def _asked(self, question: ClauseElement, **parameters: object) -> list[OperationRecord]:
        with self._reading() as execute:
            return [as_record(row) for row in execute(question, parameters)]


def _place_of(record: OperationRecord) -> Place:
    return record.opened_at, record.id

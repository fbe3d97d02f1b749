"""What a database brings is enough: the ledger of operations runs over one that is nothing but a connection."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sidecar.clock import Moment
from sidecar.ledger.operation_database import Database, Execute
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_sql import SqlOperations
from sidecar.ledger.schema import bring_up_to_date
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.given import START
from tests.ledger.operations_given import found, settled


class InProcess:
    """SQLite without a file."""

    instance = "first"
    where = "here"

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        bring_up_to_date(self.connection, 0, 1)

    def now(self) -> Moment:
        return START

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        self.connection.execute("BEGIN")
        yield executing(self.connection)
        self.connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[Execute]:
        yield executing(self.connection)


def test_any_database_that_runs_the_statements_keeps_operations():
    place = InProcess()
    database: Database = place
    ledger = SqlOperations(database)
    record = settled(ledger)
    assert (record.outcome, record.settled_at, found(ledger)) == (S.SUCCEEDED, START, record)
    place.connection.close()

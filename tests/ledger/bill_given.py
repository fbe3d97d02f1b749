"""Ledgers that hold these calls and operations and no others, to ask them for a bill."""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from sidecar.clock import SECOND
from sidecar.ledger.bill import Bill, BillReader
from sidecar.ledger.bill_memory import MemoryBills
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.memory import MemoryLedger
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_memory import MemoryOperations
from sidecar.ledger.operation_rows import as_row as as_operation_row
from sidecar.ledger.operation_statements import OPEN_OPERATION
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.rows import as_row
from sidecar.ledger.schema import bring_up_to_date
from sidecar.ledger.statements import UPSERT_CALL
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import START, HandClock, orphaned_call, settled_call
from tests.ledger.operations_given import operation
from tests.ledger.postgres_given import PostgresPlace

Written = Mapping[str, Sequence[CallRecord]]
"""Calls by the instance that wrote them."""
Kept = CallRecord | OperationRecord
Books = Callable[[Written, Sequence[OperationRecord]], BillReader]
"""Makes a ledger that holds these."""

UNPRICED: Mapping[str, Any] = {
    "spend_usd": None, "orphaned_usd": None, "avoidable_usd": None, "basis": None, "unpriced_reason": "no_price",
}  # fmt: skip


def bill_of(books: Books, *rows: Kept, query: CallQuery | None = None, by: By = By.UPSTREAM, **asked: Any) -> Bill:
    """The bill over these, written by one process."""
    calls = [row for row in rows if isinstance(row, CallRecord)]
    operations = [row for row in rows if isinstance(row, OperationRecord)]
    return books({"first": calls}, operations).bill(query or CallQuery(), by, **asked)


def settled_operation(id: str, **fields: Any) -> OperationRecord:
    """An operation that ran for a minute and whose caller fetched the result."""
    usual: dict[str, Any] = {
        "state": OperationState.SUCCEEDED, "outcome": "succeeded", "ended_at": START + 60 * SECOND,
        "claimed_at": START + 61 * SECOND, "settled_at": START + 61 * SECOND, "basis": "exact",
    }  # fmt: skip
    return operation(id, **(usual | money("0.5") | fields))


def lost_operation(id: str, **fields: Any) -> OperationRecord:
    """One whose caller was found gone after 20 s; it ran on for 40 s, and nobody came for the result."""
    gone = {"lapsed_at": START + 20 * SECOND, "gone_reason": "lease_lapsed", "claimed_at": None}
    return settled_operation(id, **(gone | money("0.6", "0.6", "0.4") | fields))


def repeated(id: str = "a", **fields: Any) -> CallRecord:
    """A call that ran on to its end when its caller had left: that took a second."""
    return orphaned_call(id, **fields)


def repeat(id: str = "b", **fields: Any) -> CallRecord:
    """A call that repeats it, a second after it had ended."""
    return settled_call(id, **({"attempt_of": "a", "started_at": START + 3 * SECOND} | fields))


def money(spend: str, orphaned: str = "0", avoidable: str = "0") -> dict[str, Any]:
    return {"spend_usd": Decimal(spend), "orphaned_usd": Decimal(orphaned), "avoidable_usd": Decimal(avoidable)}


def in_memory(written: Written, operations: Sequence[OperationRecord]) -> BillReader:
    calls, kept = MemoryLedger("reader"), MemoryOperations("reader", HandClock())
    calls.rows.update({record.id: (record, instance) for instance, records in written.items() for record in records})
    kept.rows.records.update({record.id: record for record in operations})
    return MemoryBills(calls, kept)


def in_file(path: Path, written: Written, operations: Sequence[OperationRecord]) -> BillReader:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        bring_up_to_date(connection, 0, 1)
        connection.execute("BEGIN")
        for instance, records in written.items():
            connection.executemany(UPSERT_CALL, [as_row(astuple(record), instance) for record in records])
        for record in operations:
            executing(connection)(OPEN_OPERATION, _parameters(record))
        connection.execute("COMMIT")
    return SqliteReader(path, "--ledger")


def in_database(place: PostgresPlace, written: Written, operations: Sequence[OperationRecord]) -> BillReader:
    ledger = place.open("reader")
    for instance, records in written.items():
        writer = place.open(instance)
        for record in records:
            writer.put(record)
        assert writer.flush(30)
    with ledger.operations._database.transaction() as execute:
        for operation in operations:
            execute(OPEN_OPERATION, _parameters(operation))
    return place.reader()


def _parameters(record: OperationRecord) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in as_operation_row(record).items()}

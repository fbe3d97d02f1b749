"""Ledgers in memory are asked for a bill as they are written."""

from decimal import Decimal

from sidecar.ledger.bill_memory import MemoryBills
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.memory import MemoryLedger
from sidecar.ledger.operation_memory import MemoryOperations
from tests.ledger.given import HandClock, orphaned_call
from tests.ledger.operations_given import settled


def test_what_was_put_and_what_settled_is_in_one_bill():
    calls, operations = MemoryLedger("a"), MemoryOperations("a", HandClock())
    bills = MemoryBills(calls, operations)
    calls.put(orphaned_call("c1"))
    settled(operations, "o1")
    bill = bills.bill(CallQuery(), By.UPSTREAM)
    assert [(line.key, line.calls, line.operations) for line in bill.lines] == [("gemini", 1, 0), ("openai", 0, 1)]
    assert bill.total.spend_usd == Decimal("0.000246")
    assert [orphan.id for orphan in bill.dearest] == ["c1"]

"""What the tests of operations start from: operations, the road to each state, and places where a ledger of them can live."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from sidecar.clock import SECOND
from sidecar.ledger.file import LedgerFile, Signal, silent
from sidecar.ledger.operation_memory import MemoryOperations, OperationRows
from sidecar.ledger.operation_sqlite import SqliteOperations
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import OperationEvent as E, OperationKind, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from tests.ledger.given import START, HandClock


def operation(id: str = "o1", **fields: Any) -> OperationRecord:
    """A background response that is about to be created."""
    usual: dict[str, Any] = {
        "upstream": "openai", "provider": "openai", "dialect": "openai", "method": "responses", "caller": "app",
        "kind": OperationKind.BACKGROUND, "model": "gpt-6", "opened_at": START, "path": "/v1/responses",
        "lease_seconds": 60.0, "renewed_at": START, "due_at": START + 60 * SECOND,
    }  # fmt: skip
    return OperationRecord(id=id, **(usual | fields))


ROADS: dict[S, tuple[E, ...]] = {
    S.OPENING: (),
    S.RUNNING: (E.ACCEPTED,),
    S.ORPHANED: (E.ACCEPTED, E.LEASE_LAPSED),
    S.CANCELLING: (E.ACCEPTED, E.LEASE_LAPSED, E.CANCEL_CLAIMED),
    S.SUCCEEDED: (E.ACCEPTED, E.OBSERVED_SUCCEEDED),
    S.FAILED: (E.REJECTED,),
    S.CANCELLED: (E.ACCEPTED, E.CANCEL_CLAIMED, E.OBSERVED_CANCELLED),
    S.EXPIRED: (E.ACCEPTED, E.OBSERVED_MISSING),
    S.UNTRACEABLE: (E.ID_NEVER_LEARNED,),
    S.ABANDONED: (E.ACCEPTED, E.CANCEL_CLAIMED, E.GAVE_UP),
}
"""How an operation comes to each state."""

END: dict[str, Any] = {
    "usage": {"input": 10, "output": 5}, "spend_usd": Decimal("0.000123"), "orphaned_usd": Decimal(0), "basis": "exact",
    "price_source": "override:1",
}  # fmt: skip
"""What a row settles with."""


def brought_to(ledger: OperationLedger, state: S, id: str = "o1", **fields: Any) -> OperationRecord:
    """An operation in this state, whose provider calls it `resp_<id>` where it was accepted."""
    record = ledger.open(operation(id, **fields))
    for event in ROADS[state]:
        changes: dict[str, Any] = {"provider_id": f"resp_{id}"} if event is E.ACCEPTED else {}
        changes |= {"lapsed_at": START + SECOND, "gone_reason": "lease_lapsed"} if event is E.LEASE_LAPSED else {}
        moved = ledger.move(id, event, changes)
        assert moved is not None
        record = moved
    assert record.state is state
    return record


def settled(ledger: OperationLedger, id: str = "o1", state: S = S.SUCCEEDED, **fields: Any) -> OperationRecord:
    """An operation that has ended and settled; `fields` are those of its opening, or of its end."""
    money = {name: value for name, value in fields.items() if name in END or name == "settled_at"}
    opening = {name: value for name, value in fields.items() if name not in money}
    ended = brought_to(ledger, state, id, **opening)
    record = ledger.settle(id, ended.fence, END | money)
    assert record is not None
    return record


def found(ledger: OperationLedger, id: str = "o1") -> OperationRecord:
    """An operation that must be there, as it stands in the ledger."""
    record = ledger.operation(id)
    assert record is not None
    return record


class OperationPlace(Protocol):
    """Where several instances share a ledger of operations."""

    def open(self, instance: str = "first") -> OperationLedger:
        """The ledger as an instance has it; the instance is alive until `end`, where the ledger can tell."""
        ...

    def end(self, instance: str) -> None:
        """The instance is dead from now on; what it still does is a zombie's."""
        ...


OperationPlaces = Callable[[], AbstractContextManager[OperationPlace]]


class FileOperationPlace:
    """A file. Instances on one connection stand for those that have it one after another: each holds all others for dead."""

    def __init__(self, directory: Path, signal: Signal = silent) -> None:
        self.clock = HandClock()
        self.file = LedgerFile.open(directory / "ledger.db", "place", self.clock, signal)

    def open(self, instance: str = "first") -> SqliteOperations:
        return SqliteOperations(self.file, self.clock, instance)

    def end(self, instance: str) -> None:
        """Nothing tells the living from the dead."""


@contextmanager
def file_operation_place() -> Iterator[FileOperationPlace]:
    with TemporaryDirectory() as directory:
        place = FileOperationPlace(Path(directory))
        yield place
        place.file.close()


class MemoryOperationPlace:
    """Rows that outlive their instances."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.rows = OperationRows()

    def open(self, instance: str = "first") -> MemoryOperations:
        return MemoryOperations(instance, self.clock, self.rows)

    def end(self, instance: str) -> None:
        self.rows.alive.discard(instance)


@contextmanager
def memory_operation_place() -> Iterator[MemoryOperationPlace]:
    yield MemoryOperationPlace()

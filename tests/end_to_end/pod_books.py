"""What a pod's volume holds at some moment, read from a copy, and what the provider says of the same names."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sidecar.ledger.by_address import open_operation_reader, open_reader
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.pod import Pod

SOUND = "ok"


class Books(NamedTuple):
    """A ledger as it was."""

    integrity: str
    """SQLite's own opinion of the file: `ok`."""
    calls: dict[str, list[CallRecord]]
    operations: dict[str, list[OperationRecord]]
    """By caller."""

    def call(self, name: str) -> CallRecord:
        """The one call of this caller."""
        (found,) = self.calls[name]
        return found

    def operation(self, name: str) -> OperationRecord:
        """The one operation of this caller."""
        (found,) = self.operations[name]
        return found

    def settled(self, names: Iterable[str]) -> set[str]:
        """Which of these operations have settled."""
        return {name for name in names if self.operations[name] and self.operation(name).settled_at}


def books_of(pod: Pod, directory: Path) -> Books:
    """The ledger as it is now, whether a sidecar writes it, was killed while it did, or has closed it."""
    copy = pod.on_same_volume(directory) / "sidecar.db"
    with closing(sqlite3.connect(copy)) as ledger:
        ((integrity,),) = ledger.execute("PRAGMA integrity_check").fetchall()
    calls: defaultdict[str, list[CallRecord]] = defaultdict(list)
    for call in open_reader(f"sqlite:///{copy}").calls(CallQuery()):
        calls[call.caller or ""].append(call)
    operations: defaultdict[str, list[OperationRecord]] = defaultdict(list)
    for operation in open_operation_reader(f"sqlite:///{copy}").operations(OperationQuery()):
        operations[operation.caller or ""].append(operation)
    return Books(str(integrity), calls, operations)


def at_the_provider(simulator: RunningSimulator, names: Collection[str]) -> dict[str, Seen]:
    """The operations of these callers as the provider knows them."""
    return {seen.tag: seen for seen in simulator.operations if seen.tag in names}

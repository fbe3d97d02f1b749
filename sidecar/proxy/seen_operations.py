"""Rows of operations as this process saw them last: all that are open, and for a while those that have settled.

Of any other the ledger is asked, at the price of a read: who polls for what has settled is late, or has its result already.
"""

from collections import OrderedDict
from typing import Final, TypeVar

from sidecar.lifecycle.operation_record import OperationRecord, key_of

MOST_OPEN: Final = 20_000
"""About 6 KiB each, with all that is remembered of the polls."""
MOST_SETTLED: Final = 500

Name = tuple[str, str]
"""An operation as a poll names it: the upstream, and the key of the provider's id (`operation_record.key_of`)."""


Kept = TypeVar("Kept")


class SeenOperations:
    """One per proxy. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._open: OrderedDict[Name, OperationRecord] = OrderedDict()
        self._settled: OrderedDict[Name, OperationRecord] = OrderedDict()
        self._names: dict[str, Name] = {}
        """Of the open ones, by our own ids."""

    def get(self, name: Name) -> OperationRecord | None:
        """The row as last seen."""
        return self._open.get(name) or self._settled.get(name)

    def keep(self, name: Name, record: OperationRecord) -> None:
        """The row as it is now."""
        if record.settled_at is not None:
            self.let_go(record.id)
            keep(self._settled, name, record, MOST_SETTLED)
            return
        self._names[record.id] = name
        oldest = keep(self._open, name, record, MOST_OPEN)
        if oldest is not None:
            self._names.pop(oldest.id, None)

    def let_go(self, id: str) -> Name | None:
        """It is open no more, or not ours; its name, if it was known."""
        name = self._names.pop(id, None)
        if name is not None:
            self._open.pop(name, None)
        return name


def name_of(upstream: str, provider_id: str) -> Name:
    """What a poll for this operation names."""
    return upstream, key_of(provider_id)


def keep(memory: "OrderedDict[Name, Kept]", name: Name, value: Kept, most: int) -> Kept | None:
    """Remember something, as the newest; returns the oldest if it is forgotten for it."""
    memory[name] = value
    memory.move_to_end(name)
    return memory.popitem(last=False)[1] if len(memory) > most else None

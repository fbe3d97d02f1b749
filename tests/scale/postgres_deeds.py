"""What a sidecar does with a shared ledger, one deed after another, by the product's own classes: to measure and to explain."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import pytest

from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.postgres import PostgresLedger
from sidecar.ledger.postgres_connection import Connection
from sidecar.lifecycle.operation import OperationEvent as E, OperationKind
from tests.ledger.given import open_call, settled_call
from tests.ledger.operations_given import END, operation

Deed = Callable[[], object]
ROWS: Final = 50_000
"""Unsettled operations that `postgres_fill` makes at least, by numbers from 1."""


class Asked(NamedTuple):
    """One statement, as it was asked."""

    sql: Any
    values: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The statement, as text."""
        return self.sql.decode() if isinstance(self.sql, bytes) else str(self.sql)


class Deeds:
    """All deeds of one instance. Done in their order and each as often as the others, every operation has each of them once."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self._ledger, self._operations = ledger, ledger.operations
        self._me = ledger.operations._shared.instance
        self._done: Counter[str] = Counter()

    def deeds(self) -> Mapping[str, Deed]:
        """By what they are for."""
        operations = self._operations
        return {
            "alive for one more term": self._ledger._presence.touch,
            "an operation is opened": lambda: operations.open(
                operation(self._next("open"), opened_at=operations.now())
            ),
            "its id is learned": self._accept,
            "its lease is renewed": self._renew,
            "64 leases are renewed": self._renew_all,
            "its row is read": lambda: operations.operation(self._next("read")),
            "a look at its provider is noted": self._note,
            "its caller is found gone": lambda: self._move(
                "lapse", E.LEASE_LAPSED, lapsed_at=1, gone_reason="lease_lapsed"
            ),
            "what the like cost": lambda: operations.typical_spend("openai", "gpt-6", OperationKind.BACKGROUND),
            "its cancel is claimed": lambda: self._move("claim", E.ORPHAN_CLAIMED, cancel_trigger="orphaned"),
            "its end is seen": lambda: self._move("end", E.OBSERVED_CANCELLED, ended_at=1),
            "it settles": lambda: operations.settle(self._next("settle"), 1, END),
            "a look for what the dead left": lambda: operations.take_over(500, 1),
            "a look for the calls that they left": lambda: self._ledger.settle_lost(operations.now(), 1),
            "the rows that are ours": operations.unsettled,
            "a call is written, open and settled": self._call,
        }

    def others(self) -> Mapping[str, Deed]:
        """What people and retention ask for, and what is done seldom."""
        operations = self._operations
        return {
            "a page of operations": lambda: list(operations.operations(OperationQuery(limit=50))),
            "a history": lambda: operations.moves("r00000001"),
            "a result is fetched late": lambda: operations.mark_after("s00000001", "reclaimed_at", 1),
            "old rows are deleted": lambda: self._ledger._postgres.expire(1),
            "a poll of one that has settled": lambda: operations.renew("openai", "s-1", {"renewed_at": 1}),
        }

    def _next(self, deed: str) -> str:
        self._done[deed] += 1
        return f"m{self._done[deed]:08}-{self._me}"

    def _accept(self) -> None:
        id = self._next("accept")
        self._operations.move(id, E.ACCEPTED, {"provider_id": id}, fence=1)

    def _renew(self) -> None:
        self._operations.renew("openai", self._next("renew"), {"renewed_at": self._operations.now()})

    def _renew_all(self) -> None:
        self._done["gather"] += 1
        ids = [f"r{(64 * self._done['gather'] + number) % ROWS:08}" for number in range(64)]
        self._operations.renew_all(ids, self._operations.now())

    def _note(self) -> None:
        self._operations.note(self._next("note"), 1, {"looks": 1, "due_at": self._operations.now()})

    def _move(self, deed: str, event: E, **changes: Any) -> None:
        moved = self._operations.move(self._next(deed), event, {"due_at": self._operations.now(), **changes}, "seen", 1)
        assert moved is not None

    def _call(self) -> None:
        id = self._next("call")
        for call in (open_call(id), settled_call(id)):
            self._ledger.put(call)
            assert self._ledger.flush(30)


@contextmanager
def listened_to() -> Iterator[list[Asked]]:
    """Every statement that any connection of ours is asked, in order."""
    asked: list[Asked] = []
    execute = Connection.execute

    def ask(self: Connection, query: Any, params: Any = None, **more: Any) -> Any:
        asked.append(Asked(query, params or {}))
        return execute(self, query, params, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "execute", ask)
        yield asked

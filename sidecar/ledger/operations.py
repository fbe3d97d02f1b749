"""What every ledger promises about operations. `tests/ledger/operations_conformance.py` holds all of them to it.

**The row is the state machine.** Every move is one guarded UPDATE (`WHERE state IN (..) AND fence = ..`, from
`lifecycle/operation.MOVES`) and one line of history, in one transaction. Nothing changed means that somebody was first: an
answer (None, False), not an error. A method that returns has made its change durable.

**Who holds an operation.** One instance at a time, whose reaper it is. The holder's number is the row's `fence`; taking over adds
one, so that a write by a holder that was thought dead, and only slept, changes nothing. An instance is alive as long as its
ledger's own thread says so (not the event loop: a blocked loop must not look like death). In a file that one process writes,
every other instance is dead.

**Whose clock.** Moments are of `now()`: in a shared ledger the database's, or a sidecar whose clock is wrong would judge leases
for all.

**Settling** happens once, to an operation that has ended: `settled_at` is set by one guarded UPDATE; afterwards only
`reclaimed_at` and `regretted_at` may be.

**Text** that not every database takes (NUL, half a surrogate pair; a provider may send either) is kept with U+FFFD in its place.
What can't be kept at all (a number beyond 64 bits) is a LedgerError.

**Retention.** A settled operation older than the ledger's retention is deleted with its history; one that has not settled is
kept, however old.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

import msgspec

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.lifecycle.operation import OperationEvent, OperationKind
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord

POLL: Final = "a poll"
"""Evidence of a caller that is back."""


class OperationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which operations are asked for. None asks for any."""

    since: Moment | None = None
    """Opened at this moment or later."""
    until: Moment | None = None
    """Opened before this moment."""
    upstream: str | None = None
    model: str | None = None
    """A glob: `*` and `?`."""
    caller: str | None = None
    kind: str | None = None
    state: str | None = None
    """A state, or `open` for all that are not at their end."""
    limit: int | None = None
    """At most so many, newest first."""


class OperationLedgerReader(Protocol):
    """The side of those who only look. Every question is answered from what is committed when it is asked.

    All raise LedgerError when the ledger can't be read.
    """

    def operations(self, query: OperationQuery) -> Iterator[OperationRecord]:
        """Operations, newest first."""
        ...

    def operation(self, id: str) -> OperationRecord | None:
        """The operation of this id, or the only one whose id begins so.

        Raises:
            LedgerError: more than one begins so.
        """
        ...

    def moves(self, id: str) -> list[OperationMove]:
        """The history of an operation, oldest first; the id in full."""
        ...


class OperationLedger(OperationLedgerReader, Protocol):
    """The side of those who act on operations. Every method may be called from any thread and waits for the disk.

    All raise LedgerError when the ledger can't be read or written; then nothing has changed. `changes` name fields of
    `OperationRecord` that may change, with values of their types (`operation_rows.CHANGEABLE`); any other name is a ValueError, a
    bug. What only the methods themselves set (state, outcome, holder, fence) can't be named.
    """

    def now(self) -> Moment:
        """The present moment by the ledger's clock. Quick."""
        ...

    def open(self, record: OperationRecord) -> OperationRecord:
        """Make the row of an operation that is about to be created; returns it with this instance as holder and fence 1.

        Its history begins with `opened`, at `opened_at`. Of what was opened before the row is returned as it is now: when a
        connection breaks in COMMIT nobody knows what became of it, and it is asked again. Another's id is a LedgerError.
        """
        ...

    def move(
        self,
        id: str,
        event: OperationEvent,
        changes: Mapping[str, Any],
        evidence: str = "",
        fence: int | None = None,
    ) -> OperationRecord | None:
        """Make one move and set these fields with it; returns the row afterwards, None when it is not allowed (any more).

        With a `fence` only its holder may; without one, anybody who has seen it happen (a passing exchange). A settled row does
        not move.
        """
        ...

    def note(self, id: str, fence: int, changes: Mapping[str, Any]) -> bool:
        """Set fields of an unsettled operation without moving it: when to look next, what an attempt was answered."""
        ...

    def renew(self, upstream: str, key: str, changes: Mapping[str, Any]) -> OperationRecord | None:
        """The caller of an operation was heard of: set these fields, `renewed_at` among them.

        If it was ORPHANED it is RUNNING again (a move, evidence "a poll"; `lapsed_at` and `gone_reason` become None). Returns the
        row afterwards, whatever its state, a settled one unchanged; None when no operation of this upstream has this key
        (`operation_record.key_of`). Where a create was sent again with its idempotency key, two rows have the same: all that have
        not settled are renewed, and the newest is returned.
        """
        ...

    def renew_all(self, ids: Sequence[str], at: Moment) -> list[OperationRecord]:
        """The callers of these were heard of at this moment: as `renew`, for many at once, in one transaction.

        Returns the rows of those for which that was news; settled ones and those that were heard of since are not among them.
        """
        ...

    def unsettled(self) -> list[OperationRecord]:
        """All unsettled operations of this instance, oldest first."""
        ...

    def take_over(self, limit: int, reach: int | None = None) -> list[OperationRecord]:
        """Make unsettled operations of dead instances this one's; returns them. No two instances are given the same.

        With a `reach`, which a file does without, those of the dead that this one looks after (`lifecycle.neighbors`).
        """
        ...

    def settle(self, id: str, fence: int, changes: Mapping[str, Any]) -> OperationRecord | None:
        """Fix outcome, usage and money, once; None when it is settled already, another holds it, or it has not ended.

        `outcome` becomes the state; `settled_at` is now, unless `changes` name it.
        """
        ...

    def mark_after(self, id: str, field: str, at: Moment) -> bool:
        """Set `reclaimed_at` or `regretted_at` of a settled operation, if it is not set; whether it was."""
        ...

    def typical_spend(self, upstream: str, model: str, kind: OperationKind, limit: int = 200) -> list[Decimal]:
        """What the latest operations cost that came to their natural end (`succeeded`, exact), newest first."""
        ...


SAME_CREATE: Final = ("upstream", "dialect", "method", "kind", "opened_at", "asked_seconds", "asked_pieces")
"""What tells one create from another under the same id, and is never changed; numbers and our own words alone, which every
database gives back as they were."""


def opened_before(found: OperationRecord, record: OperationRecord, where: str) -> OperationRecord:
    """The row of an operation that is opened once more.

    Raises:
        LedgerError: the row is of another.
    """
    if any(getattr(found, name) != getattr(record, name) for name in SAME_CREATE):
        raise LedgerError(where, f"has an operation {record.id} already")
    return found

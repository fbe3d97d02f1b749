"""What goes on at a provider after its caller's end, and whether that is waited for. Pure."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.lifecycle.operation import OperationKind, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.reaping import outlives_its_process
from sidecar.metering.money import share

QUICK: Final = frozenset({OperationKind.BACKGROUND, OperationKind.LRO})
"""Kinds that take minutes. Batches and trainings take hours."""
AT_WORK: Final = frozenset({S.OPENING, S.RUNNING, S.ORPHANED})


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """A call or an operation that goes on without its caller."""

    upstream: str
    model: str
    kind: str
    state: S | None = None
    """An operation's; None for a call."""
    seconds: float
    """Since it began."""
    usd: Decimal | None = None
    """What it has cost by now, an estimate; None where nothing of it is known but what is typical."""

    @property
    def is_being_cancelled(self) -> bool:
        """A cancel was decided, and its end has not been seen."""
        return self.state is S.CANCELLING


class Typical(msgspec.Struct, frozen=True):
    """What the likes of a call or an operation took and cost lately; None where too few of them are known."""

    seconds: float | None = None
    usd: Decimal | None = None

    def rest_seconds(self, seconds: float) -> float | None:
        """How long one that has taken so long will take on; None where that can't be told, or it is over its time."""
        return None if self.seconds is None or seconds >= self.seconds else self.seconds - seconds

    def usd_after(self, seconds: float) -> Decimal | None:
        """What one that has taken so long has cost, if it accrues evenly. An estimate, and nobody's bill."""
        if self.seconds is None or self.usd is None:
            return None
        return share(self.usd, round(min(seconds, self.seconds) * 1e6), max(1, round(self.seconds * 1e6)))


def is_awaited(record: OperationRecord, *, is_watched: bool) -> bool:
    """Whether it is worth staying for an operation: until its end is seen, and what it cost is known.

    Not for what is meant to outlive its caller, or takes hours. (`is_watched`: its provider may be asked how it stands.)
    """
    if record.settled_at is not None:
        return False
    if record.state in AT_WORK:
        is_known = record.state is not S.OPENING and is_watched
        return is_known and record.kind in QUICK and not outlives_its_process(record)
    return True


def is_left_running(record: OperationRecord) -> bool:
    """Whether it was at work, as far as anybody knows, when we looked last."""
    return record.settled_at is None and (record.state in AT_WORK or record.state is S.CANCELLING)

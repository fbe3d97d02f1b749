"""An operation as the API shows it: the columns of its row by their names, moments as RFC 3339, money as decimal strings."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from sidecar.control.shown import NOT_KNOWN, Prospect
from sidecar.control.view import When
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.metering.money import plain

Usd = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}, mode="serialization"),
]
"""US dollars, exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationReply:
    """One operation. `lifecycle.operation_record.OperationRecord` says what each field means."""

    id: str
    upstream: str
    provider: str
    provider_id: str | None
    method: str
    kind: str
    model: str
    served_model: str | None
    caller: str | None
    labels: dict[str, str]
    trace: str | None
    opened_at: When
    renewed_at: When
    lease_seconds: float
    is_lease_asked: bool
    is_detached: bool
    lapsed_at: When | None
    gone_reason: str | None
    cancel_requested_at: When | None
    cancel_trigger: str | None
    cancel_attempts: int
    cancel_result: str | None
    ended_at: When | None
    claimed_at: When | None
    settled_at: When | None
    state: str
    outcome: str | None
    usage: dict[str, int]
    tier: str | None
    variant: str | None
    spend_usd: Usd | None
    orphaned_usd: Usd | None
    avoidable_usd: Usd | None
    avoided_usd: Usd | None
    told_usd: Usd | None
    basis: str | None
    basis_reason: str | None
    price_source: str | None
    unpriced_reason: str | None
    usage_basis: str | None
    usage_reason: str | None
    reclaimed_at: When | None
    regretted_at: When | None
    due_at: When
    holder: str
    fence: int
    lease_ends_at: When | None = None
    """Its caller counts as gone from here on, unless it is heard of before; null where no lease runs."""
    grace_ends_at: When | None = None
    """It is cancelled from here on (in `observe`: would be), unless its caller is heard of before; null where it is not."""
    spend_so_far_usd: Usd | None = None
    """What such operations cost at least, as a rule, while it is open: an estimate, in no sum. Null where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReply:
    """One line of an operation's history."""

    number: int
    at: When
    event: str
    state: str
    instance: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReply(OperationReply):
    """One operation and how it came to be where it is."""

    moves: list[MoveReply]


FIELDS = tuple(name for name in OperationReply.__dataclass_fields__ if name not in Prospect._fields)


def operation_reply(record: OperationRecord, prospect: Prospect = NOT_KNOWN) -> OperationReply:
    """An operation in a list."""
    return OperationReply(**{name: getattr(record, name) for name in FIELDS}, **prospect._asdict())


def history_reply(
    record: OperationRecord, moves: Sequence[OperationMove], prospect: Prospect = NOT_KNOWN
) -> HistoryReply:
    """An operation with its moves, oldest first."""
    lines = [
        MoveReply(
            number=move.number,
            at=move.at,
            event=move.event.value,
            state=move.state.value,
            instance=move.instance,
            evidence=move.evidence,
        )
        for move in moves
    ]
    return HistoryReply(**{name: getattr(record, name) for name in FIELDS}, **prospect._asdict(), moves=lines)

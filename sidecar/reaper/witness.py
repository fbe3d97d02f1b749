"""What an observation means for the row: which move, with which fields. Pure."""

from typing import Any, Final

from sidecar.clock import Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Observed, Progress
from sidecar.reaper.reading import usage_changes

EVENTS: Final = {
    Progress.SUCCEEDED: E.OBSERVED_SUCCEEDED,
    Progress.FAILED: E.OBSERVED_FAILED,
    Progress.CANCELLED: E.OBSERVED_CANCELLED,
}
"""Ends; the other progress moves nothing."""
RESULTS: Final = {
    E.OBSERVED_SUCCEEDED: CancelResult.TOO_LATE,
    E.OBSERVED_FAILED: CancelResult.TOO_LATE,
    E.OBSERVED_CANCELLED: CancelResult.CONFIRMED,
    E.OBSERVED_MISSING: CancelResult.UNCONFIRMED,
}
"""What an end says of the cancel that was asked for. Of what is gone nobody knows whether it was stopped."""


def end_changes(
    record: OperationRecord, event: E, observed: Observed | None, now: Moment, *, is_claimed: bool
) -> dict[str, Any]:
    """The fields that go with an end that was seen; `is_claimed` when it was its caller who saw it."""
    told_at = None if observed is None else observed.ended_at
    changes: dict[str, Any] = {
        "ended_at": now if told_at is None else max(min(told_at, now), record.opened_at),
        "looks": 0,
        "due_at": now,
        **usage_changes(None if observed is None else observed.reported),
    }
    if is_claimed and record.claimed_at is None:
        changes["claimed_at"] = now
    if is_cancel_under_way(record):
        changes["cancel_result"] = RESULTS[event].value
    return changes


def is_cancel_under_way(record: OperationRecord) -> bool:
    """A cancel was asked for and has not been refused: an end says what became of it."""
    return record.cancel_requested_at is not None and record.state in {S.CANCELLING, S.CANCELLED, S.ABANDONED}


def was_asked_for_since(record: OperationRecord) -> bool:
    """Its caller was heard of after we had decided to cancel it because it was thought gone; and cancelled it was."""
    asked_at = record.cancel_requested_at
    return _is_our_doing(record) and asked_at is not None and record.renewed_at > asked_at


def is_regretted_by_asking(record: OperationRecord) -> bool:
    """Somebody who asks for it now finds that we have cancelled it, and nobody had asked before."""
    return _is_our_doing(record) and record.settled_at is not None and record.regretted_at is None


def is_reclaimed_by_taking(record: OperationRecord) -> bool:
    """Somebody who takes its result now takes what was counted as orphaned, and nobody had taken it before."""
    is_unclaimed = record.claimed_at is None and record.reclaimed_at is None and not record.is_detached
    return record.state is S.SUCCEEDED and record.settled_at is not None and is_unclaimed


def _is_our_doing(record: OperationRecord) -> bool:
    is_ours = record.cancel_trigger == CancelTrigger.ORPHANED and record.cancel_result == CancelResult.CONFIRMED
    return is_ours and record.state is S.CANCELLED

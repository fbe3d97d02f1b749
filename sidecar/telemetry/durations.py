"""How long a settled call or operation lasted, as the metrics and the log say it alike. Seconds; None where it was never seen."""

from sidecar.clock import Moment, seconds_between
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import CancelResult
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord

ORPHAN_OUTCOMES = frozenset({Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED})


def ended_at(record: CallRecord) -> Moment | None:
    """When the provider's work was last seen: its terminal event, else settlement; None for a lost call."""
    if record.finished_at is not None:
        return record.finished_at
    return None if record.outcome == Outcome.LOST else record.settled_at


def duration_seconds(record: CallRecord) -> float | None:
    """From the request's head to the end of the provider's reply."""
    end = ended_at(record)
    return None if end is None else seconds_between(record.started_at, end)


def first_byte_seconds(record: CallRecord) -> float | None:
    """From the request's head to the head of the provider's reply."""
    return None if record.answered_at is None else seconds_between(record.started_at, record.answered_at)


def orphaned_seconds(record: CallRecord) -> float | None:
    """From the caller's leaving to the end of the work that then went on for nobody."""
    end = ended_at(record)
    if record.left_at is None or end is None or record.outcome not in ORPHAN_OUTCOMES:
        return None
    return seconds_between(record.left_at, end)


def open_seconds(record: OperationRecord) -> float | None:
    """From an operation's opening to its end."""
    return None if record.ended_at is None else seconds_between(record.opened_at, record.ended_at)


def running_on_seconds(record: OperationRecord) -> float | None:
    """From an operation's caller being found gone to its end."""
    if record.lapsed_at is None or record.ended_at is None:
        return None
    return seconds_between(record.lapsed_at, record.ended_at)


def cancel_seconds(record: OperationRecord) -> float | None:
    """The same, where the end is one that a cancel brought and the provider confirmed."""
    return running_on_seconds(record) if record.cancel_result == CancelResult.CONFIRMED else None

from collections.abc import Callable

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.durations import (
    cancel_seconds,
    duration_seconds,
    ended_at,
    first_byte_seconds,
    open_seconds,
    orphaned_seconds,
    running_on_seconds,
)

Record = Callable[..., CallRecord]


def test_a_delivered_call_ends_with_the_provider(record: Record):
    call = record()
    assert duration_seconds(call) == 2.0
    assert first_byte_seconds(call) == 0.5
    assert orphaned_seconds(call) is None


def test_a_cut_call_ends_when_it_settled(record: Record):
    call = record(outcome="orphan_cut", finished_at=None, left_at=record().started_at + SECOND)
    assert ended_at(call) == call.settled_at
    assert orphaned_seconds(call) == pytest.approx(1.0005)


def test_an_orphan_lasts_from_the_leaving_to_the_providers_end(record: Record):
    call = record(outcome="orphan_finished", left_at=record().started_at + SECOND)
    assert orphaned_seconds(call) == 1.0


@pytest.mark.parametrize("outcome", ["rescued", "joined", "undelivered", "left_early"])
def test_only_work_for_nobody_is_timed_as_such(record: Record, outcome: str):
    assert orphaned_seconds(record(outcome=outcome, left_at=record().started_at + SECOND)) is None


def test_the_end_of_a_lost_call_is_not_made_up(record: Record):
    call = record(outcome="lost", finished_at=None, left_at=record().started_at)
    assert (ended_at(call), duration_seconds(call), orphaned_seconds(call)) == (None, None, None)


def test_a_call_that_was_never_answered_has_no_first_byte(record: Record):
    assert first_byte_seconds(record(answered_at=None)) is None


Operation = Callable[..., OperationRecord]


def test_an_operation_whose_end_was_not_seen_has_no_durations(operation: Operation):
    row = operation(lapsed_at=1, cancel_result="confirmed")
    assert (open_seconds(row), running_on_seconds(row), cancel_seconds(row)) == (None, None, None)


def test_an_operation_runs_on_from_its_lapse_to_its_end(operation: Operation):
    opened = operation().opened_at
    row = operation(lapsed_at=opened + 60 * SECOND, ended_at=opened + 90 * SECOND)
    assert (open_seconds(row), running_on_seconds(row), cancel_seconds(row)) == (90.0, 30.0, None)
    assert running_on_seconds(operation(ended_at=opened + SECOND)) is None


@pytest.mark.parametrize(("result", "seconds"), [("confirmed", 30.0), ("too_late", None), ("unconfirmed", None)])
def test_only_a_confirmed_cancel_is_timed(operation: Operation, result: str, seconds: float | None):
    opened = operation().opened_at
    row = operation(lapsed_at=opened + 60 * SECOND, ended_at=opened + 90 * SECOND, cancel_result=result)
    assert cancel_seconds(row) == seconds

from collections.abc import Callable

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.durations import duration_seconds, ended_at, first_byte_seconds, orphaned_seconds

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


def test_the_end_of_a_lost_call_is_not_made_up(record: Record):
    call = record(outcome="lost", finished_at=None, left_at=record().started_at)
    assert (ended_at(call), duration_seconds(call), orphaned_seconds(call)) == (None, None, None)


def test_a_call_that_was_never_answered_has_no_first_byte(record: Record):
    assert first_byte_seconds(record(answered_at=None)) is None

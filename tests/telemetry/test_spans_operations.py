"""The span of an operation: from its opening to its end, with its moves, or what its row tells of them."""

from typing import Any

import pytest
from hypothesis import given

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OPEN, OperationEvent, OperationKind, OperationState as S
from sidecar.lifecycle.operation_record import OperationMove
from sidecar.telemetry.spans_operations import operation_span
from tests.telemetry.any_record import MOVES, OPERATIONS
from tests.telemetry.conftest import START, an_operation

OURS = "inference_sidecar."
ORPHAN: dict[str, Any] = {
    "lapsed_at": START + 60 * SECOND, "gone_reason": "lease_lapsed", "cancel_requested_at": START + 70 * SECOND,
    "cancel_trigger": "orphaned", "cancel_result": "confirmed", "ended_at": START + 72 * SECOND,
    "settled_at": START + 200 * SECOND, "outcome": S.CANCELLED, "state": S.CANCELLED,
}  # fmt: skip


def test_it_is_named_by_what_it_does_and_lasts_until_its_end():
    span = operation_span(an_operation(method="responses", served_model="gpt-6-2026", **ORPHAN), server=("host", 443))
    assert (span.name, span.start, span.end) == ("chat gpt-6", START, START + 72 * SECOND)
    assert span.attributes["gen_ai.response.model"] == "gpt-6-2026"
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("host", 443)
    assert span.attributes[f"{OURS}operation_id"] == "o1"
    assert span.attributes[f"{OURS}orphaned_seconds"] == 12.0


def test_without_its_history_its_own_moments_are_told():
    events = operation_span(an_operation(**ORPHAN)).events
    assert [(event.name, event.attributes) for event in events] == [
        (f"{OURS}caller_left", {f"{OURS}reason": "lease_lapsed"}),
        (f"{OURS}cancel_requested", {f"{OURS}trigger": "orphaned"}),
        (f"{OURS}server_finished", {}),
    ]


def test_with_its_history_every_move_is_an_event():
    move = OperationMove(
        number=2,
        at=START + SECOND,
        event=OperationEvent.LEASE_LAPSED,
        state=S.ORPHANED,
        instance="i",
        evidence="no poll for 61 s",
    )
    (event,) = operation_span(an_operation(**ORPHAN), [move]).events
    assert (event.name, event.at) == (f"{OURS}lease_lapsed", START + SECOND)
    assert event.attributes == {f"{OURS}state": "orphaned", f"{OURS}evidence": "no poll for 61 s"}


def test_one_whose_end_was_never_seen_lasts_until_it_settled():
    assert operation_span(an_operation(settled_at=START + SECOND, outcome=S.ABANDONED)).end == START + SECOND


@pytest.mark.parametrize("outcome", [state for state in S if state not in OPEN])
def test_only_what_went_wrong_is_an_error(outcome: S):
    is_wrong = outcome in {S.FAILED, S.UNTRACEABLE, S.ABANDONED}
    assert operation_span(an_operation(outcome=outcome)).error_type == (outcome if is_wrong else "")


@pytest.mark.parametrize(("kind", "name"), [(OperationKind.BATCH, "batch m"), (OperationKind.TUNING, "tuning m")])
def test_what_is_no_single_inference_has_a_name_of_its_own(kind: OperationKind, name: str):
    assert operation_span(an_operation(kind=kind, model="m")).name == name


@given(OPERATIONS, MOVES)
def test_any_record_makes_a_span_with_sound_times(record, moves):
    span = operation_span(record, moves)
    assert span.start == record.opened_at
    assert all(span.start <= event.at <= span.end for event in span.events)

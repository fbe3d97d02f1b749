from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import (
    CancelResult,
    CancelTrigger,
    GoneReason,
    OperationKind as Kind,
    OperationState as State,
)
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.spend import NO_TOKENS, TokenFates
from sidecar.telemetry.operation_recorder import OperationRecorder
from sidecar.telemetry.recorder import Recorder

Operation = Callable[..., OperationRecord]
Total = Callable[..., float]
START = 1_790_000_000 * SECOND
ORPHAN: dict[str, Any] = {"state": State.ORPHANED, "lapsed_at": START + 60 * SECOND, "gone_reason": "process_exited"}
SUCCEEDED: dict[str, Any] = {
    "state": State.SUCCEEDED, "outcome": "succeeded", "ended_at": START + 90 * SECOND, "settled_at": START + 99 * SECOND,
    "spend_usd": Decimal(3), "orphaned_usd": Decimal(3), "avoidable_usd": Decimal(1), "basis": "exact",
}  # fmt: skip


@pytest.fixture
def operations(recorder: Recorder) -> OperationRecorder:
    return recorder.operations


def test_opened_is_settled_and_open(operations: OperationRecorder, operation: Operation, total: Total):
    for id in ("o1", "o2"):
        operations.opened(operation(id))
    assert (total("operations_opened_total"), total("operations_open", state="opening")) == (2, 2)
    operations.settled(operation("o1", **SUCCEEDED))
    assert (total("operations_settled_total", outcome="succeeded"), total("operations_open")) == (1, 1)


def test_a_settled_operation_is_one_line_and_its_money_is_in_the_bill_of_the_calls(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.opened(operation())
    operations.settled(operation(**SUCCEEDED), TokenFates(NO_TOKENS, (1, 2, 3, 4, 5)))
    assert total("spend_usd_total", kind="background", fate="orphaned", basis="exact") == 3
    assert total("avoidable_spend_usd_total", kind="background") == 1
    assert total("tokens_total", kind="background", fate="orphaned") == 15
    assert [record.id for record in calls.operations] == ["o1"]


def test_states_are_what_the_reaper_says(operations: OperationRecorder, operation: Operation, total: Total):
    operations.states({(Kind.BACKGROUND, State.RUNNING): 3, (Kind.BATCH, State.CANCELLING): 1})
    assert total("operations_open") == 4
    assert total("operations_open", state="running", kind="background") == 3
    operations.states({})
    assert total("operations_open") == 0


def test_what_the_reaper_has_not_heard_of_is_opening(operations: OperationRecorder, operation: Operation, total: Total):
    for id in ("o1", "o2", "o3"):
        operations.opened(operation(id))
    operations.opened(operation("o4", kind=Kind.BATCH))
    operations.states({(Kind.BACKGROUND, State.RUNNING): 2})
    assert total("operations_open") == 4
    assert total("operations_open", state="opening", kind="background") == 1
    assert total("operations_open", state="opening", kind="batch") == 1


def test_an_end_before_the_states_are_told_anew__taken_from_where_it_was_counted(
    operations: OperationRecorder, operation: Operation, total: Total
):
    operations.opened(operation())
    operations.states({(Kind.BACKGROUND, State.RUNNING): 1})
    operations.settled(operation(**SUCCEEDED))
    assert total("operations_open") == total("operations_open", state="running") == 0


def test_a_departure_is_counted_once_however_often_it_is_told(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.opened(operation())
    operations.departed(operation(**ORPHAN), GoneReason.PROCESS_EXITED)
    operations.departed(operation(**ORPHAN), GoneReason.LEASE_LAPSED)
    assert total("departures_total", kind="background") == total("departures_total", reason="process_exited") == 1
    assert calls.events == [("operation_orphaned", "o1", False, {"reason": "process_exited"})]


def test_a_caller_that_comes_back_is_counted_by_its_way(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.opened(operation())
    operations.returned(operation(), "poll")
    assert total("returns_total") == 0
    operations.departed(operation(**ORPHAN), GoneReason.LEASE_LAPSED)
    operations.returned(operation(), "poll")
    assert total("returns_total", kind="background", via="poll") == 1
    assert total("oldest_orphan_timestamp_seconds") == 0
    assert calls.events[-1] == ("operation_renewed", "o1", False, {"via": "poll"})


def test_the_oldest_orphan_is_a_call_or_an_operation(
    recorder: Recorder, operations: OperationRecorder, operation: Operation, total: Total
):
    operations.opened(operation("o1"))
    operations.departed(operation("o1", **ORPHAN), GoneReason.LEASE_LAPSED)
    operations.opened(operation("o2"))
    operations.departed(operation("o2", **ORPHAN | {"lapsed_at": START + 30 * SECOND}), GoneReason.LEASE_LAPSED)
    assert total("oldest_orphan_timestamp_seconds") == START / SECOND + 30
    operations.ended(operation("o2"))
    assert total("oldest_orphan_timestamp_seconds") == START / SECOND + 60
    operations.settled(operation("o1", **SUCCEEDED))
    assert total("oldest_orphan_timestamp_seconds") == 0
    assert recorder.operations is operations


def test_exposure_is_what_orphans_cost_as_a_rule(operations: OperationRecorder, operation: Operation, total: Total):
    for number in range(2):
        operations.opened(operation(f"o{number}"))
        operations.departed(operation(f"o{number}", **ORPHAN), GoneReason.LEASE_LAPSED, [Decimal(4)] * 5)
    operations.opened(operation("o9"))
    assert total("exposure_usd", kind="background") == 8
    assert (operations.typical_usd("o9"), operations.typical_usd("o7")) == (4, 0)
    operations.ended(operation("o0"))
    assert total("exposure_usd") == 4
    operations.returned(operation("o1"), "poll")
    assert total("exposure_usd") == 0


def test_an_operation_of_an_earlier_process_counts_here_as_well(
    operations: OperationRecorder, operation: Operation, total: Total
):
    operations.resumed(operation("o1", state=State.RUNNING))
    operations.resumed(operation("o1", state=State.RUNNING))
    operations.resumed(operation("o2", **ORPHAN), [Decimal(4)] * 5)
    assert total("operations_opened_total") == 2
    assert (total("operations_open", state="running"), total("operations_open", state="orphaned")) == (1, 1)
    assert total("departures_total", reason="process_exited") == 1
    assert total("exposure_usd") == 4


def test_an_operation_that_was_taken_over_says_so(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.taken_over(operation(state=State.RUNNING, fence=2))
    assert total("operations_opened_total") == 1
    assert calls.events == [("operation_taken_over", "o1", False, {"fence": 2})]


def test_an_operation_that_was_taken_from_us_is_nothing_of_ours(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.opened(operation())
    operations.departed(operation(**ORPHAN), GoneReason.LEASE_LAPSED)
    operations.released("o1")
    operations.released("o1")
    assert total("operations_open") == total("oldest_orphan_timestamp_seconds") == 0
    assert [event for event, *_ in calls.events] == ["operation_orphaned", "operation_released"]


def test_one_that_nobody_said_was_opened_still_adds_up(
    operations: OperationRecorder, operation: Operation, total: Total
):
    operations.settled(operation(**SUCCEEDED, lapsed_at=START))
    assert total("operations_opened_total") == total("operations_settled_total") == 1
    assert total("departures_total", reason="sidecar_lost") == 1
    assert total("operations_open") == 0


@pytest.mark.parametrize(
    ("result", "is_warning"),
    [
        (CancelResult.CONFIRMED, False),
        (CancelResult.TOO_LATE, False),
        (CancelResult.UNSUPPORTED, False),
        (CancelResult.WOULD_CANCEL, False),
        (CancelResult.REFUSED, True),
        (CancelResult.UNCONFIRMED, True),
        (CancelResult.NO_CREDENTIAL, True),
    ],
)
def test_a_cancel_is_counted_and_logged_by_what_became_of_it(
    operations: OperationRecorder,
    operation: Operation,
    total: Total,
    calls: Any,
    result: CancelResult,
    is_warning: bool,
):
    operations.opened(operation())
    operations.cancel_asked(operation(), CancelTrigger.ORPHANED, result)
    assert total("cancel_requests_total") == total("cancel_requests_total", trigger="orphaned", result=str(result)) == 1
    assert calls.events == [(f"operation_cancel_{result}", "o1", is_warning, {"trigger": "orphaned"})]


def test_a_cancel_on_its_way_is_only_logged(
    operations: OperationRecorder, operation: Operation, total: Total, calls: Any
):
    operations.opened(operation())
    operations.cancel_sent(operation(cancel_trigger="asked", cancel_attempts=2))
    assert total("cancel_requests_total") == 0
    assert calls.events == [("operation_cancel_sent", "o1", False, {"trigger": "asked", "attempt": 2})]


def test_what_is_fetched_late_is_reclaimed_and_what_is_missed_is_regretted(
    operations: OperationRecorder, operation: Operation, total: Total
):
    settled = operation(**SUCCEEDED | {"spend_usd": Decimal(5)})
    operations.reclaimed(settled)
    operations.regretted(settled)
    operations.reclaimed(operation(orphaned_usd=None))
    assert total("reclaimed_spend_usd_total", kind="background", model="gpt-6") == 3
    assert total("regretted_spend_usd_total") == 5
    assert total("operations_opened_total") == total("operations_open") == 0


def test_a_settled_operation_keeps_the_labels_it_opened_under(
    operations: OperationRecorder, operation: Operation, total: Total
):
    operations.opened(operation(model="asked-for"))
    operations.settled(operation(model="served", **SUCCEEDED))
    assert total("operations_settled_total", model="asked-for") == 1


def test_models_share_one_bound_with_the_calls(operation: Operation, new_log: Callable[[], Any], read: Any):
    recorder = Recorder("1", new_log(), dict, model_limit=1)  # type: ignore[arg-type]  # its health is not asked for
    for number in range(3):
        recorder.operations.opened(operation(f"o{number}", model=f"m{number}"))
    frozen = {family.family.name: family.children for family in recorder.operations.frozen()}
    assert frozen["inference_sidecar_operations_opened_total"] == [
        (("openai", "m0", "background"), 1),
        (("openai", "other", "background"), 2),
    ]


def test_a_mass_suspicion_is_told(operations: OperationRecorder, calls: Any):
    operations.suspected(90, 100, "the clock jumped")
    assert calls.suspicions == [(90, 100, "the clock jumped")]

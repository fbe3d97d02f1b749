from decimal import Decimal

from sidecar.cli.operation_rows import COLUMNS, history_row, operation_row
from sidecar.lifecycle.operation import OperationEvent, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from tests.cli.ledgers import NOON, operation


def test_columns_are_the_ledgers_own_and_those_of_the_design_stand_first():
    assert COLUMNS[:18] == (
        "id", "upstream", "provider_id", "kind", "model", "caller", "opened_at", "lapsed_at", "cancel_requested_at",
        "ended_at", "settled_at", "state", "outcome", "usage", "spend_usd", "orphaned_usd", "avoided_usd", "basis",
    )  # fmt: skip
    assert sorted(COLUMNS) == sorted(OperationRecord.__struct_fields__)


def test_moments_are_rfc3339_with_microseconds_and_money_is_exact():
    row = operation_row(operation(0, opened_at=NOON + 1, spend_usd=Decimal("1E-7")))
    assert row["opened_at"] == "2026-11-20T12:00:00.000001Z"
    assert (row["spend_usd"], row["lapsed_at"]) == ("0.0000001", None)


def test_a_history_is_the_row_and_its_moves():
    move = OperationMove(
        number=1, at=NOON, event=OperationEvent.OPENED, state=OperationState.OPENING, instance="me", evidence="why"
    )  # fmt: skip
    row = history_row(operation(0), [move])
    assert row["moves"] == [
        {
            "number": 1, "at": "2026-11-20T12:00:00.000000Z", "event": "opened", "state": "opening", "instance": "me",
            "evidence": "why",
        }
    ]  # fmt: skip

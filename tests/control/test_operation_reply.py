from decimal import Decimal

from pydantic import TypeAdapter

from sidecar.clock import SECOND
from sidecar.control.operation_reply import FIELDS, HistoryReply, OperationReply, history_reply, operation_reply
from sidecar.control.shown import Prospect
from sidecar.lifecycle.operation import OperationEvent, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord

STARTED = 1_790_000_000 * SECOND
NOT_SHOWN = {"dialect", "path", "host", "mark", "asked_seconds", "asked_pieces", "looks"}
"""What the sidecar itself works by."""
ROW = OperationRecord(
    id="o1", upstream="openai", provider="openai", dialect="openai", method="responses.create", kind=OperationKind.BATCH,
    model="gpt-6", opened_at=STARTED, path="/v1/responses", lease_seconds=60.0, renewed_at=STARTED, due_at=STARTED,
    lapsed_at=STARTED + SECOND, spend_usd=Decimal("1E-7"), usage={"input": 3},
)  # fmt: skip


def test_every_column_that_says_something_to_people_is_shown():
    assert set(FIELDS) == set(OperationRecord.__struct_fields__) - NOT_SHOWN


def test_what_is_expected_of_it_stands_beside_its_columns():
    prospect = Prospect(lease_ends_at=STARTED, grace_ends_at=None, spend_so_far_usd=Decimal("0.5"))
    shown = TypeAdapter(OperationReply).dump_python(operation_reply(ROW, prospect), mode="json")
    assert (shown["lease_ends_at"], shown["grace_ends_at"], shown["spend_so_far_usd"]) == (
        "2026-09-21T14:13:20.000000Z", None, "0.5",
    )  # fmt: skip
    assert operation_reply(ROW).spend_so_far_usd is None


def test_moments_are_rfc_3339_and_money_is_a_plain_decimal_string():
    shown = TypeAdapter(OperationReply).dump_python(operation_reply(ROW), mode="json")
    assert (shown["opened_at"], shown["lapsed_at"]) == ("2026-09-21T14:13:20.000000Z", "2026-09-21T14:13:21.000000Z")
    assert (shown["spend_usd"], shown["orphaned_usd"], shown["settled_at"]) == ("0.0000001", None, None)
    assert (shown["kind"], shown["state"], shown["usage"]) == ("batch", "opening", {"input": 3})


def test_a_history_is_the_row_and_its_moves():
    move = OperationMove(
        number=1, at=STARTED, event=OperationEvent.LEASE_LAPSED, state=OperationState.ORPHANED, instance="me", evidence="why"
    )  # fmt: skip
    shown = TypeAdapter(HistoryReply).dump_python(history_reply(ROW, [move]), mode="json")
    assert shown["id"] == "o1"
    assert shown["moves"] == [
        {
            "number": 1, "at": "2026-09-21T14:13:20.000000Z", "event": "lease_lapsed", "state": "orphaned",
            "instance": "me", "evidence": "why",
        }
    ]  # fmt: skip

"""The record's fields are the ledger's columns, and what people read in `sidecar calls list --format json`."""

import msgspec

from sidecar.lifecycle.record import CallKind, CallRecord

AS_DESIGNED = """
    id upstream provider dialect model kind caller
    started_at committed_at answered_at left_at left_reason finished_at settled_at
    outcome http_status usage spend_usd orphaned_usd avoidable_usd basis price_source rescued_by attempt_of
"""

LAST = "decision decision_reason caller_timeout_seconds socket"
"""Later columns stand behind all others, so that whoever reads by place is not disturbed."""


def a_record() -> CallRecord:
    return CallRecord(
        id="c1", upstream="gemini", provider="google", dialect="gemini", model="m", kind=CallKind.UNARY, started_at=1
    )


def test_the_fields_stand_in_the_order_of_the_columns() -> None:
    columns = AS_DESIGNED.split()
    assert list(CallRecord.__struct_fields__[: len(columns)]) == columns


def test_later_columns_stand_last() -> None:
    columns = LAST.split()
    assert list(CallRecord.__struct_fields__[-len(columns) :]) == columns


def test_a_new_record_claims_nothing() -> None:
    record = a_record()
    claims = {field: value for field, value in msgspec.structs.asdict(record).items() if value not in (None, {})}
    assert set(claims) == {"id", "upstream", "provider", "dialect", "model", "kind", "started_at"}


def test_two_records_do_not_share_their_usage() -> None:
    a_record().usage["input"] = 1
    assert a_record().usage == {}

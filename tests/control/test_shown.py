"""A settled call as the API shows it."""

import dataclasses
from decimal import Decimal

from sidecar.control.shown import CallRow, amount, call_row, mended, stamped
from sidecar.lifecycle.record import CallRecord
from tests.control.showing import settled


def test_row_has_the_fields_of_the_record_by_their_names():
    assert {field.name for field in dataclasses.fields(CallRow)} - {"route"} <= set(CallRecord.__struct_fields__)


def test_row_is_ready_to_be_json():
    row = call_row(settled(left_at=None, orphaned_usd=Decimal("1E-7"), spend_usd=None, method="generateContent"))
    assert (row.started_at, row.left_at) == ("2026-09-21T14:13:20.000000Z", None)
    assert (row.spend_usd, row.orphaned_usd, row.route) == (None, "0.0000001", "generateContent")


def test_nothing_known_is_none_and_not_zero():
    assert amount(None) is stamped(None) is None
    assert amount(Decimal(0)) == "0"


def test_text_that_utf8_has_no_bytes_for_is_mended_and_other_text_is_the_same():
    assert (mended("a\ud83d"), mended("a\U0001f600\x00"), mended("gemini")) == ("a?", "a\U0001f600\x00", "gemini")

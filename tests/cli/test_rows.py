"""A call as a row for machines."""

import csv
import io
import json
from decimal import Decimal

import pytest

from sidecar.cli.rows import COLUMNS, call_row, write_csv, write_json, write_jsonl
from sidecar.lifecycle.record import CallRecord
from tests.cli.ledgers import NOON, call


def test_columns_are_the_ledgers_own_in_order():
    assert tuple(call_row(call(0))) == COLUMNS
    assert COLUMNS == (
        "id", "upstream", "provider", "dialect", "model", "kind", "caller", "started_at", "committed_at", "answered_at",
        "left_at", "left_reason", "finished_at", "settled_at", "outcome", "http_status", "usage", "spend_usd",
        "orphaned_usd", "avoidable_usd", "basis", "price_source", "rescued_by", "attempt_of",
        "basis_reason", "avoidable_basis", "unpriced_reason", "method", "tier", "variant", "labels", "asked_model",
        "usage_basis", "usage_reason", "handed_over", "usage_at_left", "at_left_basis", "held_milliseconds", "told_usd",
        "decision", "decision_reason", "caller_timeout_seconds", "socket",
    )  # fmt: skip


def test_every_column_of_the_ledger_is_shown():
    assert set(COLUMNS) == set(CallRecord.__struct_fields__)


def test_moments_are_rfc3339_with_microseconds_and_money_is_exact():
    row = call_row(
        call(0, started_at=NOON + 1, spend_usd=Decimal("0.000000123456789000"), orphaned_usd=Decimal("1E-7"))
    )
    assert row["started_at"] == "2026-11-20T12:00:00.000001Z"
    assert row["spend_usd"] == "0.000000123456789"
    assert row["orphaned_usd"] == "0.0000001"
    assert row["left_at"] is None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_one_array(count):
    file = io.StringIO()
    write_json((call_row(call(number)) for number in range(count)), file)
    assert [row["id"] for row in json.loads(file.getvalue())] == [f"c{number:03}" for number in range(count)]


def test_json_is_written_as_the_rows_come():
    file = io.StringIO()

    def rows():
        yield call_row(call(0))
        assert '"id":"c000"' in file.getvalue()

    write_json(rows(), file)


def test_jsonl_is_one_object_a_line():
    file = io.StringIO()
    write_jsonl(map(call_row, (call(0), call(1))), file)
    assert [json.loads(line)["usage"]["input"] for line in file.getvalue().splitlines()] == [1200, 1200]


def test_csv_has_a_head_and_objects_as_json():
    file = io.StringIO()
    write_csv([call_row(call(0, caller='"a",b'))], COLUMNS, file)
    (row,) = csv.DictReader(io.StringIO(file.getvalue()))
    assert json.loads(row["usage"]) == {"input": 1200, "output": 300}
    assert (row["caller"], row["left_at"], row["spend_usd"]) == ('"a",b', "", "0.01")

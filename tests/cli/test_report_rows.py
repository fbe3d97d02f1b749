"""A bill for machines: names that stay, and figures that are exact."""

import json

import msgspec
import pytest

from sidecar.cli.report_rows import ENDS, FIGURES, bill_object, line_row
from sidecar.ledger.bill import BillLine, Orphan
from sidecar.ledger.contract import By, CallQuery
from tests.cli.ledgers import NOON, call, orphan, orphaned_operation, write_ledger

LINE = {
    "calls", "operations", "delivered", "orphaned", "open", "unpriced", "spend_usd", "orphaned_usd", "avoidable_usd",
    "estimated_usd", "orphaned_seconds", "rescued", "rescued_usd", "cancelled", "avoided_usd", "regretted_usd", "saved_usd",
    "reclaimed_usd", "orphaned_estimated_usd", "avoidable_estimated_usd",
}  # fmt: skip


def test_every_figure_of_a_line_is_written():
    assert set(FIGURES) == LINE == {*BillLine.__struct_fields__, "saved_usd"} - {"key"}
    assert next(iter(line_row(BillLine(key="m"), By.MODEL))) == "model"


@pytest.fixture
def said(sidecar, empty_folder):
    url = write_ledger(empty_folder / "x.db", [call(1), orphan(2, "0.02", caller="me")], [orphaned_operation(3, "0.5")])
    return json.loads(sidecar("report", "--ledger", url, "--format", "json").out)


def test_the_object_has_these_names(said):
    names = ["by", *ENDS, "lines", "total", "timeouts", "others", "dearest", "foregone", "first_at", "last_at"]
    assert list(said) == names
    assert set(said["total"]) == LINE
    assert set(said["others"]) == LINE | {"lines"}
    assert set(said["foregone"]) == {
        "operations", "operations_usd", "operations_unpriced", "operations_open", "repeats", "repeats_usd", "returned",
        "returned_usd", "saved_usd",
    }  # fmt: skip
    assert set(said["timeouts"]) == {"days", "untold", "told", "live", "lines"}


def test_money_is_text_and_a_moment_says_its_zone(said):
    assert said["total"]["spend_usd"] == "0.53"
    assert (said["first_at"], said["last_at"]) == ("2026-11-20T12:01:00.000000Z", "2026-11-20T12:03:00.000000Z")
    assert said["dearest"][1] == {
        "sort": "call", "id": "c002", "begun_at": "2026-11-20T12:02:00.000000Z", "gone_at": "2026-11-20T12:02:02.000000Z",
        "ended_at": "2026-11-20T12:02:10.000000Z", "upstream": "gemini", "model": "gemini-2.5-flash", "caller": "me",
        "reason": "rst", "orphaned_usd": "0.02", "basis": "exact",
    }  # fmt: skip
    assert list(said["dearest"][0]) == list(Orphan.__struct_fields__)


def test_a_bill_of_nothing_has_the_same_names(sidecar, empty_folder):
    url = write_ledger(empty_folder / "none.db", [])
    said = json.loads(sidecar("report", "--ledger", url, "--format", "json").out)
    assert (said["lines"], said["dearest"], said["first_at"], said["total"]["spend_usd"]) == ([], [], None, "0")


def test_the_ends_are_those_that_were_asked_for(sidecar, empty_folder):
    from sidecar.ledger.reader import SqliteReader

    write_ledger(empty_folder / "ends.db", [call(1)])
    bill = SqliteReader(empty_folder / "ends.db", "").bill(CallQuery(since=NOON), By.DAY)
    found = bill_object(CallQuery(since=NOON), By.DAY, bill)
    assert (found["since"], found["until"]) == ("2026-11-20T12:00:00.000000Z", None)
    assert msgspec.json.encode(found)

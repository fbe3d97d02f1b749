"""`sidecar report`, over a real ledger."""

import csv
import io
import json
from decimal import Decimal

import pytest

from sidecar.cli import OK
from sidecar.cli.reporting import SHOWN, report
from sidecar.clock import SECOND, SystemClock
from sidecar.errors import LedgerError, SidecarError
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.sqlite import SqliteLedger
from tests.cli.ledgers import (
    NOON,
    Lived,
    call,
    gave_up,
    joined,
    operation,
    orphan,
    orphaned_operation,
    rescued,
    write_ledger,
)


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    records = [call(number, model="gemini-2.5-pro") for number in range(6)]
    records += [orphan(10 + number, f"0.00{number + 1}") for number in range(6)]
    records += [call(20, basis="estimated", caller="worker-1"), call(21, spend_usd=None, unpriced_reason="no_price")]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "sidecar.db", records))


def test_table_has_a_line_for_each_and_the_total(sidecar, ledger):
    ran = sidecar("report")
    assert ran.code == OK
    head, flash, pro, total, *_ = ran.out.splitlines()
    assert " ".join(head.split()) == "MODEL CALLS ORPHANED SPEND USD ORPHANED USD SHARE AVOIDABLE USD UNPRICED"
    assert flash.split() == ["gemini-2.5-flash", "8", "6", "~0.031000", "0.021000", "67.7", "%", "0.005250", "1"]
    assert pro.split() == ["gemini-2.5-pro", "6", "0", "0.060000", "0.000000", "0", "%", "0.000000"]
    assert total.split()[:4] == ["total", "14", "6", "~0.091000"]


def test_table_names_the_ten_dearest_orphans__dearest_first(sidecar, empty_folder):
    url = write_ledger(empty_folder / "dear.db", [orphan(number, f"0.{number:03}") for number in range(1, 13)])
    lines = sidecar("report", "--ledger", url).out.splitlines()
    first = lines.index("Dearest orphans") + 2
    assert [line.split()[-1] for line in lines[first : first + 11] if line] == [f"c{n:03}" for n in range(12, 2, -1)]


def test_table_ends_in_plain_words(sidecar, ledger):
    assert sidecar("report").out.splitlines()[-3:] == [
        "6 of 14 calls were orphaned. 0.0210 USD of 0.0910 USD (23.1 %) went to answers nobody received.",
        "1 call has no known price or usage: not in these sums.",
        "~ 0.0100 USD of the spend is estimated, or a lower bound.",
    ]


@pytest.fixture
def with_operations(empty_folder, monkeypatch):
    lived = [orphaned_operation(30, "0.5"), orphaned_operation(31, "0.001"), Lived(operation(32))]
    url = write_ledger(empty_folder / "both.db", [call(1), orphan(2, "0.02")], lived)
    monkeypatch.setenv("SIDECAR_LEDGER__URL", url)


def test_operations_are_in_the_same_bill(sidecar, with_operations):
    head, first, second, total, *_ = sidecar("report").out.splitlines()
    assert head.split()[:4] == ["MODEL", "CALLS", "OPERATIONS", "ORPHANED"]
    assert first.split()[:5] == ["gpt-6", "0", "3", "2", "0.501000"]
    assert second.split()[:5] == ["gemini-2.5-flash", "2", "0", "1", "0.030000"]
    assert total.split()[:5] == ["total", "2", "3", "3", "0.531000"]


def test_the_dearest_orphan_may_be_an_operation(sidecar, with_operations):
    lines = sidecar("report").out.splitlines()
    first = lines.index("Dearest orphans") + 2
    assert [line.split()[-1] for line in lines[first : first + 3]] == ["o030", "c002", "o031"]


def test_the_closing_words_are_about_both(sidecar, with_operations):
    assert sidecar("report").out.splitlines()[-4:] == [
        "3 of 5 calls and operations were orphaned. 0.5210 USD of 0.5310 USD (98.1 %) went to answers nobody received.",
        "2 operations were cancelled, which avoided ~1.0000 USD.",
        "1 call or operation has not ended yet: not in these sums.",
        "~ estimated, all of it or a part.",
    ]


def test_machines_are_told_how_many_of_each(sidecar, with_operations):
    total = json.loads(sidecar("report", "--format", "json").out)["total"]
    assert (total["calls"], total["operations"], total["spend_usd"]) == (2, 3, "0.531")
    (row, *_) = csv.DictReader(io.StringIO(sidecar("report", "--format", "csv").out))
    assert (row["calls"], row["operations"]) == ("0", "3")


@pytest.fixture
def with_rescue(empty_folder, monkeypatch):
    records = [
        call(1),
        rescued(2, "0.02", by="c003"),
        joined(3, first="c002"),
        rescued(4, "0.03", by="c005"),
        joined(5, first="c004"),
    ]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "rescued.db", records))


def test_what_was_rescued_is_said_and_was_spent_once(sidecar, with_rescue):
    assert sidecar("report").out.splitlines()[-2:] == [
        "None of 5 calls were orphaned. Nothing of 0.0600 USD went to answers nobody received.",
        "2 calls were rescued: their retries were given their answers, and 0.0500 USD was not paid twice.",
    ]


def test_machines_are_told_what_was_rescued_behind_what_they_know(sidecar, with_rescue):
    total = json.loads(sidecar("report", "--format", "json").out)["total"]
    assert (total["rescued"], total["rescued_usd"], total["delivered"], total["unpriced"]) == (2, "0.05", 1, 0)
    head = sidecar("report", "--format", "csv").out.splitlines()[0]
    assert head == (
        "model,calls,operations,delivered,orphaned,open,unpriced,spend_usd,orphaned_usd,avoidable_usd,estimated_usd,"
        "orphaned_seconds,rescued,rescued_usd,cancelled,avoided_usd,regretted_usd,saved_usd,reclaimed_usd,"
        "orphaned_estimated_usd,avoidable_estimated_usd"
    )


@pytest.fixture
def with_timeouts(empty_folder, monkeypatch):
    records = [gave_up(number, "0.02") for number in (1, 2)] + [call(3, caller_timeout_seconds=2.0), call(4)]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "timeouts.db", records))


def test_limits_that_ran_out_are_a_section_of_their_own(sidecar, with_timeouts):
    lines = sidecar("report").out.splitlines()
    first = lines.index("Timeouts")
    assert lines[first - 1 : first + 4] == [
        "",
        "Timeouts",
        "gemini gemini-2.5-flash: 2 s limit, p90 is 9.90 s: 66.7 % of calls leave before the answer, 0.0400 USD/day.",
        "1 of 4 calls does not say how long its caller waits: not in this.",
        "",
    ]
    assert "Timeouts" not in sidecar("report", "--since", "2026-11-20T12:03:00Z").out


def test_machines_are_told_of_all_limits_in_the_same_report(sidecar, with_timeouts):
    timeouts = json.loads(sidecar("report", "--format", "json").out)["timeouts"]
    assert (timeouts["untold"], timeouts["days"]) == (1, 1.0)
    assert [line["left_at_limit"] for line in timeouts["lines"]] == [2]


@pytest.mark.parametrize("by", [by.value for by in By])
def test_grouped_by_anything__the_same_total(sidecar, ledger, by):
    report = json.loads(sidecar("report", "--by", by, "--format", "json").out)
    assert report["total"]["spend_usd"] == "0.091"
    assert sum(Decimal(line["spend_usd"]) for line in report["lines"]) == Decimal("0.091")
    assert all(by in line for line in report["lines"])


def test_json_says_what_was_asked(sidecar, ledger):
    report = json.loads(sidecar("report", "--since", "2026-11-20T12:20:00Z", "--by", "caller", "--format", "json").out)
    assert (report["by"], report["since"], report["until"]) == ("caller", "2026-11-20T12:20:00.000000Z", None)
    assert {line["caller"]: line["calls"] for line in report["lines"]} == {"worker-1": 1, None: 1}


def test_csv_has_exact_money_under_the_name_of_the_key(sidecar, ledger):
    rows = list(csv.DictReader(io.StringIO(sidecar("report", "--format", "csv").out)))
    assert [row["model"] for row in rows] == ["gemini-2.5-flash", "gemini-2.5-pro"]
    assert (rows[0]["spend_usd"], rows[0]["estimated_usd"]) == ("0.031", "0.01")


def test_callers_nobody_knows_are_unknown(sidecar, ledger):
    assert "(unknown)" in sidecar("report", "--by", "caller").out


def test_no_calls__said(sidecar, ledger):
    assert sidecar("report", "--since", "2030-01-01").out == "no calls and no operations\n"


def test_table_fits_a_hundred_columns(sidecar, ledger, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert max(map(len, sidecar("report").out.splitlines())) <= 100


def test_a_file_is_written_whole_and_said(sidecar, ledger, empty_folder):
    report(CallQuery(), By.MODEL, "html", None, None, to="report.html")
    page = (empty_folder / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert [path.name for path in empty_folder.glob("*report*")] == ["report.html"]


def test_a_file_that_can_not_be_written_is_said(sidecar, ledger):
    with pytest.raises(SidecarError, match=r"^no/where\.html can't be written: No such file or directory$"):
        report(CallQuery(), By.MODEL, "html", None, None, to="no/where.html")


def test_a_ledger_that_is_missing_leaves_no_file(sidecar, empty_folder):
    with pytest.raises(LedgerError):
        report(CallQuery(), By.MODEL, "html", None, "sqlite:///none.db", to="page.html")
    assert list(empty_folder.iterdir()) == []


@pytest.fixture
def with_many(empty_folder, monkeypatch):
    records = [call(number, caller=f"worker-{number}", spend_usd=Decimal(number + 1)) for number in range(SHOWN + 10)]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "many.db", records))


def test_people_are_shown_the_first_lines_and_the_others_in_one(sidecar, with_many):
    lines = sidecar("report", "--by", "caller").out.splitlines()
    assert lines[1].split()[:2] == [f"worker-{SHOWN + 9}", "1"]
    assert lines[SHOWN + 1].split()[:5] == ["(10", "others)", "10", "0", "55.000000"]
    assert lines[SHOWN + 2].split()[:4] == ["total", "60", "0", "1830.000000"]


def test_machines_are_given_all_lines(sidecar, with_many):
    said = json.loads(sidecar("report", "--by", "caller", "--format", "json").out)
    assert (len(said["lines"]), said["others"]["lines"], said["total"]["spend_usd"]) == (SHOWN + 10, 0, "1830")


def test_the_grace_and_the_window_are_those_of_the_settings(sidecar, empty_folder, monkeypatch):
    first, late = orphan(1, "0.5"), NOON + (60 + 10 + 45) * SECOND
    url = write_ledger(empty_folder / "again.db", [first, call(2, attempt_of="c001", started_at=late)])
    foregone = json.loads(sidecar("report", "--ledger", url, "--format", "json").out)["foregone"]
    assert (foregone["repeats"], foregone["saved_usd"]) == (0, "0")
    monkeypatch.setenv("SIDECAR_RESCUE__WINDOW_SECONDS", "45")
    foregone = json.loads(sidecar("report", "--ledger", url, "--format", "json").out)["foregone"]
    assert (foregone["repeats"], foregone["repeats_usd"], foregone["saved_usd"]) == (1, "0.01", "0.01")


def test_a_report_of_a_ledger_in_use_is_of_one_moment(sidecar, empty_folder):
    url = write_ledger(empty_folder / "used.db", [call(1)])
    ledger = SqliteLedger.open(url, clock=SystemClock(), instance="another")
    ledger.put(call(2))
    assert ledger.flush(10)
    assert json.loads(sidecar("report", "--ledger", url, "--format", "json").out)["total"]["calls"] == 2
    assert ledger.close(10)

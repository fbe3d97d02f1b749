"""`sidecar calls list` and `sidecar calls show`, over a real ledger."""

import csv
import io
import json

import pytest
from freezegun import freeze_time

from sidecar.cli import FAILURE, LEDGER, OK, USAGE
from tests.cli.ledgers import call, orphan, write_ledger


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    """Four calls, found through the environment."""
    records = [
        call(1, model="gemini-2.5-pro", caller="worker-1"),
        orphan(2, "0.02", caller="worker-2"),
        call(3, upstream="vertex", outcome="upstream_failed"),
        call(4, outcome=None, settled_at=None),
    ]
    url = write_ledger(empty_folder / "sidecar.db", records)
    monkeypatch.setenv("SIDECAR_LEDGER__URL", url)
    return url


def ids(ran) -> list[str]:
    assert ran.code == OK
    return [row["id"] for row in json.loads(ran.out)]


def test_list__newest_first(sidecar, ledger):
    assert ids(sidecar("calls", "list", "--format", "json")) == ["c004", "c003", "c002", "c001"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--model", "*-pro"), ["c001"]),
        (("--upstream", "vertex"), ["c003"]),
        (("--caller", "worker-2"), ["c002"]),
        (("--outcome", "upstream_failed"), ["c003"]),
        (("--outcome", "open"), ["c004"]),
        (("--orphaned",), ["c002"]),
        (("--since", "2026-11-20T12:03:00Z"), ["c004", "c003"]),
        (("--until", "2026-11-20T12:02:00Z"), ["c001"]),
        (("--limit", "2"), ["c004", "c003"]),
        (("--caller", "nobody"), []),
    ],
)
def test_list__only_what_was_asked_for(sidecar, ledger, filters, found):
    assert ids(sidecar("calls", "list", "--format", "json", *filters)) == found


@freeze_time("2026-11-20T12:05:00Z")
def test_since_a_duration__so_long_ago(sidecar, ledger):
    assert ids(sidecar("calls", "list", "--since", "2m", "--format", "json")) == ["c004", "c003"]


def test_jsonl_and_csv_hold_the_same_rows(sidecar, ledger):
    as_json = ids(sidecar("calls", "list", "--format", "json"))
    lines = sidecar("calls", "list", "--format", "jsonl").out.splitlines()
    rows = csv.DictReader(io.StringIO(sidecar("calls", "list", "--format", "csv").out))
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in rows] == as_json


def test_table_of_more_calls_than_its_limit__says_there_are_more(sidecar, ledger):
    said = sidecar("calls", "list", "--limit", "3").out
    assert "the newest 3; --limit N shows more" in said
    assert "c001" not in said
    assert "the newest" not in sidecar("calls", "list", "--limit", "4").out


def test_table_shows_fifty_when_nothing_is_said__json_all(sidecar, empty_folder):
    url = write_ledger(empty_folder / "many.db", map(call, range(60)))
    assert "the newest 50" in sidecar("calls", "list", "--ledger", url).out
    assert len(ids(sidecar("calls", "list", "--ledger", url, "--format", "json"))) == 60


def test_unknown_outcome__usage_error_that_lists_them(sidecar, ledger):
    ran = sidecar("calls", "list", "--outcome", "orphaned")
    assert ran.code == USAGE
    assert "'orphaned' is not one of delivered, rejected" in ran.err


def test_show_by_the_beginning_of_an_id(sidecar, empty_folder):
    url = write_ledger(empty_folder / "a.db", [call(1, id="c1aa"), call(2, id="c2bb")])
    ran = sidecar("calls", "show", "c2", "--format", "json", "--ledger", url)
    assert ran.code == OK
    assert json.loads(ran.out)["id"] == "c2bb"
    assert "c1aa" in sidecar("calls", "show", "c1", "--ledger", url).out


def test_show_of_no_call__failure(sidecar, ledger):
    assert sidecar("calls", "show", "x") == (FAILURE, "", "sidecar: no call x in the ledger\n")


def test_show_of_several__ledger_error_that_says_what_to_do(sidecar, ledger):
    ran = sidecar("calls", "show", "c0")
    assert ran.code == LEDGER
    assert 'more than one call begins with "c0"; write more of its id' in ran.err

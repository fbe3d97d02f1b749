"""`sidecar calls list` and `sidecar calls show`, over a real ledger."""

import json

import pytest
from freezegun import freeze_time

from sidecar.cli import USAGE
from sidecar.lifecycle.record import CallKind
from tests.cli.ledgers import call, ids, joined, orphan, rescued, write_ledger


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    """Six calls, found through the environment."""
    records = [
        call(1, model="gemini-2.5-pro", caller="worker-1"),
        orphan(2, "0.02", caller="worker-2"),
        call(3, upstream="vertex", outcome="upstream_failed"),
        call(4, outcome=None, settled_at=None),
        rescued(5, "0.02", by="c006", upstream="openai"),
        joined(6, first="c005", upstream="openai"),
    ]
    url = write_ledger(empty_folder / "sidecar.db", records)
    monkeypatch.setenv("SIDECAR_LEDGER__URL", url)
    return url


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--model", "*-pro"), ["c001"]),
        (("--upstream", "vertex"), ["c003"]),
        (("--caller", "worker-2"), ["c002"]),
        (("--outcome", "upstream_failed"), ["c003"]),
        (("--outcome", "open"), ["c004"]),
        (("--outcome", "rescued"), ["c005"]),
        (("--outcome", "joined"), ["c006"]),
        (("--orphaned",), ["c002"]),
        (("--since", "2026-11-20T12:03:00Z"), ["c006", "c005", "c004", "c003"]),
        (("--until", "2026-11-20T12:02:00Z"), ["c001"]),
        (("--limit", "2"), ["c006", "c005"]),
        (("--caller", "nobody"), []),
    ],
)
def test_list__only_what_was_asked_for(sidecar, ledger, filters, found):
    assert ids(sidecar("calls", "list", "--format", "json", *filters)) == found


def test_list_of_what_went_through_sockets__each_names_its_own(sidecar, empty_folder):
    answers = [call(number, kind=CallKind.LIVE, socket="c001") for number in (1, 2)]
    url = write_ledger(empty_folder / "live.db", [*answers, call(3)])
    ran = sidecar("calls", "list", "--kind", "live", "--format", "json", "--ledger", url)
    assert [(row["id"], row["kind"], row["socket"]) for row in json.loads(ran.out)] == [
        ("c002", "live", "c001"),
        ("c001", "live", "c001"),
    ]
    shown = sidecar("calls", "show", "c002", "--ledger", url).out.splitlines()
    assert ["socket", "c001"] in map(str.split, shown)


@freeze_time("2026-11-20T12:07:00Z")
def test_since_a_duration__so_long_ago(sidecar, ledger):
    assert ids(sidecar("calls", "list", "--since", "2m", "--format", "json")) == ["c006", "c005"]


def test_show_of_a_rescued_call_and_its_retry__each_names_the_other(sidecar, ledger):
    first, retry = sidecar("calls", "show", "c005").out.splitlines(), sidecar("calls", "show", "c006").out.splitlines()
    assert ["rescued_by", "c006"] in map(str.split, first)
    assert ["attempt_of", "c005"] in map(str.split, retry)


def test_unknown_outcome__usage_error_that_lists_them(sidecar, ledger):
    ran = sidecar("calls", "list", "--outcome", "orphaned")
    assert ran.code == USAGE
    assert "'orphaned' is not one of delivered, rejected" in ran.err

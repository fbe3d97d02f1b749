"""`sidecar calls list` and `sidecar calls show`, over a real ledger."""

import pytest
from freezegun import freeze_time

from sidecar.cli import USAGE
from tests.cli.ledgers import call, ids, orphan, write_ledger


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


def test_unknown_outcome__usage_error_that_lists_them(sidecar, ledger):
    ran = sidecar("calls", "list", "--outcome", "orphaned")
    assert ran.code == USAGE
    assert "'orphaned' is not one of delivered, rejected" in ran.err

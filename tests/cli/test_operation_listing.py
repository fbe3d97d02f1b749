"""`sidecar operations list` and `sidecar operations show`, over a real ledger."""

import json

import pytest

from sidecar.cli import USAGE
from sidecar.lifecycle.operation import OperationKind
from tests.cli.ledgers import Lived, ids, operation, orphaned_operation, write_ledger


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    """Three operations, found through the environment."""
    lived = [
        orphaned_operation(1, "0.02", caller="worker-1"),
        Lived(operation(2, upstream="vertex", model="gemini-2.5-pro", kind=OperationKind.BATCH)),
        Lived(operation(3)),
    ]
    url = write_ledger(empty_folder / "sidecar.db", [], lived)
    monkeypatch.setenv("SIDECAR_LEDGER__URL", url)
    return url


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--model", "*-pro"), ["o002"]),
        (("--upstream", "vertex"), ["o002"]),
        (("--caller", "worker-1"), ["o001"]),
        (("--kind", "batch"), ["o002"]),
        (("--state", "cancelled"), ["o001"]),
        (("--state", "open"), ["o003", "o002"]),
        (("--since", "2026-11-20T12:02:00Z"), ["o003", "o002"]),
        (("--until", "2026-11-20T12:02:00Z"), ["o001"]),
        (("--limit", "2"), ["o003", "o002"]),
        (("--caller", "nobody"), []),
    ],
)
def test_list__only_what_was_asked_for(sidecar, ledger, filters, found):
    assert ids(sidecar("operations", "list", "--format", "json", *filters)) == found


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (("--state", "gone"), "'gone' is not one of opening, running"),
        (("--kind", "job"), "'job' is not one of background, lro, batch, tuning"),
    ],
)
def test_a_word_that_is_none__usage_error_that_lists_them(sidecar, ledger, filters, words):
    ran = sidecar("operations", "list", *filters)
    assert ran.code == USAGE
    assert words in ran.err


def test_show_has_the_history(sidecar, ledger):
    row = json.loads(sidecar("operations", "show", "o001", "--format", "json").out)
    assert (row["state"], row["outcome"], row["orphaned_usd"], row["avoided_usd"]) == (
        "cancelled", "cancelled", "0.02", "0.5",
    )  # fmt: skip
    assert [move["event"] for move in row["moves"]] == [
        "opened", "accepted", "lease_lapsed", "cancel_claimed", "observed_cancelled",
    ]  # fmt: skip
    assert row["moves"][2]["evidence"] == "no poll for 60 s"


def test_show_by_the_beginning_of_an_id__the_table_tells_it_all(sidecar, ledger):
    said = sidecar("operations", "show", "o001").out
    assert "no poll for 60 s" in said
    assert ["gone", "after", "1m00s"] in [line.split() for line in said.splitlines()]

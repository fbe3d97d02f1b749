"""Calls for people."""

import io
import re
from decimal import Decimal

from sidecar.cli.call_table import print_call, print_calls
from sidecar.clock import SECOND
from tests.cli.ledgers import NOON, call, joined, orphan, rescued


def printed(*records) -> list[str]:
    file = io.StringIO()
    print_calls(records, file)
    return file.getvalue().splitlines()


def test_no_calls__said():
    assert printed() == ["no calls"]


def test_a_line_for_each_call_with_what_matters():
    head, line = printed(orphan(1, "0.0123456", id="c019a9f3c1b2e-7f3a1122-00012"))
    words = "STARTED (UTC) MODEL OUTCOME LEFT AFTER RAN ON FOR SPEND USD ORPHANED CALL"
    assert " ".join(head.split()) == words
    assert line.split() == [
        "11-20", "12:01:00", "gemini-2.5-flash", "orphan_finished", "2.00s", "8.00s", "0.012346", "0.012346",
        "c019a9f3c1b2e-7f3a1122-00012",
    ]  # fmt: skip


def test_table_fits_a_hundred_columns__the_model_gives_way(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = printed(orphan(1, "0.0123456", model="gemini-3-pro-image-preview", id="c019a9f3c1b2e-7f3a1122-00012"))
    assert max(map(len, lines)) <= 100
    assert lines[1].endswith("c019a9f3c1b2e-7f3a1122-00012")
    assert "RAN ON FOR" not in lines[0]


def test_call_without_price_says_so_and_an_open_one_is_open():
    unpriced = call(1, spend_usd=None, orphaned_usd=None, unpriced_reason="no_price")
    running = call(2, outcome=None, spend_usd=None, orphaned_usd=None, settled_at=None)
    _, first, second = printed(unpriced, running)
    assert "unpriced" in first
    assert " open " in second
    assert "unpriced" not in second


def test_marks_are_explained_only_where_they_stand():
    assert len(printed(call(1))) == 2
    lines = printed(call(1, basis="estimated"), call(2, basis="at_least"))
    assert "~0.010000" in lines[1]
    assert ">=0.010000" in lines[2]
    assert lines[-1].startswith("~ estimated   >= at least")


def test_names_chosen_by_requests_cannot_write_to_the_terminal():
    assert "\x1b" not in "".join(printed(call(1, model="\x1b[2Jgemini")))


def test_work_that_ended_before_its_caller_left_did_not_run_on():
    (_, line) = printed(orphan(1, "0.01", outcome="undelivered", finished_at=NOON + 61 * SECOND))
    assert " 2.00s" in line
    assert line.count("s ") == 1


def shown(record) -> dict[str, str]:
    file = io.StringIO()
    print_call(record, file)
    pairs = [re.split(" {2,}", line, maxsplit=1) for line in file.getvalue().splitlines()]
    assert len(dict(pairs)) == len(pairs), "a fact is told twice"
    return dict(pairs)


def test_one_call_in_full__what_is_set_and_what_follows_from_it():
    facts = shown(orphan(1, "0.000000123", basis="estimated", basis_reason="cut", caller="worker\x07"))
    assert facts["started_at"] == "2026-11-20T12:01:00.000000Z"
    assert facts["usage.output"] == "300"
    assert facts["spend_usd"] == "0.000000123"
    assert facts["basis_reason"] == "cut"
    assert facts["caller"] == "worker?"
    assert facts["left after"] == "2.00s"
    assert facts["ran on for"] == "8.00s"
    assert "answered_at" not in facts


def test_what_was_decided_when_its_caller_left__in_words():
    facts = shown(rescued(1, "0.01", by="c002", caller_timeout_seconds=2.0))
    assert (facts["decision"], facts["decision_reason"], facts["rescued_by"]) == ("follow", "provider_runs_on", "c002")
    assert facts["then"] == "the answer was read on: the provider works on after a closed connection"
    assert facts["caller_timeout_seconds"] == "2.0"
    assert "then" not in shown(call(1))


def test_a_rescued_call_and_its_retry_have_a_line_each():
    _, first, retry = printed(rescued(1, "0.01", by="c002"), joined(2, first="c001"))
    assert first.split()[3:] == ["rescued", "2.00s", "8.00s", "0.010000", "c001"]
    assert retry.split()[3:] == ["joined", "0.000000", "c002"]


def test_open_call_in_full__open():
    assert shown(call(1, outcome=None, spend_usd=None, orphaned_usd=Decimal(0)))["outcome"] == "open"

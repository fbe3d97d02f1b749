"""`sidecar report --timeouts`, over a real ledger."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from sidecar.cli import OK
from sidecar.cli.timeout_report import COLUMNS, MOST_IN_SECTION, section, sentence
from sidecar.ledger.contract import TimeoutLine, TimeoutReport
from sidecar.lifecycle.record import CallKind
from tests.cli.ledgers import call, gave_up, orphan, write_ledger


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    records = [call(number, caller_timeout_seconds=600.0, model="gemini-2.5-pro") for number in range(8)]
    records += [gave_up(10, "0.02"), gave_up(11, "0.01", basis="estimated", finished_at=None, outcome="orphan_cut")]
    records += [call(12, caller_timeout_seconds=2.0, attempt_of="c010"), call(13), orphan(14, "0.5")]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "sidecar.db", records))


def test_table_has_a_line_for_each_limit_that_was_told(sidecar, ledger):
    ran = sidecar("report", "--timeouts")
    assert ran.code == OK
    head, flash, pro, *_ = ran.out.splitlines()
    assert " ".join(head.split()) == "UPSTREAM MODEL KIND LIMIT P90 CALLS LEFT AT LIMIT SHARE ORPHANED USD REPEATS"
    assert flash.split() == [
        "gemini", "gemini-2.5-flash", "unary", "2", "s", ">=9.90", "s", "3", "2", "2", "66.7", "%", "~0.030000", "1",
    ]  # fmt: skip
    assert pro.split() == ["gemini", "gemini-2.5-pro", "unary", "600", "s", "9.90", "s", "8"]


def test_table_ends_in_plain_words(sidecar, ledger):
    assert sidecar("report", "--timeouts").out.splitlines()[3:] == [
        "",
        "~ estimated   >= at least: the end of the reply was never seen",
        "",
        "gemini gemini-2.5-flash: 2 s limit, p90 is at least 9.90 s: 66.7 % of calls leave before the answer, ~0.0300 USD/day,"
        " repeated once for 0.0100 USD.",
        "2 of 13 calls do not say how long their caller waits: not in this.",
    ]


def test_table_fits_a_hundred_columns(sidecar, ledger, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert max(map(len, sidecar("report", "--timeouts").out.splitlines()[:3])) <= 100


def test_no_limit_told__said(sidecar, empty_folder):
    url = write_ledger(empty_folder / "untold.db", [call(1)])
    assert sidecar("report", "--timeouts", "--ledger", url).out.splitlines() == [
        "no calls whose caller told how long it waits",
        "",
        "1 of 1 calls does not say how long its caller waits: not in this.",
    ]


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 answer in sockets (kind live) has"), (2, "2 answers in sockets (kind live) have")]
)
def test_answers_in_sockets_are_said_to_be_left_out(sidecar, empty_folder, count, words):
    live = [call(number, kind=CallKind.LIVE, caller_timeout_seconds=2.0) for number in range(count)]
    url = write_ledger(empty_folder / "live.db", live)
    assert (
        sidecar("report", "--timeouts", "--ledger", url).out.splitlines()[-1] == f"{words} no such limit: not in this."
    )


def test_nothing_known_of_the_time__no_figure_and_no_legend(sidecar, empty_folder):
    declined = call(1, caller_timeout_seconds=2.0, outcome="rejected", http_status=429)
    url = write_ledger(empty_folder / "declined.db", [declined])
    _, *lines = sidecar("report", "--timeouts", "--ledger", url).out.splitlines()
    assert [each.split() for each in lines] == [["gemini", "gemini-2.5-flash", "unary", "2", "s", "1"]]


def test_nothing_there__said(sidecar, ledger):
    said = sidecar("report", "--timeouts", "--since", "2030-01-01").out
    assert said == "no calls whose caller told how long it waits\n"


def test_json_says_what_was_asked_and_holds_exact_figures(sidecar, ledger):
    report = json.loads(sidecar("report", "--timeouts", "--until", "2026-11-20T13:00:00Z", "--format", "json").out)
    assert list(report) == ["since", "until", "days", "untold", "told", "live", "lines"]
    assert (report["since"], report["until"], report["days"]) == (None, "2026-11-20T13:00:00.000000Z", 1.0)
    first = report["lines"][0]
    assert tuple(first) == COLUMNS
    assert (first["caller_timeout_seconds"], first["answer_p90_seconds"], first["answer_p90_basis"]) == (
        2.0,
        9.9,
        "at_least",
    )
    assert (first["orphaned_usd"], first["estimated_usd"], first["repeats_usd"]) == ("0.03", "0.01", "0.01")


def test_csv_has_the_same_lines(sidecar, ledger):
    rows = list(csv.DictReader(io.StringIO(sidecar("report", "--timeouts", "--format", "csv").out)))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["model"], row["left_at_limit"]) for row in rows] == [
        ("gemini-2.5-flash", "2"),
        ("gemini-2.5-pro", "0"),
    ]


def line(**figures) -> TimeoutLine:
    """A mismatch that costs nothing."""
    usual: dict[str, Any] = {
        "upstream": "openai", "model": "gpt-x", "kind": CallKind.UNARY.value, "caller_timeout_seconds": 30.0, "calls": 50,
        "left": 9, "left_at_limit": 7, "answer_p90_seconds": 71.2, "answer_p90_basis": "exact", "orphaned_usd": Decimal(0),
        "orphaned_usd_per_day": Decimal(0), "estimated_usd": Decimal(0), "unpriced": 0, "repeats": 0, "repeats_usd": Decimal(0),
    }  # fmt: skip
    return TimeoutLine(**(usual | figures))


COST = {"orphaned_usd": Decimal("6.44"), "orphaned_usd_per_day": Decimal("0.92")}


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (COST, "openai gpt-x: 30 s limit, p90 is 71 s: 14.0 % of calls leave before the answer, 0.9200 USD/day."),
        (
            COST | {"estimated_usd": Decimal(1), "answer_p90_basis": "at_least", "answer_p90_seconds": 30.0},
            "openai gpt-x: 30 s limit, p90 is at least 30 s: 14.0 % of calls leave before the answer, ~0.9200 USD/day.",
        ),
        (
            {"kind": "stream", "caller_timeout_seconds": 0.5, "answer_p90_seconds": 0.714},
            "openai gpt-x streams: 0.5 s limit, p90 is 0.71 s: 14.0 % of calls leave before the first byte.",
        ),
        (
            {"unpriced": 7, "repeats": 12, "repeats_usd": Decimal("3.4")},
            "openai gpt-x: 30 s limit, p90 is 71 s: 14.0 % of calls leave before the answer, 7 of them of no known price,"
            " repeated 12 times for 3.4000 USD.",
        ),
        ({"model": "\x1b[2J"}, "openai ?[2J: 30 s limit, p90 is 71 s: 14.0 % of calls leave before the answer."),
    ],
)
def test_a_mismatch_in_words(figures, words):
    assert sentence(line(**figures)) == words


def test_a_section_holds_the_dearest_and_says_how_many_more_there_are():
    lines = [line(model=f"m{number}") for number in range(MOST_IN_SECTION + 2)]
    said = list(section(TimeoutReport(lines=lines, untold=0, told=9, days=1.0)))
    assert len(said) == MOST_IN_SECTION + 1
    assert said[-1] == "2 more; `sidecar report --timeouts` shows all of them."


def test_no_limit_ran_out__no_section():
    assert list(section(TimeoutReport(lines=[line(left_at_limit=0)], untold=9, told=9, days=1.0))) == []

"""A bill in plain words."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.cli.report_words import closing, foregone_of, head_of, key_of, others_of, period, saved
from sidecar.clock import SECOND, Moment, from_rfc3339
from sidecar.ledger.bill import Bill, BillLine, Foregone
from sidecar.ledger.contract import By, CallQuery, TimeoutReport
from sidecar.ledger.questions import DAY

NOW: Moment = from_rfc3339("2026-11-22T10:00:00Z")
NO_TIMEOUTS = TimeoutReport(lines=[], untold=0, told=0, days=1.0)


def line(**figures: Any) -> BillLine:
    exact = {name: Decimal(value) if name.endswith("usd") else value for name, value in figures.items()}
    known: dict[str, Any] = {"key": None} | exact
    return BillLine(**known)


def bill(total: BillLine, **known: Any) -> Bill:
    usual: dict[str, Any] = {
        "lines": [], "others": line(), "others_count": 0, "dearest": [], "foregone": Foregone(), "timeouts": NO_TIMEOUTS,
        "first_at": None, "last_at": None,
    }  # fmt: skip
    return Bill(**(usual | {"total": total} | known))


def words(total: BillLine, **known: Any) -> list[str]:
    return closing(bill(total, **known), "in the last 7 days")


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"calls": 40}, "None of 40 calls were orphaned. Nothing of 0.0000 USD went to answers nobody received."),
        (
            {"calls": 40, "orphaned": 1, "spend_usd": "0.0871", "orphaned_usd": "0.0000123"},
            "1 of 40 calls was orphaned. 0.000012 USD of 0.0871 USD (0.1 %) went to answers nobody received.",
        ),
        (
            {"calls": 1, "orphaned": 1, "spend_usd": "2", "orphaned_usd": "2"},
            "The one call was orphaned. 2.0000 USD of 2.0000 USD (100 %) went to answers nobody received.",
        ),
        (
            {"calls": 1, "spend_usd": "2"},
            "The one call was not orphaned. Nothing of 2.0000 USD went to answers nobody received.",
        ),
    ],
)
def test_the_first_sentence_for_any_count(figures, sentence):
    assert words(line(**figures)) == [sentence]


@pytest.mark.parametrize(
    ("figures", "beginning"),
    [
        ({"operations": 1, "orphaned": 1}, "The one operation was orphaned."),
        ({"operations": 7, "orphaned": 1}, "1 of 7 operations was orphaned."),
        ({"operations": 7, "calls": 1}, "None of 8 calls and operations were orphaned."),
    ],
)
def test_the_first_sentence_names_what_there_was(figures, beginning):
    assert words(line(**figures))[0].startswith(beginning)


@pytest.mark.parametrize(
    ("figures", "sentences"),
    [
        (
            {"rescued": 1, "rescued_usd": "0.02"},
            ["1 call was rescued: its retry was given its answer, and 0.0200 USD was not paid twice."],
        ),
        ({"rescued": 1}, ["1 call was rescued: its retry was given its answer."]),
        (
            {"cancelled": 1, "avoided_usd": "0.5"},
            ["1 operation was cancelled, which avoided ~0.5000 USD.", "~ estimated, all of it or a part."],
        ),
        (
            {"cancelled": 2, "avoided_usd": "0.5", "regretted_usd": "0.7"},
            [
                "2 operations were cancelled, which avoided ~0.5000 USD; 0.7000 USD was for operations that were asked for"
                " again: net ~-0.2000 USD saved.",
                "~ estimated, all of it or a part.",
            ],
        ),
        ({"reclaimed_usd": "3"}, ["3.0000 USD of that was for results that were fetched later after all."]),
        ({"unpriced": 3}, ["3 calls have no known price or usage: not in these sums."]),
        ({"open": 2}, ["2 calls have not ended yet: not in these sums."]),
        ({"estimated_usd": "0.01"}, ["~ 0.0100 USD of the spend is estimated, or a lower bound."]),
    ],
)
def test_what_there_is_is_said_and_the_mark_explained_once(figures, sentences):
    assert words(line(calls=9, **figures))[1:] == sentences


def test_what_enforce_would_have_saved_is_said_with_its_time_and_its_parts():
    foregone = Foregone(
        operations=3,
        operations_usd=Decimal(12),
        repeats=2,
        repeats_usd=Decimal("1.4"),
        returned=1,
        returned_usd=Decimal(1),
    )
    said, how, mark = words(line(calls=9), foregone=foregone)[1:]
    assert said == (
        "`mode: enforce` would have saved ~12.4000 USD in the last 7 days: ~12.0000 USD by cancelling 3 operations whose"
        " caller was gone, ~1.4000 USD by giving 2 repeated calls an answer that was there, less at most 1.0000 USD for"
        " cancelling 1 operation whose caller came back."
    )
    assert how.endswith("Calls that were cut are not in it.")
    assert mark == "~ estimated, all of it or a part."


@pytest.mark.parametrize(
    ("foregone", "beginnings"),
    [
        (Foregone(), []),
        (
            Foregone(repeats=1, repeats_usd=Decimal(2)),
            ["`mode: enforce` would have saved ~2.0000 USD x: by giving 1 repeated call an", "That is told by"],
        ),
        (
            Foregone(returned=1, returned_usd=Decimal(2)),
            ["`mode: enforce` would have saved nothing x: for cancelling 1 operation whose caller came", "That"],
        ),
        (
            Foregone(operations=2, operations_unpriced=2),
            ["`mode: enforce` would have saved nothing x: by", "That", "2 operations of these have no known price"],
        ),
        (Foregone(operations_open=1), ["1 operation that it would have cancelled has not settled yet"]),
    ],
)
def test_what_enforce_would_have_done_for_any_count(foregone, beginnings):
    sentences = list(foregone_of(foregone, "x"))
    assert len(sentences) == len(beginnings)
    for sentence, beginning in zip(sentences, beginnings, strict=True):
        assert sentence.startswith(beginning)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": NOW - 7 * DAY}, "in the last 7 days"),
        ({"since": NOW - DAY - SECOND}, "in the last day"),
        ({"since": NOW - 2 * 3600 * SECOND}, "in the last 2 hours"),
        ({"since": NOW - 90 * 60 * SECOND}, "in the last 90 minutes"),
        ({"since": NOW - 100 * SECOND}, "since 2026-11-22 09:58:20 UTC"),
        ({"since": NOW + SECOND}, "since 2026-11-22 10:00:01 UTC"),
        ({"until": NOW}, "before 2026-11-22 10:00:00 UTC"),
        ({"since": NOW - DAY, "until": NOW}, "from 2026-11-21 10:00:00 UTC to 2026-11-22 10:00:00 UTC"),
        ({}, "from 2026-11-20 to 2026-11-22 (UTC)"),
    ],
)
def test_the_time_that_was_asked_about(asked, said):
    assert period(CallQuery(**asked), bill(line(), first_at=NOW - 2 * DAY, last_at=NOW), NOW) == said


def test_the_time_where_all_was_on_one_day_or_nothing_was():
    assert period(CallQuery(), bill(line(), first_at=NOW, last_at=NOW), NOW) == "on 2026-11-22 (UTC)"
    assert period(CallQuery(), bill(line()), NOW) == "so far"


def test_names_of_columns_and_of_lines():
    assert (head_of(By.DAY), head_of(By.MODEL)) == ("DAY (UTC)", "MODEL")
    assert (key_of(line(), By.REASON), key_of(line(), By.CALLER), key_of(line(key="m"), By.MODEL)) == (
        "(stayed)",
        "(unknown)",
        "m",
    )
    assert [others_of(bill(line(), others_count=count)) for count in (1, 2)] == ["(1 other)", "(2 others)"]


def test_what_was_saved_is_always_an_estimate():
    figures = [{"avoided_usd": "0.5"}, {"regretted_usd": "0.5"}, {}]
    assert [saved(line(**each)) for each in figures] == ["~0.500000", "~-0.500000", ""]

"""The words of a question mean the same to every ledger."""

import sqlite3
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, strategies as st

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.questions import glob, is_asked_for, is_orphan, like
from tests.ledger.given import START, settled_call

LETTERS = st.text("ab*?[]!^-", max_size=6)


@given(LETTERS, LETTERS)
def test_sqlite_and_python_match_the_same(pattern: str, text: str):
    connection = sqlite3.connect(":memory:")
    (matches,) = connection.execute("SELECT ? GLOB ?", (text, glob(pattern))).fetchone()
    connection.close()
    assert bool(matches) is fnmatchcase(text, glob(pattern))


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("a*", "abc", True), ("a?c", "abc", True), ("a", "abc", False), ("[ab]", "a", False), ("[ab]", "[ab]", True)],
)
def test_only_the_star_and_the_question_mark_are_special(pattern: str, text: str, matches: bool):
    assert fnmatchcase(text, glob(pattern)) is matches


@pytest.mark.parametrize(
    ("outcome", "committed_at", "left_at", "finished_at", "orphaned"),
    [
        ("orphan_finished", 1, 2, 3, True),
        ("orphan_cut", 1, 2, None, True),
        ("orphan_failed", 1, 2, None, True),
        ("delivered", 1, None, 3, False),
        ("undelivered", 1, 4, 3, False),
        ("left_early", None, 2, None, False),
        ("upstream_failed", 1, 2, None, False),
        ("rescued", 1, 2, 3, False),
        ("rescued", 1, 4, 3, False),
        ("joined", None, None, None, False),
        (None, 1, None, None, False),
        (None, 1, 2, None, True),
        (None, 2, 2, None, True),
        (None, 3, 2, None, False),
        (None, None, 2, None, False),
        (None, 1, 2, 3, True),
        (None, 1, 3, 3, False),
        ("lost", 1, 2, None, True),
        ("lost", 1, None, None, False),
    ],
)
def test_an_orphan_is_told_by_its_outcome__or_by_moments_while_there_is_none(
    outcome: str | None, committed_at: int | None, left_at: int | None, finished_at: int | None, orphaned: bool
):
    assert is_orphan(outcome, committed_at, left_at, finished_at) is orphaned


@pytest.mark.parametrize(
    ("pattern", "standard"), [("gpt-*", "gpt-%"), ("o?-mini", "o_-mini"), ("50%_!", "50!%!_!!"), ("[a]\\", "[a]\\")]
)
def test_the_same_pattern_in_the_words_of_like(pattern: str, standard: str):
    assert like(pattern) == standard


@pytest.mark.parametrize(
    ("query", "is_asked"),
    [
        (CallQuery(), True),
        (CallQuery(since=START, until=START + 1, upstream="gemini", model="gemini-*", caller="app", kind="stream"), True),
        (CallQuery(since=START + 1), False),
        (CallQuery(until=START), False),
        (CallQuery(upstream="vertex"), False),
        (CallQuery(model="gpt-*"), False),
        (CallQuery(caller="another"), False),
        (CallQuery(kind="unary"), False),
    ],
)  # fmt: skip
def test_a_row_is_asked_for_when_every_field_that_is_set_fits(query: CallQuery, is_asked: bool):
    assert is_asked_for(query, settled_call(), START) is is_asked

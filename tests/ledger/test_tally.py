"""The writer's counts."""

from sidecar.ledger.tally import Tally


def test_a_commit_clears_the_problem():
    tally = Tally()
    tally.failed("write", OSError("no space left"))
    assert (tally.problem, tally.errors) == ("no space left", {"write": 1})
    tally.committed(3, [], at=7)
    assert (tally.problem, tally.commits, tally.rows_written, tally.last_commit_at) == ("", 1, 3, 7)
    assert tally.errors == {"write": 1}


def test_refused_rows_are_an_error_although_the_commit_succeeded():
    tally = Tally()
    tally.committed(1, [ValueError("bad a"), ValueError("bad b")], at=7)
    assert (tally.rows_written, tally.rows_refused, tally.errors, tally.problem) == (1, 2, {"row": 2}, "bad b")


def test_an_error_without_words_is_told_by_its_name():
    tally = Tally()
    tally.failed("expire", MemoryError())
    assert tally.problem == "MemoryError"

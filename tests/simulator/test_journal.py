"""What was asked about operations."""

from decimal import Decimal

from sidecar.simulator import journal
from sidecar.simulator.journal import Asked, Cancel, Journal, Line, Seen


def line(what: str, at: int = 1, answer: int | None = 200) -> Line:
    return Line(at, what, "op", "tag", "digest", answer)


def test_counts__stand_with_the_operation():
    book, asked = Journal(), Asked()
    for at, what in enumerate(("create", "poll", "poll", "cancel", "results")):
        book.write(line(what, at), asked)
    assert (asked.polls, asked.last_polled_at, asked.results_read) == (2, 2, 1)
    assert asked.cancels == (Cancel(3, 200, "digest"),)
    assert [written.what for written in book.lines] == ["create", "poll", "poll", "cancel", "results"]


def test_lines__are_bounded_and_counts_are_not():
    book, asked = Journal(), Asked()
    for at in range(journal.MOST_LINES + 5):
        book.write(line("poll", at), asked)
    assert (len(book.lines), asked.polls) == (journal.MOST_LINES, journal.MOST_LINES + 5)
    assert book.lines[0].at == 5


def test_a_line_about_no_operation__is_only_written():
    book = Journal()
    book.write(line("create", answer=None))
    assert book.lines == (line("create", answer=None),)


def test_a_picture_for_json__money_is_text():
    seen = Seen(
        id="op",
        tag="",
        family="batches",
        kind="batch",
        model="m",
        credential="",
        state="running",
        created_at=1,
        ended_at=None,
        finished_how=None,
        cancels=(),
        polls=0,
        last_polled_at=None,
        results_read=0,
        usd=Decimal("0.00010"),
    )
    assert seen.as_object()["usd"] == "0.0001"

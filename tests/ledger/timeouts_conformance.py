"""What every ledger says about the limits of callers, as tests. Every ledger's own test file runs them all against it."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.ledger.contract import CallQuery, TimeoutLine, TimeoutReport
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.ledger.conformance import Conformance, Place, put_all
from tests.ledger.given import START, open_call, orphaned_call, settled_call

UNARY: dict[str, Any] = {"kind": CallKind.UNARY, "caller_timeout_seconds": 30.0}


def answered(id: str, seconds: int, **fields: Any) -> CallRecord:
    """A call whose whole answer took so long."""
    end = {"answered_at": START + seconds * SECOND, "finished_at": START + seconds * SECOND}
    return settled_call(id, **(UNARY | {"committed_at": START} | end | fields))


def gave_up(id: str, seconds: float = 30, **fields: Any) -> CallRecord:
    """A call whose caller left so many seconds after it was committed, and that was cut then."""
    left = {
        "left_at": START + round(seconds * SECOND),
        "answered_at": None,
        "finished_at": None,
        "outcome": "orphan_cut",
    }
    return orphaned_call(id, **(UNARY | {"committed_at": START, "handed_over": "nothing"} | left | fields))


def timeouts(place: Place, *records: CallRecord, query: CallQuery | None = None) -> TimeoutReport:
    put_all(place.open(), *records)
    return place.reader().timeouts(query or CallQuery())


def only_line(report: TimeoutReport) -> TimeoutLine:
    (line,) = report.lines
    return line


class TimeoutPromises(Conformance):
    def test_a_line_says_how_many_left_at_their_limit_and_what_that_cost(self, place: Place):
        records = [answered(f"a{number}", 10 + number) for number in range(17)]
        records += [gave_up("b", orphaned_usd=Decimal("0.2")), gave_up("c", 30.5, basis="estimated"), gave_up("d", 2)]
        line = only_line(timeouts(place, *records))
        assert line == TimeoutLine(
            upstream="gemini", model="gemini-3-pro", kind="unary", caller_timeout_seconds=30.0, calls=20, left=3,
            left_at_limit=2, answer_p90_seconds=26.0, answer_p90_basis="at_least", orphaned_usd=Decimal("0.2001"),
            orphaned_usd_per_day=Decimal("0.2001"), estimated_usd=Decimal("0.0001"), unpriced=0, repeats=0,
            repeats_usd=Decimal(0),
        )  # fmt: skip

    def test_a_report_over_nothing_has_no_lines(self, place: Place):
        assert timeouts(place) == TimeoutReport(lines=[], untold=0, told=0, days=1.0)

    @pytest.mark.parametrize("difference", ["upstream", "model", "kind", "caller_timeout_seconds"])
    def test_what_differs_has_lines_of_its_own(self, place: Place, difference: str):
        another = {"upstream": "vertex", "model": "m", "kind": CallKind.STREAM, "caller_timeout_seconds": 0.1}
        report = timeouts(place, answered("a", 1), answered("b", 1, **{difference: another[difference]}))
        assert {getattr(line, difference) for line in report.lines} == {
            getattr(answered("a", 1), difference),
            another[difference],
        }

    def test_calls_that_told_no_limit_are_counted_and_in_no_line(self, place: Place):
        report = timeouts(place, answered("a", 1), settled_call("b"), orphaned_call("c"))
        assert (len(report.lines), report.lines[0].calls, report.untold) == (1, 1, 2)

    def test_answers_in_sockets_are_counted_apart_whatever_their_request_said(self, place: Place):
        live: dict[str, Any] = {"kind": CallKind.LIVE, "http_status": 101}
        report = timeouts(
            place, answered("a", 1, **live), gave_up("b", **live), settled_call("c", **live), answered("d", 5)
        )
        assert (only_line(report).calls, report.told, report.untold, report.live) == (1, 1, 0, 3)

    def test_a_repeat_of_what_was_asked_for_in_a_socket_is_none_of_a_limit(self, place: Place):
        report = timeouts(place, gave_up("a", kind=CallKind.LIVE), answered("r", 5, attempt_of="a"))
        assert (only_line(report).repeats, only_line(report).left_at_limit) == (0, 0)

    @pytest.mark.parametrize(
        "fields",
        [
            {"outcome": None},
            {"outcome": "lost", "left_at": START + 30 * SECOND},
            {"outcome": "left_early", "committed_at": None},
            {"outcome": "joined", "committed_at": None, "attempt_of": "a"},
        ],
    )
    def test_what_has_not_ended_was_lost_or_never_sent_counts_for_nothing(self, place: Place, fields: dict[str, Any]):
        assert timeouts(place, open_call(**(UNARY | fields))).lines == []

    @pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 19, 20, 100])
    def test_the_percentile_is_the_time_of_the_call_in_that_place(self, place: Place, count: int):
        line = only_line(timeouts(place, *[answered(f"c{each}", each + 1) for each in range(count)]))
        assert line.answer_p90_seconds == -(-count * 9 // 10)
        assert (line.calls, line.answer_p90_basis) == (count, "exact")

    def test_those_that_left_after_the_percentile_leave_it_exact(self, place: Place):
        line = only_line(timeouts(place, *[answered(f"c{each}", 7) for each in range(9)], gave_up("x", 7)))
        assert (line.answer_p90_seconds, line.answer_p90_basis) == (7.0, "exact")

    def test_those_that_left_before_the_percentile_make_it_a_lower_bound(self, place: Place):
        line = only_line(timeouts(place, *[answered(f"c{each}", 7) for each in range(9)], gave_up("x", 6.5)))
        assert (line.answer_p90_seconds, line.answer_p90_basis) == (7.0, "at_least")

    def test_of_an_orphan_that_was_read_to_its_end_the_time_is_known(self, place: Place):
        line = only_line(timeouts(place, gave_up("a", outcome="orphan_finished", finished_at=START + 71 * SECOND)))
        assert (line.left_at_limit, line.answer_p90_seconds, line.answer_p90_basis) == (1, 71.0, "exact")

    def test_a_stream_is_compared_by_its_head(self, place: Place):
        stream = answered("a", 50, kind=CallKind.STREAM, answered_at=START + 3 * SECOND)
        assert only_line(timeouts(place, stream)).answer_p90_seconds == 3.0

    def test_a_stream_of_which_only_the_head_had_come_was_not_answered(self, place: Place):
        head = {"kind": CallKind.STREAM, "answered_at": START + SECOND}
        line = only_line(timeouts(place, gave_up("a", 31, **head)))
        assert (line.left_at_limit, line.answer_p90_seconds, line.answer_p90_basis) == (1, 31.0, "at_least")

    def test_what_was_declined_says_nothing_of_the_time(self, place: Place):
        line = only_line(timeouts(place, answered("a", 1, outcome="rejected", http_status=429)))
        assert (line.calls, line.answer_p90_seconds, line.answer_p90_basis) == (1, None, None)

    def test_a_clock_that_stepped_back_makes_no_negative_time(self, place: Place):
        assert only_line(timeouts(place, answered("a", -5))).answer_p90_seconds == 0.0

    def test_a_rescued_call_left_at_its_limit_and_cost_nobody_anything(self, place: Place):
        first = gave_up(
            "a", outcome="rescued", rescued_by="b", handed_over="whole", orphaned_usd=Decimal(0),
            finished_at=START + 40 * SECOND,
        )  # fmt: skip
        joined = open_call("b", outcome="joined", committed_at=None, attempt_of="a", spend_usd=Decimal(0))
        line = only_line(timeouts(place, first, joined))
        assert (line.calls, line.left_at_limit, line.orphaned_usd) == (1, 1, Decimal(0))
        assert (line.repeats, line.repeats_usd) == (1, Decimal(0))

    def test_repeats_of_calls_that_left_at_their_limit_are_counted_with_what_they_cost(self, place: Place):
        again = [answered(f"r{number}", 5, attempt_of="a") for number in range(2)]
        line = only_line(timeouts(place, gave_up("a"), *again, gave_up("r2", attempt_of="a")))
        assert (line.left_at_limit, line.repeats, line.repeats_usd) == (2, 3, Decimal("0.000369"))

    def test_a_repeat_of_a_call_that_left_for_another_reason_is_none_of_the_limits(self, place: Place):
        line = only_line(timeouts(place, gave_up("a", 2), answered("r", 5, attempt_of="a")))
        assert line.repeats == 0

    def test_a_repeat_begun_after_the_time_asked_about_counts_with_its_first(self, place: Place):
        query = CallQuery(since=START, until=START + 1)
        repeat = answered("r", 5, attempt_of="a", started_at=START + 40 * SECOND, caller_timeout_seconds=None)
        assert only_line(timeouts(place, gave_up("a"), repeat, query=query)).repeats == 1

    def test_without_a_price_nothing_is_made_up(self, place: Place):
        line = only_line(timeouts(place, gave_up("a", spend_usd=None, orphaned_usd=None, basis=None)))
        assert (line.left_at_limit, line.unpriced, line.orphaned_usd) == (1, 1, Decimal(0))

    @pytest.mark.parametrize(
        ("ends", "days"),
        [({}, 2.0), ({"since": START - 2 * DAY}, 4.0), ({"until": START + 3 * DAY}, 3.0), ({"until": START + 1}, 1.0)],
    )
    def test_a_day_is_one_of_the_time_asked_about(self, place: Place, ends: dict[str, Any], days: float):
        last = answered("z", 5, started_at=START + 2 * DAY, caller_timeout_seconds=None)
        report = timeouts(place, gave_up("a", orphaned_usd=Decimal(12)), last, query=CallQuery(**ends))
        assert report.days == days
        assert only_line(report).orphaned_usd_per_day == Decimal(12) / int(days)

    def test_only_what_is_asked_for_is_in_it(self, place: Place):
        records = [gave_up("a"), gave_up("b", model="m"), settled_call("c")]
        report = timeouts(place, *records, query=CallQuery(model="m"))
        assert ([line.model for line in report.lines], report.untold) == (["m"], 0)

    def test_lines_stand_by_what_was_lost(self, place: Place):
        lost = {"x": Decimal(1), "y": Decimal(3), "z": Decimal(2)}
        report = timeouts(place, *[gave_up(id, model=id, orphaned_usd=usd) for id, usd in lost.items()])
        assert [line.model for line in report.lines] == ["y", "z", "x"]

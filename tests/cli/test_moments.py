"""Moments and durations as people type and read them."""

import pytest
import typer
from freezegun import freeze_time

from sidecar.cli.moments import clock_time, duration, gone_after, parse_moment, ran_on_for
from sidecar.clock import SECOND, rfc3339


@freeze_time("2026-11-20T10:00:00Z")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", "2026-11-20T08:00:00.000000Z"),
        ("1.5d", "2026-11-18T22:00:00.000000Z"),
        ("250ms", "2026-11-20T09:59:59.750000Z"),
        ("2026-11-19", "2026-11-19T00:00:00.000000Z"),
        ("2026-11-19T10:00", "2026-11-19T10:00:00.000000Z"),
        ("2026-11-19T10:00:00.000001+02:00", "2026-11-19T08:00:00.000001Z"),
    ],
)
def test_moment_as_people_type_it(text, moment):
    assert rfc3339(parse_moment(text)) == moment


@pytest.mark.parametrize("text", ["", "2", "2x", "yesterday", "-2h", "2026", "2026-13-01", "9999999999d"])
def test_what_is_no_moment__refused_with_examples(text):
    with pytest.raises(typer.BadParameter, match="write 2h, 7d, 2026-11-20"):
        parse_moment(text)


def test_clock_time_is_short_and_utc():
    assert clock_time(1_795_176_005_999_999) == "11-20 12:00:05"
    assert clock_time(None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00s"),
        (0.425, "0.42s"),
        (9.999, "10.00s"),
        (12.34, "12.3s"),
        (59.96, "60.0s"),
        (245, "4m05s"),
        (7_380, "2h03m"),
        (None, ""),
    ],
)
def test_duration_gets_coarser_as_it_grows(seconds, text):
    assert duration(seconds) == text


def test_gone_after__from_the_beginning_to_the_leaving():
    assert gone_after(SECOND, 3 * SECOND) == "2.00s"
    assert gone_after(SECOND, None) == ""


@pytest.mark.parametrize(
    ("gone_at", "ended_at", "text"),
    [(1, 31, "30.0s"), (1, 1, ""), (5, 1, ""), (None, 1, ""), (1, None, "")],
    ids=["ran on", "ended with it", "had ended before", "did not leave", "end not seen"],
)
def test_ran_on_for__only_where_the_work_went_on(gone_at, ended_at, text):
    def moment(second: int | None) -> int | None:
        return None if second is None else second * SECOND

    assert ran_on_for(moment(gone_at), moment(ended_at)) == text

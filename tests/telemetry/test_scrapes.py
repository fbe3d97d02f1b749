"""Who is waited for at the end, and how long: never on a laptop, and only for a scrape that comes in time."""

import pytest
from hypothesis import given, strategies as st

from sidecar.telemetry.scrapes import Scrapes, is_scraper, patience_seconds

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,*/*;q=0.1"
)


def every(seconds: float, count: int = 5) -> list[float]:
    """Scrapes in a rhythm, the last one at 0."""
    return [-seconds * (count - 1 - number) for number in range(count)]


def test_nobody_scrapes__nobody_is_waited_for():
    assert patience_seconds([], 100.0, 20.0) == 0


def test_the_next_scrape_is_due_in_time__waited_for_until_it_is_due_and_a_little_longer():
    assert patience_seconds(every(15), 5.0, 20.0) == 12.0


def test_the_next_scrape_comes_too_late__not_waited_for():
    assert patience_seconds(every(60), 5.0, 20.0) == 0


def test_the_next_scrape_comes_late_but_in_time__waited_for_to_the_bound_and_no_longer():
    assert patience_seconds(every(60), 41.0, 20.0) == 20.0


def test_a_scrape_that_is_overdue_is_waited_for_a_little():
    assert patience_seconds(every(15), 16.0, 20.0) == 2.0


def test_a_scraper_that_is_overdue_by_an_interval_has_gone():
    assert patience_seconds(every(15), 33.0, 20.0) == 0


def test_one_scrape_only__how_often_it_comes_is_not_known_and_it_is_waited_for():
    assert patience_seconds([0.0], 30.0, 20.0) == 20.0
    assert patience_seconds([0.0], 123.0, 20.0) == 0


def test_two_servers_in_turn__the_longer_gap_counts():
    assert patience_seconds([-30.0, -28.0, -15.0, -13.0, 0.0], 0.0, 20.0) == 15.0


def test_no_time_left__not_waited_for():
    assert patience_seconds(every(15), 5.0, 0.0) == 0


def test_only_the_latest_scrapes_are_remembered():
    scrapes = Scrapes()
    for at in (0.0, 600.0, 615.0, 630.0, 645.0, 660.0):
        scrapes.add(at)
    assert scrapes.patience_seconds(665.0, 20.0) == 12.0


moments = st.floats(0, 1e6)


@given(st.lists(moments, max_size=5).map(sorted), moments, st.floats(0, 60))
def test_no_wait_is_longer_than_it_may_be(scraped_at: list[float], now: float, most: float):
    assert 0 <= patience_seconds(scraped_at, max(now, *scraped_at, 0), most) <= most


@pytest.mark.parametrize(
    ("accept", "is_one"),
    [
        (PROMETHEUS, True),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", True),
        ("application/openmetrics-text", True),
        ("*/*", False),
        ("", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ],
)
def test_a_scraper_names_the_version_that_it_wants(accept: str, is_one: bool):
    assert is_scraper(accept) is is_one

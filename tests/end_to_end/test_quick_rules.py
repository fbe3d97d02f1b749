"""Rules at another speed: only durations differ."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.quick_rules import MINUTES_AS_SECONDS, at_speed

RULES = sorted((Path(__file__).parents[2] / "dashboards" / "rules").glob("*.yaml"))
files = pytest.mark.parametrize("file", RULES, ids=lambda path: path.stem)
ANY_DURATION = re.compile(r"(?<=for: )\d+[smhd]+|(?<=\[)\d+[smhd]+(?=\])|(?<=offset )\d+[smhd]+")


@pytest.mark.parametrize(
    ("written", "quick"),
    [
        ("        for: 30m\n", "        for: 30s\n"),
        ("      - for: 1d", "      - for: 24m"),
        ("        keep_firing_for: 5m", "        keep_firing_for: 5s"),
        ("rate(a_total[1h])", "rate(a_total[1m])"),
        ("max_over_time(a[1h:5m])", "max_over_time(a[1m:5s])"),
        ("a offset 1m", "a offset 1s"),
        ("a[30s]", "a[500ms]"),
        ("for: 0s", "for: 0s"),
    ],
)
def test_durations_of_rules_and_promql__scaled(written: str, quick: str) -> None:
    assert at_speed(written, MINUTES_AS_SECONDS) == quick


@pytest.mark.parametrize(
    "text",
    [
        "# wait for 30m, or [1 h]",
        "record: job:spend:rate1h",
        "description: In the last 5m, and for: good",
        "3600 * a > vector(90 * 86400)",
        '{limit=~"limits[.]max"}',
    ],
)
def test_what_is_no_duration__stays(text: str) -> None:
    assert at_speed(text, MINUTES_AS_SECONDS) == text


@pytest.mark.parametrize("written", ["for: 1s", "a[1ms]"])
def test_duration_that_comes_to_no_whole_millisecond__refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no whole number of milliseconds at 1/7 of its length"):
        at_speed(written, Fraction(1, 7))


@files
def test_our_rules__nothing_but_durations_differs(file: Path) -> None:
    written = file.read_text()
    quick = at_speed(written, MINUTES_AS_SECONDS)
    assert quick != written
    assert ANY_DURATION.split(quick) == ANY_DURATION.split(written)
    assert yaml.safe_load(quick).keys() == yaml.safe_load(written).keys()


@files
def test_our_rules_at_their_own_speed__the_same(file: Path) -> None:
    normal = at_speed(at_speed(file.read_text(), MINUTES_AS_SECONDS), 1 / MINUTES_AS_SECONDS)
    seconds = {duration: _seconds(duration) for duration in ANY_DURATION.findall(file.read_text() + normal)}
    assert [seconds[found] for found in ANY_DURATION.findall(normal)] == [
        seconds[found] for found in ANY_DURATION.findall(file.read_text())
    ]


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]

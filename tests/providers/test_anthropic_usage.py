import pytest

from sidecar.metering.usage import Usage
from sidecar.providers.anthropic_usage import (
    CacheCreation,
    Iteration,
    OutputDetails,
    ReportedUsage,
    ServerTools,
    merged,
    tier_of,
    usage_of,
)

ROWS = {
    "nothing": (ReportedUsage(), Usage(), ""),
    "plain": (ReportedUsage(25, 15), Usage(input=25, output=15), ""),
    "the prompt is the sum of three": (
        ReportedUsage(5, 15, cache_creation_input_tokens=100, cache_read_input_tokens=1000),
        Usage(input=105, cached_input=1000, output=15, cache_write_input=100),
        "",
    ),
    "two lifetimes": (
        ReportedUsage(5, 15, 100, 0, CacheCreation(60, 40)),
        Usage(input=105, output=15, cache_write_input=60, cache_write_hour_input=40),
        "",
    ),
    "lifetimes alone": (
        ReportedUsage(5, 15, cache_creation=CacheCreation(60, 40)),
        Usage(input=105, output=15, cache_write_input=60, cache_write_hour_input=40),
        "",
    ),
    "lifetimes over the total": (
        ReportedUsage(5, 15, 70, 0, CacheCreation(60, 40)),
        Usage(input=75, output=15, cache_write_input=60, cache_write_hour_input=10),
        "cache_parts_over_total",
    ),
    "thinking is part of the output": (
        ReportedUsage(25, 15, output_tokens_details=OutputDetails(9)),
        Usage(input=25, output=6, reasoning=9),
        "",
    ),
    "more thinking than output": (
        ReportedUsage(25, 15, output_tokens_details=OutputDetails(19)),
        Usage(input=25, reasoning=15),
        "thinking_over_output",
    ),
    "searches": (ReportedUsage(25, 15, server_tool_use=ServerTools(3)), Usage(input=25, output=15, web_searches=3), ""),
    "samplings that the totals include": (
        ReportedUsage(
            25, 15, iterations=[Iteration(10, 5, type="message"), Iteration(15, 10, type="fallback_message")]
        ),
        Usage(input=25, output=15),
        "",
    ),
    "a compaction, which they don't": (
        ReportedUsage(25, 15, iterations=[Iteration(100, 7, 20, 30, CacheCreation(15, 5), type="compaction")]),
        Usage(input=145, cached_input=30, output=22, cache_write_input=15, cache_write_hour_input=5),
        "",
    ),
    "an advisor, who has other prices": (
        ReportedUsage(25, 15, iterations=[Iteration(100, 7, type="advisor_message")]),
        Usage(input=25, output=15),
        "iteration_apart",
    ),
}


@pytest.mark.parametrize(("report", "usage", "doubt"), ROWS.values(), ids=ROWS)
def test_a_report_becomes_disjoint_classes(report, usage, doubt):
    assert usage_of(report) == (usage, doubt)


def test_a_later_report_counts_where_it_says_something():
    earlier = ReportedUsage(25, 1, cache_read_input_tokens=7, service_tier="priority")
    later = ReportedUsage(0, 15, cache_read_input_tokens=9)
    assert merged(earlier, later) == ReportedUsage(25, 15, cache_read_input_tokens=9, service_tier="priority")


@pytest.mark.parametrize(
    ("tier", "speed", "place", "expected"),
    [
        (None, None, None, ""),
        ("standard", "standard", "not_available", ""),
        ("", "", "global", ""),
        ("priority", None, None, "priority"),
        ("batch", None, None, "batch"),
        (None, "fast", None, "fast"),
        (None, None, "us", "us"),
        ("standard", "fast", "us", "fast-us"),
        ("a_tier_of_next_year", None, None, None),
        (None, "warp", None, None),
        (None, None, "mars", None),
    ],
)
def test_the_tier_is_what_the_price_hangs_on(tier, speed, place, expected):
    assert tier_of(ReportedUsage(service_tier=tier, speed=speed, inference_geo=place)) == expected

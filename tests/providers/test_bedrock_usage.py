import pytest

from sidecar.providers.anthropic_usage import CacheCreation, ReportedUsage
from sidecar.providers.bedrock_usage import (
    CacheDetail,
    CachedTokens,
    ChatTokens,
    Metrics,
    Tokens,
    report_of_chat,
    report_of_headers,
    report_of_metrics,
    report_of_tokens,
    settled,
    tier_of,
)

CONVERSE = {
    "plain": (Tokens(18, 386, 404), (18, 386, 0, 0), ""),
    "cached tokens stand beside the input": (
        Tokens(18, 386, 7906, cache_write_input_tokens=7502),
        (18, 386, 7502, 0),
        "",
    ),
    "by their other names": (
        Tokens(18, 386, 7906, cache_read_input_token_count=7000, cache_write_input_token_count=502),
        (18, 386, 502, 7000),
        "",
    ),
    "a total that leaves them out": (Tokens(18, 386, 404, cache_read_input_tokens=7502), (18, 386, 0, 7502), ""),
    "a total by which they are part of the input": (
        Tokens(1000, 10, 1010, cache_read_input_tokens=600, cache_write_input_tokens=100),
        (300, 10, 100, 600),
        "cached_in_input",
    ),
    "less in total than in parts": (Tokens(18, 386, 300), (18, 282, 0, 0), "parts_over_total"),
    "far less": (Tokens(18, 386, 10), (10, 0, 0, 0), "parts_over_total"),
    "more in total than in parts": (Tokens(18, 386, 500), (18, 386, 0, 0), "total_over_parts"),
    "no total": (Tokens(18, 386), (18, 386, 0, 0), ""),
}


@pytest.mark.parametrize(("tokens", "expected", "doubt"), CONVERSE.values(), ids=CONVERSE)
def test_converse_counts_cached_tokens_apart(tokens, expected, doubt):
    assert report_of_tokens(tokens) == (ReportedUsage(*expected), doubt)


def test_converse_tells_how_long_a_cache_is_kept():
    details = [CacheDetail("1h", 500), CacheDetail("5m", 2), CacheDetail("1y", 7)]
    report, _ = report_of_tokens(Tokens(18, 386, cache_write_input_tokens=502, cache_details=details))
    assert report.cache_creation == CacheCreation(2, 500)


def test_a_chat_counts_cached_tokens_within_the_prompt():
    assert report_of_chat(ChatTokens(100, 7, CachedTokens(40))) == (ReportedUsage(60, 7, None, 40), "")
    assert report_of_chat(ChatTokens(100, 7, CachedTokens(140))) == (
        ReportedUsage(0, 7, None, 100),
        "cached_over_prompt",
    )


def test_metrics_are_a_report():
    assert report_of_metrics(Metrics(3, 13, 5, 25_037)) == ReportedUsage(3, 13, 25_037, 5)


@pytest.mark.parametrize(
    ("metered", "made", "expected", "doubt"),
    [
        (None, None, None, ""),
        (ReportedUsage(3, 13), None, ReportedUsage(3, 13), ""),
        (None, ReportedUsage(3, 13), ReportedUsage(3, 13), ""),
        (ReportedUsage(3, 13), ReportedUsage(3, 13, 0, 5), ReportedUsage(3, 13, 0, 5), ""),
        (ReportedUsage(3, 13, 0, 5), ReportedUsage(3, 13), ReportedUsage(3, 13, 0, 5), ""),
        (ReportedUsage(3, 13), ReportedUsage(None, 13), ReportedUsage(3, 13), ""),
        (ReportedUsage(3), ReportedUsage(3, 13), ReportedUsage(3, 13), ""),
        (ReportedUsage(3, 13), ReportedUsage(3, 12), ReportedUsage(3, 12), "metered_over_made"),
        (ReportedUsage(3, 11), ReportedUsage(3, 12, 0, 5), ReportedUsage(3, 11), "made_over_metered"),
    ],
)
def test_the_smaller_of_two_reports_counts_where_they_differ(metered, made, expected, doubt):
    assert settled(metered, made) == (expected, doubt)


INPUT, OUTPUT = "x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"
READ, WRITE = "x-amzn-bedrock-cache-read-input-token-count", "x-amzn-bedrock-cache-write-input-token-count"


@pytest.mark.parametrize(
    ("headers", "expected", "doubt"),
    [
        ({}, None, ""),
        ({"x-amzn-bedrock-invocation-latency": "9"}, None, ""),
        ({INPUT: "3"}, ReportedUsage(3), ""),
        ({INPUT: "3", OUTPUT: "13", READ: "5", WRITE: "2"}, ReportedUsage(3, 13, 2, 5), ""),
        ({INPUT: "3", OUTPUT: "-13"}, ReportedUsage(3), "malformed_usage"),
        ({INPUT: "3", OUTPUT: "9" * 10}, ReportedUsage(3), "malformed_usage"),
        ({INPUT: "3", OUTPUT: "٣"}, ReportedUsage(3), "malformed_usage"),
        ({INPUT: ""}, None, "malformed_usage"),
    ],
)
def test_headers_are_a_report(headers, expected, doubt):
    assert report_of_headers(headers) == (expected or (ReportedUsage() if headers and doubt else None), doubt)


@pytest.mark.parametrize(
    ("tier", "latency", "expected"),
    [
        ("", "", ""),
        ("default", "standard", ""),
        ("flex", "", "flex"),
        ("Priority", "", "priority"),
        ("reserved", "", "provisioned"),
        ("", "optimized", "latency-optimized"),
        ("next_year", "", None),
        ("", "next_year", None),
    ],
)
def test_the_tier_is_what_the_price_hangs_on(tier, latency, expected):
    assert tier_of(tier, latency) == expected

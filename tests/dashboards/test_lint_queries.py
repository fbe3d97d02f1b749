"""The linter's rules and ours of a query."""

import re

import pytest

from dashboards.source.reading import panels_of, queries_of
from tests.dashboards.committed import CLASSIC, NAMES

QUERIES = [
    pytest.param(name, query.expr, id=f"{name}: {query.panel} {number}")
    for name in NAMES
    for number, query in enumerate(queries_of(CLASSIC[name]))
]
each_query = pytest.mark.parametrize(("name", "expr"), QUERIES)


@each_query
def test_every_selector_is_narrowed_by_job_and_instance(name: str, expr: str):
    selectors = re.findall(r"\{([^{}]*)\}", expr)
    assert selectors != []
    assert all(each.startswith('job=~"$job", instance=~"$instance"') for each in selectors)


@each_query
def test_rates_are_over_the_rate_interval__and_totals_over_the_range(name: str, expr: str):
    windows = re.findall(r"\b(rate|increase|irate|delta|changes|last_over_time)\([^][]*\[([^]]*)\]", expr)
    assert len(windows) == expr.count("[")
    for function, window in windows:
        # A total over the whole range is what a stat, a bar or a table of it shows; all else is a curve.
        assert (function, window) in {
            ("rate", "$__rate_interval"),
            ("increase", "$__rate_interval"),
            ("increase", "$__range"),
            ("last_over_time", "$__range"),
        }


@each_query
def test_counters_are_only_looked_at_through_rates(name: str, expr: str):
    if name == "reconciliation":
        return  # identities are of the raw values of one scrape: rates of both sides would hide what began before the range
    outside = re.sub(r"\b(rate|increase)\([^()]*\)", "", expr)
    assert re.findall(r"\w+_total\b", outside) == []


def test_totals_over_the_range_are_in_no_curve():
    for name in NAMES:
        curves = [panel for panel in panels_of(CLASSIC[name]) if panel.type == "timeseries"]
        assert [panel.title for panel in curves if any("$__range]" in each["expr"] for each in panel.targets)] == []

"""All that a dashboard asks, asked: its panels' queries and its variables, and the answers as one piece of JSON."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dashboards.preview.prometheus import Prometheus, Series
from dashboards.preview.variables import ALL, Times, Values, label_values, series_name, start_of, substituted, times_of

Json = dict[str, Any]

WIDTH = 1600
COLUMNS = 24
LEAST_INTERVAL_SECONDS = 5.0
"""The data source's setting "Scrape interval". Five times what is scraped: curves over some minutes are read better so."""


class Span(NamedTuple):
    """The time that the pictures show, in seconds since the epoch."""

    start: float
    end: float


def panels_of(dashboard: Json) -> Iterator[Json]:
    """Its panels, those in collapsed rows included, rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def answers(dashboard: Json, prometheus: Prometheus, span: Span) -> Json:
    """What the page needs to draw a dashboard: itself, its variables' values, and each query's answer by panel."""
    values = variable_values(dashboard, prometheus, span)
    return {
        "dashboard": dashboard,
        "from": round(span.start * 1000),
        "to": round(span.end * 1000),
        "variables": {name: list(chosen) for name, chosen in values.items()},
        "panels": {
            str(panel["id"]): panel_answers(panel, prometheus, values, span)
            for panel in panels_of(dashboard)
            if panel.get("targets")
        },
    }


def variable_values(dashboard: Json, prometheus: Prometheus, span: Span) -> dict[str, list[str]]:
    """What each variable stands for when the dashboard is opened, in the order in which they are declared."""
    values: dict[str, list[str]] = {}
    for variable in dashboard.get("templating", {}).get("list", []):
        values[variable["name"]] = _opened(variable, prometheus, values, span)
    return values


def _opened(variable: Json, prometheus: Prometheus, values: Values, span: Span) -> list[str]:
    if variable["type"] != "query":
        chosen = variable.get("current", {}).get("value") or variable.get("query", "")
        return list(chosen) if isinstance(chosen, list) else [str(chosen)]
    if _is_all(variable) and variable.get("allValue"):
        return [variable["allValue"]]
    query = variable["query"]["query"] if isinstance(variable["query"], dict) else variable["query"]
    selector, label = label_values(substituted(query, values, times_of(*span, WIDTH, LEAST_INTERVAL_SECONDS)))
    found = prometheus.label_values(label, selector)
    return found if _is_all(variable) else found[:1]


def _is_all(variable: Json) -> bool:
    """Whether it is opened with everything chosen."""
    chosen = variable.get("current", {}).get("value", ALL if variable.get("includeAll") else "")
    return chosen == ALL or (isinstance(chosen, list) and ALL in chosen)


def panel_answers(panel: Json, prometheus: Prometheus, values: Values, span: Span) -> list[Json]:
    """The answers to a panel's queries, those apart that it hides."""
    end = span.end
    start = start_of(panel["timeFrom"], end) if panel.get("timeFrom") else span.start
    points = panel.get("maxDataPoints") or round(WIDTH * panel["gridPos"]["w"] / COLUMNS)
    times = times_of(start, end, points, LEAST_INTERVAL_SECONDS)
    return [target_answer(target, prometheus, values, times) for target in panel["targets"] if not target.get("hide")]


def target_answer(target: Json, prometheus: Prometheus, values: Values, times: Times) -> Json:
    """The answer to one query; each of its series has its `name`."""
    query = substituted(target["expr"], values, times)
    step = times.interval
    first = times.start - times.start % step  # Grafana aligns a range to its step
    found = (
        prometheus.instant(query, times.end)
        if target.get("instant")
        else prometheus.range(query, first, times.end, step)
    )
    return {
        "refId": target["refId"],
        "format": target.get("format", "time_series"),
        "instant": bool(target.get("instant")),
        "step": step,
        "query": query,
        "series": [_named(series, target.get("legendFormat", "")) for series in found],
    }


def _named(series: Series, legend: str) -> Series:
    labels: Mapping[str, str] = series["metric"]
    return {**series, "name": series_name(legend, labels)}


def empty_panels(answered: Json) -> list[str]:
    """The titles of panels none of whose queries found anything."""
    titles = {str(panel["id"]): panel["title"] for panel in panels_of(answered["dashboard"])}
    return [titles[id] for id, queries in answered["panels"].items() if not any(query["series"] for query in queries)]

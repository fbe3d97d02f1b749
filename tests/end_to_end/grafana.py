"""What Grafana asks of Prometheus when somebody opens one of our dashboards, and what it is told; read from the classic JSON.

How variables and macros are put into a query is the preview's: its pictures and these answers come of the same substitution.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dashboards.preview.variables import LEGEND_LABEL, Times, label_values, start_of, substituted, times_of
from dashboards.source.reading import annotation_queries_of, variable_queries_of
from tests.end_to_end.prometheus import Prometheus

Json = dict[str, Any]
CLASSIC = Path(__file__).parents[2] / "dashboards" / "classic"
POINTS = 1000
"""A panel's width: more than there are scrapes, so that every one of them is seen."""


class Query(NamedTuple):
    """One query of one panel."""

    dashboard: str
    title: str
    legend: str
    """Of a table, the column's name."""
    unit: str
    expr: str
    is_instant: bool
    has_exemplars: bool
    since: str
    """The panel's own time range, as `now/d`; empty for the page's."""

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.title}: {self.legend or 'no legend'}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that the legend shows."""
        return tuple(found["label"] for found in LEGEND_LABEL.finditer(self.legend))


class Table(NamedTuple):
    """A panel whose queries are joined where their labels are equal."""

    title: str
    labels: frozenset[str]
    """Those that it has columns for."""
    queries: tuple[Query, ...]

    def __str__(self) -> str:
        return f"{self.queries[0].dashboard}: {self.title}"


class Curve(NamedTuple):
    """One series of an answer; one figure where the query is an instant one."""

    labels: Mapping[str, str]
    figures: tuple[float, ...]

    @property
    def known(self) -> tuple[float, ...]:
        """Those that are numbers."""
        return tuple(figure for figure in self.figures if not math.isnan(figure))


def written() -> dict[str, Json]:
    """The dashboards by their file's name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(CLASSIC.glob("*.json"))}


def queries(dashboards: Mapping[str, Json]) -> Iterator[Query]:
    """Every query of every panel, those in collapsed rows too."""
    for name, dashboard in dashboards.items():
        for panel in panels(dashboard):
            for target in panel.get("targets", ()):
                yield _query(name, panel, target)


def tables(dashboards: Mapping[str, Json]) -> Iterator[Table]:
    """Every table."""
    for name, dashboard in dashboards.items():
        for panel in panels(dashboard):
            if panel["type"] == "table":
                (order,) = (each["options"] for each in panel["transformations"] if each["id"] == "organize")
                labels = frozenset(column for column in order["indexByName"] if not column.startswith("Value"))
                yield Table(panel["title"], labels, tuple(_query(name, panel, target) for target in panel["targets"]))


def panels(dashboard: Json) -> Iterator[Json]:
    """Its panels and rows."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def _query(dashboard: str, panel: Json, target: Json) -> Query:
    legend = target.get("legendFormat", "")
    return Query(
        dashboard, panel["title"], legend, _unit(panel, legend), target["expr"],
        bool(target.get("instant")), bool(target.get("exemplar")), panel.get("timeFrom", ""),
    )  # fmt: skip


def _unit(panel: Json, legend: str) -> str:
    """The unit of a table's column stands in an override by its name."""
    if panel["type"] != "table":
        return str(panel["fieldConfig"]["defaults"].get("unit", ""))
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"] == {"id": "byName", "options": legend}:
            return str(next((each["value"] for each in override["properties"] if each["id"] == "unit"), ""))
    return ""


class Grafana:
    """Asks as Grafana would that shows the time from `start` to `end` (seconds since the epoch), where all is at rest."""

    def __init__(self, prometheus: Prometheus, start: float, end: float, scrape_seconds: float) -> None:
        self._prometheus, self._start, self._end, self._scrape_seconds = prometheus, start, end, scrape_seconds
        self._dashboards = written()
        self.told = cache(self._told)
        """The answer to a query, with everything chosen as a page opens, or with every value chosen by hand."""

    def values(self, dashboard: str) -> dict[str, list[str]]:
        """What each variable offers, where all that those before it offer is chosen."""
        found: dict[str, list[str]] = {}
        for name, query in variable_queries_of(self._dashboards[dashboard]):
            selector, label = label_values(substituted(query, found, self._times("")))
            found[name] = list(self._prometheus.asked(f"label/{label}/values", **{"match[]": selector}))
        return found

    def _told(self, query: Query, *, by_hand: bool = False) -> list[Curve]:
        times, expr = self._times(query.since), self._filled(query, by_hand=by_hand)
        if query.is_instant:
            return [_curve(series, [series["value"]]) for series in self._prometheus.instant(expr, times.end)]
        return self._over_time(expr)

    def course(self, query: Query) -> list[Curve]:
        """What a query says of every moment, also where a panel asks for the last one only."""
        return self._over_time(self._filled(query))

    def _over_time(self, expr: str) -> list[Curve]:
        answer = self._prometheus.range(expr, self._start, self._end, self._scrape_seconds)
        return [_curve(series, series["values"]) for series in answer]

    def exemplars(self, query: Query) -> list[Mapping[str, str]]:
        """The labels of the examples that are drawn into a panel."""
        span = {"start": f"{self._start:.3f}", "end": f"{self._end:.3f}"}
        answer = self._prometheus.asked("query_exemplars", query=self._filled(query), **span)
        return [exemplar["labels"] for series in answer for exemplar in series["exemplars"]]

    def annotations(self, dashboard: str) -> dict[str, list[Curve]]:
        """The events that are drawn over the curves, by the annotation's name."""
        times, chosen = self._times(""), self._chosen(dashboard)
        asked = annotation_queries_of(self._dashboards[dashboard])
        return {name: self._over_time(substituted(expr, chosen, times)) for name, expr in asked}

    def _filled(self, query: Query, *, by_hand: bool = False) -> str:
        chosen = self.values(query.dashboard) if by_hand else self._chosen(query.dashboard)
        return substituted(query.expr, chosen, self._times(query.since))

    def _chosen(self, dashboard: str) -> dict[str, list[str]]:
        """As the page opens: everything."""
        variables = self._dashboards[dashboard]["templating"]["list"]
        return {each["name"]: [each["allValue"]] for each in variables if each["type"] == "query"}

    def _times(self, since: str) -> Times:
        """The page's, or a panel's own. A day that has just begun is taken for as long as what was played."""
        start = min(self._start, start_of(since, self._end)) if since else self._start
        return times_of(start, self._end, POINTS, self._scrape_seconds)


def _curve(series: Json, points: Sequence[Sequence[Any]]) -> Curve:
    return Curve(series["metric"], tuple(float(figure) for _, figure in points))

"""Panels that show how much it is, now or of the whole range: one figure, bars, tables."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dashboards.source.looks import BY_NAME, CALM, Threshold
from dashboards.source.panels import COUNT, Json, Panel, field_config, meanings, target

WHOLE = {COUNT: 0}
"""Events are whole, though increase() says 7.03; of what has another unit Grafana chooses the decimals."""


def stat(
    title: str,
    description: str,
    unit: str,
    expr: str,
    *,
    width: int = 4,
    height: int = 4,
    thresholds: Sequence[Threshold] = CALM,
    time_from: str = "",
    links: Sequence[Json] = (),
    no_value: str = "none yet",
    legend: str = "",
) -> Panel:
    """One figure, large."""
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _reduced(),
        "showPercentChange": False,
        "textMode": "value",
        "wideLayout": True,
    }
    config = field_config(unit, {"mode": "thresholds"}, thresholds, no_value=no_value, decimals=WHOLE.get(unit))
    targets = [target(expr, legend or title, instant=True)]
    return Panel("stat", title, description, width, height, targets, options, config, [], time_from, list(links))


def bars(
    title: str,
    description: str,
    unit: str,
    curves: Mapping[str, str],
    *,
    width: int = 8,
    height: int = 8,
    color: str = "",
) -> Panel:
    """What the range's total is made of, one horizontal bar for each part."""
    options = {
        "displayMode": "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _reduced(),
        "showUnfilled": True,
        "sizing": "auto",
        "text": {"titleSize": 13, "valueSize": 16},
        "valueMode": "text",
    }
    mode = {"mode": "fixed", "fixedColor": BY_NAME[color]} if color else {"mode": "palette-classic"}
    config = field_config(unit, mode, CALM, no_value="none yet", lowest=0, decimals=WHOLE.get(unit))
    config["overrides"] = [] if color else meanings(curves)
    targets = [target(expr, legend, instant=True) for legend, expr in curves.items()]
    return Panel("bargauge", title, description, width, height, targets, options, config)


class Column(NamedTuple):
    """One column of figures in a table."""

    name: str
    """Empty for a query that only brings its labels, as a version or a mode; its figure is not shown."""
    expr: str
    unit: str = ""


def table(
    title: str, description: str, labels: Sequence[str], columns: Sequence[Column], *, width: int = 12, height: int = 8
) -> Panel:
    """Figures by labels: one query for each column, joined where the labels are equal. Sorted by the first column, falling."""
    options = {
        "cellHeight": "sm",
        "footer": {"countRows": False, "fields": "", "reducer": ["sum"], "show": False},
        "showHeader": True,
        "sortBy": [{"desc": True, "displayName": columns[0].name}],
    }
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "inspect": False, "minWidth": 80}
    config = field_config(columns[0].unit, {"mode": "thresholds"}, CALM, custom=custom)
    config["overrides"] = [
        {"matcher": {"id": "byName", "options": column.name}, "properties": _shown_as(column.unit)}
        for column in columns
        if column.name
    ]
    targets = [target(column.expr, column.name, format="table", instant=True) for column in columns]
    return Panel("table", title, description, width, height, targets, options, config, _joined(labels, columns))


def _shown_as(unit: str) -> list[Json]:
    whole = [{"id": "decimals", "value": WHOLE[unit]}] if unit in WHOLE else []
    return [{"id": "unit", "value": unit}, *whole]


def _reduced() -> Json:
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _joined(labels: Sequence[str], columns: Sequence[Column]) -> list[Json]:
    """One table out of one for each query. With a single query Grafana calls its column `Value`, with more `Value #A`."""
    values = [f"Value #{chr(ord('A') + number)}" for number in range(len(columns))] if len(columns) > 1 else ["Value"]
    named = {value: column.name for value, column in zip(values, columns, strict=True)}
    hidden = {value: True for value, name in named.items() if not name}
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True, **hidden},
                "includeByName": {},
                "indexByName": {name: place for place, name in enumerate([*labels, *values])},
                "renameByName": {value: name for value, name in named.items() if name},
            },
        },
    ]

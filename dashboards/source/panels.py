"""What a panel is, and what all kinds of panel have alike; the kinds are in `curves.py`, `figures.py` and `notes.py`.

Everything that Grafana would otherwise fill in by version is said: legends are shown, calculations are named, and so on
(defaults differ from Grafana 10 to 13). Decimals of money are left to Grafana, which shows two significant digits of a small
amount (`$0.0012`) and two decimals of a large one.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dashboards.source.looks import Threshold, colors_of

Json = dict[str, Any]

USD, SECONDS, SHARE, COUNT, PER_MINUTE, BYTES, ROWS_PER_SECOND, PER_SECOND, BYTES_PER_SECOND = (
    "currencyUSD", "s", "percentunit", "locale", "cpm", "bytes", "rowsps", "cps", "Bps",
)  # fmt: skip


class Panel(NamedTuple):
    """One panel, before it has a place or a form."""

    type: str
    title: str
    description: str
    width: int
    """Of 24 columns."""
    height: int
    """In Grafana's units of 30 pixels."""
    targets: Sequence[Json] = ()
    """Queries as Grafana's Prometheus data source takes them, without data source and refId."""
    options: Mapping[str, Any] = MappingProxyType({})
    field_config: Mapping[str, Any] = MappingProxyType({"defaults": {}, "overrides": []})
    transformations: Sequence[Json] = ()
    time_from: str = ""
    """A time range of its own, such as `now/d` for today."""
    links: Sequence[Json] = ()


def target(
    expr: str, legend: str, *, format: str = "time_series", instant: bool = False, exemplar: bool = False
) -> Json:
    """One query. An instant one asks for the value at the range's end, any other for the whole curve."""
    return {
        "expr": expr,
        "legendFormat": legend,
        "format": format,
        "instant": instant,
        "range": not instant,
        "exemplar": exemplar,
        "editorMode": "code",
    }


def field_config(
    unit: str,
    color: Json,
    thresholds: Sequence[Threshold],
    *,
    custom: Json | None = None,
    no_value: str = "",
    lowest: float | None = None,
    decimals: int | None = None,
) -> Json:
    """How figures are shown: unit, colors, thresholds; what a kind of panel alone knows is in `custom`."""
    steps = [{"color": step.color, "value": step.above} for step in thresholds]
    defaults: Json = {
        "color": color,
        "custom": custom or {},
        "mappings": [],
        "thresholds": {"mode": "absolute", "steps": steps},
        "unit": unit,
    }
    if no_value:
        defaults["noValue"] = no_value
    if lowest is not None:
        defaults["min"] = lowest
    if decimals is not None:
        defaults["decimals"] = decimals
    return {"defaults": defaults, "overrides": []}


def meanings(legends: Iterable[str]) -> list[Json]:
    """A fixed color for every series whose name has a meaning; the rest take the palette's."""
    colors = {name: color for legend in legends for name, color in colors_of(legend).items()}
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"fixedColor": color, "mode": "fixed"}}],
        }
        for name, color in colors.items()
    ]

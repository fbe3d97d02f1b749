"""Panels that show how something goes over time."""

from collections.abc import Mapping, Sequence

from dashboards.source.looks import CALM, Threshold
from dashboards.source.panels import (
    BYTES_PER_SECOND,
    COUNT,
    PER_MINUTE,
    PER_SECOND,
    SECONDS,
    SHARE,
    Json,
    Panel,
    field_config,
    meanings,
    target,
)

FLAT = {COUNT: 1, PER_MINUTE: 1, PER_SECOND: 1, BYTES_PER_SECOND: 1, SHARE: 0.1}
"""How high an axis is at least, by unit: nothing at all would else be drawn on an axis from 0 to 100."""


def timeseries(
    title: str,
    description: str,
    unit: str,
    curves: Mapping[str, str],
    *,
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    exemplars: bool = False,
    thresholds: Sequence[Threshold] = (),
    lowest: float | None = 0,
) -> Panel:
    """Curves over time; `curves` are queries by their legends. Series are colored by what they mean where that is known."""
    custom: Json = {
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "axisLabel": "",
        "axisPlacement": "auto",
        "barAlignment": 0,
        "drawStyle": "line",
        "fillOpacity": 60 if stacked else 8,
        "gradientMode": "none",
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "insertNulls": False,
        "lineInterpolation": "linear",
        # The line of a series that is 0 would lie on top of the whole stack, in its own color.
        "lineWidth": 0 if stacked else 1,
        "pointSize": 5,
        "scaleDistribution": {"type": "linear"},
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
    }
    if unit in FLAT:
        custom["axisSoftMax"] = FLAT[unit]
    options = {
        "legend": _legend(is_table=width >= 12),
        "tooltip": {"hideZeros": False, "maxHeight": 600, "mode": "multi", "sort": "desc"},
    }
    config = field_config(unit, {"mode": "palette-classic"}, thresholds or CALM, custom=custom, lowest=lowest)
    config["overrides"] = meanings(curves)
    targets = [target(expr, legend, exemplar=exemplars) for legend, expr in curves.items()]
    return Panel("timeseries", title, description, width, height, targets, options, config)


def heatmap(title: str, description: str, histogram_increase: str, *, width: int = 12, height: int = 8) -> Panel:
    """How often each duration was seen; a point is an exemplar. `histogram_increase` is summed by `le`."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": COUNT},
        "color": {
            "exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": False, "scale": "exponential",
            "scheme": "Oranges", "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        # Grafana 10.0 knows `show`, later ones `mode`.
        "tooltip": {"mode": "single", "show": True, "showColorScale": False, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": SECONDS},
    }  # fmt: skip
    custom = {
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "scaleDistribution": {"type": "linear"},
    }
    config = field_config(SECONDS, {"mode": "thresholds"}, CALM, custom=custom)
    targets = [target(histogram_increase, "{{le}}", format="heatmap", exemplar=True)]
    return Panel("heatmap", title, description, width, height, targets, options, config)


def _legend(*, is_table: bool) -> Json:
    """Wide panels have room for figures beside the names; what moves most stands first."""
    if is_table:
        table = {"calcs": ["mean", "max"], "displayMode": "table", "placement": "right", "showLegend": True}
        return {**table, "sortBy": "Max", "sortDesc": True}
    return {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}

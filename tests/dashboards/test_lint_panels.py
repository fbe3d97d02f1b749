"""The linter's rules and ours of a panel: it says what it shows, in what unit, and leaves nothing to a version's defaults."""

import re
from typing import Any

import pytest

from tests.dashboards.committed import CLASSIC, DATASOURCE, NAMES

UNITS = {"currencyUSD", "s", "percentunit", "locale", "cpm", "bytes", "Bps", "rowsps", "cps"}
"""Ids that Grafana has for what we show (valueFormats/categories.ts): one that it does not have is shown as a suffix."""
TYPES = {"stat", "timeseries", "bargauge", "table", "heatmap", "text", "alertlist"}
WITHOUT_FIGURES = {"text", "alertlist"}
GRAFANA_COLORS = re.compile(
    r"text|#[0-9a-f]{6}|((dark|semi-dark|light|super-light)-)?(green|yellow|red|blue|orange|purple)"
)
PANELS = [(name, panel) for name in NAMES for panel in CLASSIC[name]["panels"] if panel["type"] != "row"]


def each(panels: list[tuple[str, dict[str, Any]]]) -> pytest.MarkDecorator:
    named = [pytest.param(panel, id=f"{name}: {panel['title']}") for name, panel in panels]
    return pytest.mark.parametrize("panel", named)


each_panel = each(PANELS)
each_figure = each([(name, panel) for name, panel in PANELS if panel["type"] not in WITHOUT_FIGURES])


@each_panel
def test_it_says_what_it_shows(panel: dict[str, Any]):
    assert panel["title"] == panel["title"].strip() != ""
    assert panel["description"].endswith(".")
    assert panel["type"] in TYPES
    assert panel["datasource"] == DATASOURCE


@each_figure
def test_it_has_a_unit_and_a_query(panel: dict[str, Any]):
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"] != []
    for target in panel["targets"]:
        assert target["datasource"] == DATASOURCE
        assert target["legendFormat"] != "" or panel["type"] == "table"
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each_figure
def test_its_colors_and_thresholds_are_said(panel: dict[str, Any]):
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0]["value"] is None
    values = [step["value"] for step in steps[1:]]
    assert values == sorted(values)
    fixed = [
        each["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "color"
    ]
    assert all(GRAFANA_COLORS.fullmatch(color) for color in [*fixed, *(step["color"] for step in steps)])


@each_figure
def test_what_versions_of_grafana_default_differently_is_said(panel: dict[str, Any]):
    options = panel["options"]
    if panel["type"] in {"timeseries", "bargauge"}:
        assert {"showLegend", "displayMode", "placement", "calcs"} <= options["legend"].keys()
    if panel["type"] == "timeseries":
        assert options["legend"]["showLegend"] is True
    if panel["type"] in {"stat", "bargauge"}:
        assert options["reduceOptions"] == {"calcs": ["lastNotNull"], "fields": "", "values": False}


@each_figure
def test_only_what_shows_one_moment_asks_for_one_moment(panel: dict[str, Any]):
    is_of_a_moment = panel["type"] in {"stat", "bargauge", "table"}
    for target in panel["targets"]:
        assert target["instant"] is is_of_a_moment
        assert target["range"] is not is_of_a_moment
        expected = {"table": "table", "heatmap": "heatmap"}.get(panel["type"], "time_series")
        assert target["format"] == expected


@each_figure
def test_tails_show_their_examples(panel: dict[str, Any]):
    exprs = " ".join(target["expr"] for target in panel["targets"])
    has_examples = re.search(r"(orphaned|cancel)_seconds_bucket", exprs)
    if has_examples:
        assert all(target["exemplar"] is True for target in panel["targets"])

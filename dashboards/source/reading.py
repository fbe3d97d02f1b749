"""What a written dashboard asks for, read back from its JSON, classic or V2 alike. Pure; nothing here knows the pages.

`queries_of(dashboard)`, `variable_queries_of(dashboard)` and `annotation_queries_of(dashboard)` are what tests run against
a real Prometheus, after putting values in the place of Grafana's variables.
"""

from typing import Any, NamedTuple

Json = dict[str, Any]


class PanelQuery(NamedTuple):
    """One query of one panel, with Grafana's variables still in it."""

    panel: str
    """The panel's title."""
    expr: str
    format: str
    """`time_series`, `table` or `heatmap`."""


class WrittenPanel(NamedTuple):
    """Of a panel, what both forms must say alike."""

    id: int
    title: str
    description: str
    type: str
    unit: str
    """Empty where the panel shows no figures."""
    targets: list[Json]
    options: Json
    field_config: Json
    place: tuple[int, int, int, int]
    """x, y, width, height; in V2 y counts from the top of the row."""


def is_v2(dashboard: Json) -> bool:
    """Whether this is a V2 resource and not classic JSON."""
    return "apiVersion" in dashboard


def panels_of(dashboard: Json) -> list[WrittenPanel]:
    """Every panel but the headings of rows, in the order of the page."""
    return _v2_panels(dashboard["spec"]) if is_v2(dashboard) else _classic_panels(dashboard)


def queries_of(dashboard: Json) -> list[PanelQuery]:
    """Every query of every panel: (panel's title, expr, format)."""
    return [
        PanelQuery(panel.title, target["expr"], target.get("format", "time_series"))
        for panel in panels_of(dashboard)
        for target in panel.targets
    ]


def variable_queries_of(dashboard: Json) -> list[tuple[str, str]]:
    """The variables that ask the data source: (name, `label_values(...)`)."""
    if is_v2(dashboard):
        variables = [each["spec"] for each in dashboard["spec"]["variables"] if each["kind"] == "QueryVariable"]
        return [(each["name"], each["query"]["spec"]["query"]) for each in variables]
    variables = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    return [(each["name"], each["query"]["query"]) for each in variables]


def annotation_queries_of(dashboard: Json) -> list[tuple[str, str]]:
    """The annotations that ask the data source: (name, expr)."""
    if is_v2(dashboard):
        annotations = [each["spec"] for each in dashboard["spec"]["annotations"]]
        return [(each["name"], each["query"]["spec"]["expr"]) for each in annotations if not each["builtIn"]]
    return [(each["name"], each["expr"]) for each in dashboard["annotations"]["list"] if not each["builtIn"]]


def _classic_panels(dashboard: Json) -> list[WrittenPanel]:
    return [
        WrittenPanel(
            panel["id"],
            panel["title"],
            panel["description"],
            panel["type"],
            panel["fieldConfig"]["defaults"].get("unit", ""),
            panel["targets"],
            panel["options"],
            panel["fieldConfig"],
            tuple(panel["gridPos"][side] for side in "xywh"),
        )
        for panel in dashboard["panels"]
        if panel["type"] != "row"
    ]


def _v2_panels(spec: Json) -> list[WrittenPanel]:
    rows = [row["spec"]["layout"]["spec"]["items"] for row in spec["layout"]["spec"]["rows"]]
    return [_v2_panel(spec["elements"], item["spec"]) for items in rows for item in items]


def _v2_panel(elements: Json, item: Json) -> WrittenPanel:
    panel = elements[item["element"]["name"]]["spec"]
    shown = panel["vizConfig"]["spec"]
    return WrittenPanel(
        panel["id"],
        panel["title"],
        panel["description"],
        panel["vizConfig"]["group"],
        shown["fieldConfig"]["defaults"].get("unit", ""),
        [query["spec"]["query"]["spec"] for query in panel["data"]["spec"]["queries"]],
        shown["options"],
        shown["fieldConfig"],
        (item["x"], item["y"], item["width"], item["height"]),
    )

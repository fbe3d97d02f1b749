"""A page as a V2 resource (`dashboard.grafana.app/v2`), the schema that Grafana itself writes since 13.

Field by field after `apps/dashboard/kinds/v2/dashboard_spec.cue` of Grafana's repository. What a panel shows (options, field
configuration, queries) is the classic form's to the letter; only what stands around it differs.
"""

from typing import Any

from dashboards.source.classic import links_to_the_others
from dashboards.source.pages import TAG, NumberedRow, Page, Place, narrowed, numbered
from dashboards.source.panels import Panel
from dashboards.source.variables import DATASOURCE, Annotation, Variable, annotations, variables_of

Json = dict[str, Any]

API_VERSION = "dashboard.grafana.app/v2"
REFRESH_INTERVALS = ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"]


def v2(page: Page) -> Json:
    """The page's V2 resource; its name is the uid."""
    rows = list(numbered(narrowed(page)))
    return {
        "apiVersion": API_VERSION,
        "kind": "Dashboard",
        "metadata": {"name": page.uid},
        "spec": {
            "annotations": [_built_in(), *map(_annotation, annotations())],
            "cursorSync": "Crosshair",
            "description": page.description,
            "editable": False,
            "elements": {f"panel-{id}": _panel(panel, id) for row in rows for id, _, panel in row.panels},
            "layout": {"kind": "RowsLayout", "spec": {"rows": [_row(row) for row in rows]}},
            "links": [links_to_the_others()],
            "liveNow": False,
            "preload": False,
            "tags": [TAG],
            "timeSettings": _time_settings(page),
            "title": page.title,
            "variables": [_datasource(), *map(_variable, variables_of(page.filters))],
        },
    }


def _time_settings(page: Page) -> Json:
    return {
        "autoRefresh": page.refresh,
        "autoRefreshIntervals": REFRESH_INTERVALS,
        "fiscalYearStartMonth": 0,
        "from": page.since,
        "hideTimepicker": False,
        "timezone": "browser",
        "to": "now",
    }


def _row(row: NumberedRow) -> Json:
    items = [_item(f"panel-{id}", place) for id, place, _ in row.panels]
    grid = {"kind": "GridLayout", "spec": {"items": items}}
    return {"kind": "RowsLayoutRow", "spec": {"collapse": False, "layout": grid, "title": row.title}}


def _item(name: str, place: Place) -> Json:
    element = {"kind": "ElementReference", "name": name}
    return {
        "kind": "GridLayoutItem",
        "spec": {"element": element, "height": place.height, "width": place.width, "x": place.x, "y": place.y},
    }


def _panel(panel: Panel, id: int) -> Json:
    options = {"timeFrom": panel.time_from, "hideTimeOverride": True} if panel.time_from else {}
    data = {
        "queries": [_query(each, chr(ord("A") + number)) for number, each in enumerate(panel.targets)],
        "queryOptions": options,
        "transformations": [
            {"group": each["id"], "kind": "Transformation", "spec": {"options": each["options"]}}
            for each in panel.transformations
        ],
    }
    return {
        "kind": "Panel",
        "spec": {
            "data": {"kind": "QueryGroup", "spec": data},
            "description": panel.description,
            "id": id,
            "links": list(panel.links),
            "title": panel.title,
            "vizConfig": {
                "group": panel.type,
                "kind": "VizConfig",
                "spec": {"fieldConfig": dict(panel.field_config), "options": panel.options},
                "version": "",
            },
        },
    }


def _query(target: Json, ref_id: str) -> Json:
    return {"kind": "PanelQuery", "spec": {"hidden": False, "query": _prometheus(target), "refId": ref_id}}


def _prometheus(spec: Json) -> Json:
    return {
        "datasource": {"name": DATASOURCE},
        "group": "prometheus",
        "kind": "DataQuery",
        "spec": spec,
        "version": "v0",
    }


def _datasource() -> Json:
    return {
        "kind": "DatasourceVariable",
        "spec": {
            "allowCustomValue": True,
            "current": {"text": "default", "value": "default"},
            "hide": "dontHide",
            "includeAll": False,
            "label": "Data source",
            "multi": False,
            "name": "datasource",
            "options": [],
            "pluginId": "prometheus",
            "refresh": "onDashboardLoad",
            "regex": "",
            "skipUrlSync": False,
        },
    }


def _variable(variable: Variable) -> Json:
    query = {"query": variable.query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    return {
        "kind": "QueryVariable",
        "spec": {
            "allValue": variable.all_value,
            "allowCustomValue": True,
            "current": {"text": ["All"], "value": ["$__all"]},
            "definition": variable.query,
            "hide": "dontHide",
            "includeAll": True,
            "label": variable.label,
            "multi": True,
            "name": variable.name,
            "options": [],
            "query": _prometheus(query),
            "refresh": "onTimeRangeChanged",
            "regex": "",
            "skipUrlSync": False,
            "sort": "alphabeticalAsc",
        },
    }


def _built_in() -> Json:
    query = {
        "datasource": {"name": "-- Grafana --"},
        "group": "grafana",
        "kind": "DataQuery",
        "spec": {},
        "version": "v0",
    }
    return {
        "kind": "AnnotationQuery",
        "spec": {
            "builtIn": True,
            "enable": True,
            "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)",
            "name": "Annotations & Alerts",
            "query": query,
        },
    }


def _annotation(annotation: Annotation) -> Json:
    """How an event is worded is no part of V2's schema; Grafana's own migration carries it in `legacyOptions` as well."""
    worded = {"step": "60s", "tagKeys": "", "textFormat": "", "titleFormat": annotation.title, "useValueForTime": False}
    return {
        "kind": "AnnotationQuery",
        "spec": {
            "builtIn": False,
            "enable": True,
            "hide": False,
            "iconColor": annotation.color,
            "legacyOptions": {"expr": annotation.expr, **worded},
            "name": annotation.name,
            "query": _prometheus({"expr": annotation.expr}),
        },
    }

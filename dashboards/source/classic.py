"""A page as classic dashboard JSON, which every Grafana from 10 to 13 loads, from files too.

schemaVersion 42 is that of Grafana 12 and 13. An older one loads it as it stands (it migrates only what is older than
itself), so nothing here needs a migration: no panel type and no option that Grafana 10 would misread.
"""

from typing import Any

from dashboards.source.pages import COLUMNS, TAG, NumberedRow, Page, Place, narrowed, numbered
from dashboards.source.panels import Panel
from dashboards.source.variables import DATASOURCE, Annotation, Variable, annotations, variables_of

Json = dict[str, Any]

SCHEMA_VERSION = 42
PROMETHEUS = {"type": "prometheus", "uid": DATASOURCE}
ON_TIME_RANGE_CHANGED, ON_DASHBOARD_LOAD = 2, 1
SHARED_CROSSHAIR = 1
ALPHABETICAL = 1


def classic(page: Page) -> Json:
    """The page's classic JSON. It has a uid and no id: an id belongs to one Grafana's database."""
    return {
        "annotations": {"list": [_built_in(), *map(_annotation, annotations())]},
        "description": page.description,
        "editable": False,
        "fiscalYearStartMonth": 0,
        "graphTooltip": SHARED_CROSSHAIR,
        "links": [links_to_the_others()],
        "liveNow": False,
        "panels": _panels(narrowed(page)),
        "preload": False,
        "refresh": page.refresh,
        "schemaVersion": SCHEMA_VERSION,
        "tags": [TAG],
        "templating": {"list": [_datasource(), *map(_variable, variables_of(page.filters))]},
        "time": {"from": page.since, "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": page.title,
        "uid": page.uid,
        "version": 1,
    }


def links_to_the_others() -> Json:
    """A link to every dashboard with our tag, which takes time range and variables along."""
    return {
        "asDropdown": False,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": [TAG],
        "targetBlank": False,
        "title": "inference-sidecar",
        "tooltip": "",
        "type": "dashboards",
        "url": "",
    }


def _panels(page: Page) -> list[Json]:
    """All panels, each row's below its heading."""
    found: list[Json] = []
    top = 0
    for row in numbered(page):
        found.append(_heading(row, top))
        found += [_panel(panel, place._replace(y=top + 1 + place.y), id) for id, place, panel in row.panels]
        top += 1 + row.height
    return found


def _heading(row: NumberedRow, top: int) -> Json:
    return {
        "collapsed": False,
        "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": top},
        "id": row.id,
        "panels": [],
        "title": row.title,
        "type": "row",
    }


def _panel(panel: Panel, place: Place, id: int) -> Json:
    targets = [
        {"datasource": PROMETHEUS, "refId": chr(ord("A") + number), **each} for number, each in enumerate(panel.targets)
    ]
    written: Json = {
        "datasource": PROMETHEUS,
        "description": panel.description,
        "fieldConfig": dict(panel.field_config),
        "gridPos": {"h": place.height, "w": place.width, "x": place.x, "y": place.y},
        "id": id,
        "links": list(panel.links),
        "options": dict(panel.options),
        "targets": targets,
        "title": panel.title,
        "transformations": list(panel.transformations),
        "type": panel.type,
    }
    # The panel's title tells its own time range; Grafana would tell it a second time.
    return {**written, "timeFrom": panel.time_from, "hideTimeOverride": True} if panel.time_from else written


def _datasource() -> Json:
    """Which Prometheus is asked. `default` is Grafana's own word for the one that is marked so."""
    return {
        "current": {"selected": False, "text": "default", "value": "default"},
        "hide": 0,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": ON_DASHBOARD_LOAD,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _variable(variable: Variable) -> Json:
    return {
        "allValue": variable.all_value,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": PROMETHEUS,
        "definition": variable.query,
        "hide": 0,
        "includeAll": True,
        "label": variable.label,
        "multi": True,
        "name": variable.name,
        "options": [],
        "query": {"query": variable.query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": ON_TIME_RANGE_CHANGED,
        "regex": "",
        "skipUrlSync": False,
        "sort": ALPHABETICAL,
        "type": "query",
    }


def _built_in() -> Json:
    """What people write on a dashboard by hand, and Grafana's own alerts; every dashboard that Grafana saves has it."""
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "builtIn": 0,
        "datasource": PROMETHEUS,
        "enable": True,
        "expr": annotation.expr,
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "step": "60s",
        "tagKeys": "",
        "textFormat": "",
        "titleFormat": annotation.title,
        "useValueForTime": False,
    }

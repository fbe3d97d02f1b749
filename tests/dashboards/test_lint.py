"""The rules of grafana/dashboard-linter, which can't be had here, and some of our own (platform.md 3): the dashboard as a whole.

`test_lint_panels.py` has those of a panel, `test_lint_queries.py` those of a query.
"""

import re
from typing import Any

import pytest

from dashboards.source.reading import queries_of
from tests.dashboards.committed import CLASSIC, DATASOURCE, NAMES

each_dashboard = pytest.mark.parametrize("dashboard", [pytest.param(CLASSIC[name], id=name) for name in NAMES])


def variables(dashboard: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


@each_dashboard
def test_there_is_one_data_source_variable(dashboard: dict[str, Any]):
    found = [variable for variable in dashboard["templating"]["list"] if variable["type"] == "datasource"]
    assert [(each["name"], each["label"], each["query"]) for each in found] == [
        ("datasource", "Data source", "prometheus")
    ]


@each_dashboard
def test_job_and_instance_can_be_chosen__several_or_all(dashboard: dict[str, Any]):
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = variables(dashboard)[name]
        assert (variable["label"], variable["allValue"]) == (label, ".+")


@each_dashboard
def test_every_query_variable_is_asked_for_anew_when_the_time_range_changes(dashboard: dict[str, Any]):
    for variable in dashboard["templating"]["list"][1:]:
        assert variable["type"] == "query"
        assert variable["datasource"] == DATASOURCE
        assert variable["refresh"] == 2
        assert variable["multi"] is variable["includeAll"] is True
        assert variable["current"] == {"selected": True, "text": ["All"], "value": ["$__all"]}


@each_dashboard
def test_each_variable_is_narrowed_by_those_before_it(dashboard: dict[str, Any]):
    names = list(variables(dashboard))[1:]
    for number, name in enumerate(names):
        asked = variables(dashboard)[name]["definition"]
        assert [other for other in names if f"${other}" in asked] == names[:number]


@each_dashboard
def test_every_variable_is_used(dashboard: dict[str, Any]):
    exprs = " ".join(query.expr for query in queries_of(dashboard))
    assert [name for name in list(variables(dashboard))[1:] if f'{name}=~"${name}"' not in exprs] == []


@each_dashboard
def test_nobody_edits_by_hand_what_a_file_provisions(dashboard: dict[str, Any]):
    assert dashboard["editable"] is False


@each_dashboard
def test_it_has_a_stable_uid_and_nothing_of_one_grafana_alone(dashboard: dict[str, Any]):
    assert re.fullmatch(r"inference-sidecar-[a-z]+", dashboard["uid"])
    assert dashboard.keys().isdisjoint({"id", "gnetId", "iteration", "__inputs", "__requires", "__elements"})


@each_dashboard
def test_no_data_source_is_named_that_somebody_else_does_not_have(dashboard: dict[str, Any]):
    def sources(node: Any) -> list[Any]:
        if isinstance(node, list):
            return [found for each in node for found in sources(each)]
        if not isinstance(node, dict):
            return []
        own = [node["datasource"]] if "datasource" in node else []
        return own + sources(list(node.values()))

    assert {source["uid"] for source in sources(dashboard)} == {"${datasource}", "-- Grafana --"}


@each_dashboard
def test_it_leads_to_the_others_with_range_and_variables(dashboard: dict[str, Any]):
    (link,) = dashboard["links"]
    assert link["type"] == "dashboards"
    assert set(link["tags"]) <= set(dashboard["tags"])
    assert link["includeVars"] is link["keepTime"] is True


@each_dashboard
def test_new_versions_and_restarts_are_drawn_over_its_curves(dashboard: dict[str, Any]):
    built_in, versions, restarts = dashboard["annotations"]["list"]
    assert built_in["builtIn"] == 1
    assert "inference_sidecar_build_info" in versions["expr"]
    assert "changes(process_start_time_seconds" in restarts["expr"]
    assert versions["datasource"] == restarts["datasource"] == DATASOURCE


@each_dashboard
def test_the_cursor_is_shared(dashboard: dict[str, Any]):
    assert dashboard["graphTooltip"] == 1


@each_dashboard
def test_panels_have_ids_and_titles_of_their_own(dashboard: dict[str, Any]):
    ids = [panel["id"] for panel in dashboard["panels"]]
    titles = [panel["title"] for panel in dashboard["panels"]]
    assert ids == list(range(1, len(ids) + 1))
    assert len(set(titles)) == len(titles)


@each_dashboard
def test_no_two_panels_overlap_and_no_line_has_a_hole(dashboard: dict[str, Any]):
    taken = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert set(taken) == {(x, y) for x in range(24) for y in range(max(y for _, y in taken) + 1)}

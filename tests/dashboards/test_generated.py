"""The committed files are what the source says, and both forms say the same."""

import pytest

from dashboards.source.__main__ import DASHBOARDS, written
from dashboards.source.reading import annotation_queries_of, panels_of, queries_of, variable_queries_of
from tests.dashboards.committed import CLASSIC, NAMES, V2


def test_regenerating_changes_nothing():
    stale = [path for path, text in written().items() if (DASHBOARDS / path).read_text() != text]
    assert stale == [], "python -m dashboards.source"


def test_no_file_is_left_of_a_dashboard_that_is_no_more():
    there = {f"{folder}/{file.name}" for folder in ("classic", "v2") for file in (DASHBOARDS / folder).iterdir()}
    assert there == set(written())


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_have_the_same_panels_in_the_same_order(name: str):
    classic, v2 = panels_of(CLASSIC[name]), panels_of(V2[name])
    assert [panel[:5] for panel in classic] == [panel[:5] for panel in v2]
    assert [(panel.options, panel.field_config) for panel in classic] == [
        (panel.options, panel.field_config) for panel in v2
    ]


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_ask_the_same(name: str):
    assert queries_of(CLASSIC[name]) == queries_of(V2[name]) != []
    assert variable_queries_of(CLASSIC[name]) == variable_queries_of(V2[name]) != []
    assert annotation_queries_of(CLASSIC[name]) == annotation_queries_of(V2[name]) != []


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_place_the_panels_alike(name: str):
    for classic, v2 in zip(panels_of(CLASSIC[name]), panels_of(V2[name]), strict=True):
        (x, y, width, height), (v2_x, v2_y, v2_width, v2_height) = classic.place, v2.place
        assert (x, width, height) == (v2_x, v2_width, v2_height)
        assert y > v2_y, "classic counts from the top of the page, V2 from the top of the row"


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_have_the_same_head(name: str):
    classic, v2 = CLASSIC[name], V2[name]["spec"]
    assert V2[name]["metadata"]["name"] == classic["uid"]
    assert (classic["title"], classic["description"], classic["tags"]) == (v2["title"], v2["description"], v2["tags"])
    assert classic["time"] == {"from": v2["timeSettings"]["from"], "to": v2["timeSettings"]["to"]}
    assert (classic["refresh"], classic["links"]) == (v2["timeSettings"]["autoRefresh"], v2["links"])
    rows = [panel["title"] for panel in classic["panels"] if panel["type"] == "row"]
    assert rows == [row["spec"]["title"] for row in v2["layout"]["spec"]["rows"]]
    assert [each["name"] for each in classic["templating"]["list"]] == [
        each["spec"]["name"] for each in v2["variables"]
    ]
    classic_panels = [panel for panel in classic["panels"] if panel["type"] != "row"]
    v2_panels = [each["spec"] for each in v2["elements"].values()]
    for one, other in zip(classic_panels, v2_panels, strict=True):
        assert one["links"] == other["links"]
        assert one.get("timeFrom") == other["data"]["spec"]["queryOptions"].get("timeFrom")
        transformations = [
            (each["group"], each["spec"]["options"]) for each in other["data"]["spec"]["transformations"]
        ]
        assert [(each["id"], each["options"]) for each in one["transformations"]] == transformations

"""Panels get their places from left to right, and a page with a hole in it is not written."""

import pytest

from dashboards.source.notes import text
from dashboards.source.pages import Page, Place, Row, numbered, page_link, placed
from dashboards.source.panels import Panel


def a_panel(width: int, height: int = 4) -> Panel:
    return text("t", "d", "words", width=width, height=height)


def places(*panels: Panel) -> list[Place]:
    return [place for place, _ in placed(Row("row", list(panels)))]


def test_panels_stand_beside_each_other_until_the_line_is_full():
    assert places(a_panel(12), a_panel(12), a_panel(24, 8)) == [
        Place(0, 0, 12, 4),
        Place(12, 0, 12, 4),
        Place(0, 4, 24, 8),
    ]


def test_a_line_that_is_not_full__error():
    with pytest.raises(ValueError, match="ends at column 12"):
        places(a_panel(24), a_panel(12))


def test_a_panel_that_does_not_fit_into_the_line__error():
    with pytest.raises(ValueError, match="no room"):
        places(a_panel(20), a_panel(8))


def test_neighbors_of_different_height__error():
    with pytest.raises(ValueError, match="not as high"):
        places(a_panel(12, 4), a_panel(12, 5))


def test_headings_and_panels_are_numbered_through_the_page():
    rows = [Row("a", [a_panel(12), a_panel(12)]), Row("b", [a_panel(24, 8)])]
    found = list(numbered(Page("p", "P", "d", rows)))
    assert [(row.id, [id for id, _, _ in row.panels], row.height) for row in found] == [(1, [2, 3], 4), (4, [5], 8)]


def test_a_link_to_another_page_takes_range_and_variables_along():
    url = "/d/inference-sidecar-fleet?${__url_time_range}&${__all_variables}"
    assert page_link("fleet", "Who") == {"targetBlank": False, "title": "Who", "url": url}

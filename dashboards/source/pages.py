"""What a dashboard is before it has a form: a page of rows of panels, with the variables that narrow it."""

from collections.abc import Iterator
from typing import NamedTuple

from dashboards.source.panels import Panel
from dashboards.source.queries import scoped

COLUMNS = 24
TAG = "inference-sidecar"


class Row(NamedTuple):
    """A heading and the panels below it, from left to right and from top to bottom."""

    title: str
    panels: list[Panel]


class Page(NamedTuple):
    """One dashboard."""

    name: str
    """The file's name, and the end of the uid."""
    title: str
    description: str
    rows: list[Row]
    filters: tuple[str, ...] = ()
    """The variables beside data source, job and instance."""
    since: str = "now-6h"
    """Where the time range begins when the page is opened."""
    refresh: str = "1m"

    @property
    def uid(self) -> str:
        """The stable name by which Grafana and links know it."""
        return f"inference-sidecar-{self.name}"


class Place(NamedTuple):
    """Where a panel stands in its row: columns from the left, and Grafana's height units from the row's first line."""

    x: int
    y: int
    width: int
    height: int


def placed(row: Row) -> Iterator[tuple[Place, Panel]]:
    """The row's panels with their places. A line ends where the next panel would not fit.

    Raises:
        ValueError: a line is not filled to its end, or its panels differ in height: that would leave a hole in the page.
    """
    x = y = height = 0
    for panel in row.panels:
        if x == COLUMNS:
            x, y = 0, y + height
        if x and panel.height != height:
            raise ValueError(f"{row.title}: {panel.title!r} is not as high as its neighbor")
        if x + panel.width > COLUMNS:
            raise ValueError(f"{row.title}: no room for {panel.title!r}")
        height = panel.height
        yield Place(x, y, panel.width, height), panel
        x += panel.width
    if x != COLUMNS:
        raise ValueError(f"{row.title}: the last line ends at column {x}")


class NumberedRow(NamedTuple):
    """A row whose heading and panels have ids, which count through the page from 1."""

    id: int
    title: str
    panels: list[tuple[int, Place, Panel]]
    height: int
    """Without the heading."""


def numbered(page: Page) -> Iterator[NumberedRow]:
    """The page's rows, with an id and a place for everything. Both forms have the same."""
    id = 1
    for row in page.rows:
        panels = [(number, place, panel) for number, (place, panel) in enumerate(placed(row), id + 1)]
        yield NumberedRow(id, row.title, panels, max(place.y + place.height for _, place, _ in panels))
        id += 1 + len(panels)


def narrowed(page: Page) -> Page:
    """The page with the matchers of its variables in every query."""
    rows = [Row(row.title, [_narrowed(panel, page.filters) for panel in row.panels]) for row in page.rows]
    return page._replace(rows=rows)


def _narrowed(panel: Panel, filters: tuple[str, ...]) -> Panel:
    return panel._replace(targets=[{**each, "expr": scoped(each["expr"], filters)} for each in panel.targets])


def page_link(name: str, title: str) -> dict[str, object]:
    """A link from a panel to another of our pages, with the same time range and variables."""
    url = f"/d/inference-sidecar-{name}?${{__url_time_range}}&${{__all_variables}}"
    return {"targetBlank": False, "title": title, "url": url}

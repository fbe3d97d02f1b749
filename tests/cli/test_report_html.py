"""A bill as one page: whole by itself, and safe whatever its names are."""

from html.parser import HTMLParser

import pytest

from sidecar.cli.report_html import POLICY
from tests.cli.ledgers import call, gave_up, orphan, orphaned_operation, rescued, write_ledger
from tests.cli.test_report_table import HOSTILE

VOID = {"meta"}


class Page(HTMLParser):
    """The elements of a page, its text, and what it would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(sidecar, empty_folder):
    names = [*HOSTILE, '" onload="x', "</bdi></table>"]
    records = [call(number, model=name, caller=name) for number, name in enumerate(names)]
    records += [orphan(20, "0.5", model='"><img src=x onerror=y>'), gave_up(21, "1"), rescued(22, "0.02", by="c023")]
    url = write_ledger(empty_folder / "x.db", records, [orphaned_operation(30, "0.5", caller="<b>")])
    return sidecar("report", "--ledger", url, "--format", "html").out


def test_every_element_is_closed_and_none_runs_or_loads_anything(page):
    read = Page(page)
    assert read.open == []
    assert set(read.seen) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "dl", "div", "dt", "dd", "small", "table", "thead",
        "tbody", "tr", "th", "td", "bdi", "ul", "li", "footer", "code",
    }  # fmt: skip
    assert {name for name, _ in read.attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "scope",
        "style",
    }
    assert "url(" not in page
    assert "@import" not in page
    assert POLICY in page


def test_names_are_shown_as_they_are_less_what_can_not_be_printed(page):
    text = Page(page).text
    assert all(name in text for name in ("<script>alert(1)</script>", '"><img src=x onerror=y>', "</bdi></table>"))
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_all_parts_are_there(page):
    text = Page(page).text
    for part in (
        "Orphaned, USD",
        "By model",
        "Dearest orphans",
        "Timeouts",
        "In words",
        "went to answers nobody received",
    ):
        assert part in text
    assert "On 2026-11-20 (UTC)" in text


def test_it_is_light_and_dark_and_printable(page):
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_a_page_of_nothing_says_so(sidecar, empty_folder):
    url = write_ledger(empty_folder / "none.db", [])
    read = Page(sidecar("report", "--ledger", url, "--format", "html").out)
    assert "No calls and no operations." in read.text
    assert read.open == []

"""What replies are written from."""

from typing import Any

from sidecar.clock import SECOND
from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.phase import Phase
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import ReportsUsage, Script
from sidecar.simulator.undertaking import Kind, Row, Undertaking
from sidecar.simulator.view import View, created, google_page, moments, page, row_naming

NOON = 1_800_000_000 * SECOND


def view(made: int | None = 2, name: str = "one", **script: Any) -> View:
    route = Route(Dialect.GEMINI, "batchGenerateContent", "gemini-2.5-flash")
    plan = Plan(route=route, model=CATALOG["gemini-2.5-flash"], script=Script(**script), used=Used(prompt_tokens=10))
    rows = tuple(Row(str(place), plan, fails=place == 0) for place in range(3))
    work = Undertaking(kind=Kind.BATCH, plan=plan, rows=rows, echo={"displayName": "mine", "other": 1})
    return View(id=name, number=7, undertaking=work, phase=Phase.RUNNING, made=made, created_at=NOON, now=NOON)


def test_rows__done_failed_and_open():
    told = view()
    assert (len(told.rows_done), told.succeeded, told.failed, told.open_rows) == (2, 1, 1, 1)
    assert told.used == Used(prompt_tokens=10)
    assert (view(None).rows_done, view(None).open_rows) == ((), 3)


def test_an_echo__of_what_was_said_and_nothing_else():
    assert view().echo("displayName", "labels") == {"displayName": "mine"}


def test_usage_kept_silent():
    assert view().tells_usage
    assert not view(usage=ReportsUsage.NONE).tells_usage


def test_moments__those_that_have_come():
    assert moments(createTime=NOON, endTime=None) == {"createTime": "2027-01-15T08:00:00.000000Z"}
    assert (created(NOON), created(None)) == (1_800_000_000, None)


def test_answers_of_rows__are_named_apart():
    assert row_naming(view(), 0).number != row_naming(view(), 1).number != view().naming.number


def test_pages__in_two_manners():
    views = [view(name="b"), view(name="a")]
    assert google_page("jobs", lambda told: {"name": told.id}, views, True) == {
        "jobs": [{"name": "b"}, {"name": "a"}],
        "nextPageToken": "a",
    }
    assert google_page("jobs", lambda told: {}, [], False) == {}
    listed = page(views, lambda told: {"id": told.id}, False)
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == ("b", "a", False)
    assert page([], lambda told: {}, False)["first_id"] is None

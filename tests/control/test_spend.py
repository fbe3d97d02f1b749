"""Money by time, through a real socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.errors import LedgerError
from tests.control.showing import STARTED

Ask = Callable[..., Any]


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_last_hour_in_minutes_is_what_is_told_if_nothing_is_asked(server: AppServer, sidecar: Any, ask: Ask):
    rows = json.loads(ask(server, "GET", "/api/spend").body)
    assert sidecar.shown.steps == (STARTED - 3_600 * SECOND, 60 * SECOND, 60)
    assert len(rows) == 60
    assert rows[1] == {
        "at": "2026-09-21T13:14:20.000000Z", "spend_usd": "0", "orphaned_usd": "0", "avoidable_usd": "0", "calls": 1,
        "orphaned": 0, "operations": 0,
    }  # fmt: skip


def test_last_step_is_begun_and_not_over(server: AppServer, sidecar: Any, ask: Ask):
    ask(server, "GET", "/api/spend?since=2026-09-21T14:11:50Z&step=60")
    assert sidecar.shown.steps == (STARTED - 90 * SECOND, 60 * SECOND, 2)


def test_moment_to_come_has_no_steps(server: AppServer, sidecar: Any, ask: Ask):
    assert ask(server, "GET", "/api/spend?since=2030-01-01T00:00:00Z").body == b"[]"
    assert sidecar.shown.steps is None


@pytest.mark.parametrize(
    ("query", "seconds", "steps"),
    [
        ("since=2026-09-20T14:13:20Z", 24 * 60, 60),
        ("since=2026-09-20T14:13:20Z&step=1", 87, 994),
        ("since=2026-09-20T14:13:20Z&step=3600", 3_600, 24),
        ("since=2026-09-21T14:13:19.5Z&step=1", 1, 1),
        ("since=1970-01-01T00:00:00Z&step=1", 1_790_000, 1_000),
    ],
)
def test_steps_are_as_long_as_is_asked_or_so_long_that_they_can_be_told(
    server: AppServer, sidecar: Any, ask: Ask, query: str, seconds: int, steps: int
):
    assert len(json.loads(ask(server, "GET", f"/api/spend?{query}").body)) == steps
    assert sidecar.shown.steps is not None
    assert sidecar.shown.steps[1:] == (seconds * SECOND, steps)


@pytest.mark.parametrize("query", ["step=0", "step=x", "since=then", "step=99999999"])
def test_what_is_no_step_and_no_moment__422(server: AppServer, sidecar: Any, ask: Ask, query: str):
    assert ask(server, "GET", f"/api/spend?{query}").status == 422
    assert sidecar.shown.steps is None


def test_a_thousand_steps_can_be_told(server: AppServer, ask: Ask):
    assert len(json.loads(ask(server, "GET", "/api/spend?since=2026-09-21T13:56:40Z&step=1").body)) == 1_000


def test_ledger_that_can_not_be_read__503(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.trouble = LedgerError("/x", "is gone")
    assert ask(server, "GET", "/api/spend").status == 503

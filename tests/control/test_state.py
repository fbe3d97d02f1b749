"""The program in one reply."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.ledger.contract import LedgerHealth
from sidecar.telemetry.calls import Attachment
from tests.control.showing import in_flight

Ask = Callable[..., Any]


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_the_state_says_what_the_program_is_and_does(server: AppServer, sidecar: Any, ask: Ask):
    orphan, shelved = in_flight("c2", attachment=Attachment.ORPHANED), in_flight("c3", attachment=Attachment.SHELVED)
    sidecar.shown.calls = [in_flight("c1"), orphan, shelved, in_flight("c4"), in_flight("c5")]
    sidecar.shown.sockets, sidecar.shown.open_tunnels = {"gemini": 2, "openai": 0}, 4
    reply = ask(server, "GET", "/api/state")
    assert json.loads(reply.body) == {
        "now": "2026-09-21T14:13:20.000000Z",
        "mode": "observe", "version": "1.2.3", "state": "serving", "since": "2026-09-21T14:13:20.000000Z",
        "addresses": {"proxy": "http://127.0.0.1:8780", "observe": "http://127.0.0.1:8781"},
        "ledger": {
            "is_healthy": True, "problem": "", "rows_written": 7, "rows_waiting": 0, "rows_dropped": 0, "errors": {},
            "last_commit_at": "2026-09-21T14:13:20.000000Z",
        },
        "calls_in_flight": {"attached": 3, "orphaned": 1, "shelved": 1},
        "live_sockets": {"gemini": 2, "openai": 0}, "tunnels": 4,
        "operations": {"cancelling": 0, "opening": 0, "orphaned": 0, "running": 0, "ended": 0},
        "totals": {
            "calls": {}, "calls_in_flight": 0, "operations": {}, "operations_open": 0,
            "spend_usd": {"delivered": "0", "orphaned": "0"}, "avoidable_usd": "0", "rescued_usd": "0",
            "would_rescue_usd": "0", "reclaimed_usd": "0", "avoided_usd": "0", "regretted_usd": "0", "unpriced": {},
        },
        "exposure_usd": "0",
    }  # fmt: skip


def test_a_ledger_that_never_committed_and_has_a_problem_says_so(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.health = LedgerHealth(problem="disk full", errors={"write": 2})
    ledger = json.loads(ask(server, "GET", "/api/state").body)["ledger"]
    assert (ledger["is_healthy"], ledger["problem"], ledger["errors"]) == (False, "disk full", {"write": 2})
    assert ledger["last_commit_at"] is None

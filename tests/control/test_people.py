import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.view import CallInFlight
from sidecar.ledger.contract import LedgerHealth
from sidecar.telemetry.calls import Attachment

Ask = Callable[..., Any]
STARTED = 1_790_000_000 * SECOND
ORPHAN = CallInFlight(
    id="c1", upstream="gemini", model="gemini-3-pro", kind="stream", caller="nightly", started_at=STARTED, age_seconds=2.5,
    downstream_state="gone", upstream_state="answering", attachment=Attachment.ORPHANED, orphaned_since=STARTED + SECOND,
    decision="follow", taken_by=None, waits_for=None,
)  # fmt: skip
ATTACHED = CallInFlight(
    id="c2", upstream="gemini", model="m", kind="unary", caller=None, started_at=STARTED, age_seconds=0.5,
    downstream_state="waiting", upstream_state="committed", attachment=Attachment.ATTACHED, orphaned_since=None,
    decision=None, taken_by=None, waits_for=None,
)  # fmt: skip
SHELVED = replace(ORPHAN, id="c3", upstream_state="finished", attachment=Attachment.SHELVED)
TAKEN = replace(ORPHAN, id="c4", attachment=Attachment.ATTACHED, taken_by="c5")
RETRY = replace(ATTACHED, id="c5", upstream_state="joined", waits_for="c4")


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_the_state_says_what_the_program_is_and_does(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.calls = [ORPHAN, ATTACHED, SHELVED, TAKEN, RETRY]
    reply = ask(server, "GET", "/api/state")
    assert json.loads(reply.body) == {
        "mode": "observe", "version": "1.2.3", "state": "serving", "since": "2026-09-21T14:13:20.000000Z",
        "addresses": {"proxy": "http://127.0.0.1:8780", "observe": "http://127.0.0.1:8781"},
        "ledger": {
            "is_healthy": True, "problem": "", "rows_written": 7, "rows_waiting": 0, "rows_dropped": 0, "errors": {},
            "last_commit_at": "2026-09-21T14:13:20.000000Z",
        },
        "calls_in_flight": {"attached": 3, "orphaned": 1, "shelved": 1},
        "operations": {"cancelling": 0, "opening": 0, "orphaned": 0, "running": 0, "ended": 0},
    }  # fmt: skip


def test_a_ledger_that_never_committed_and_has_a_problem_says_so(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.health = LedgerHealth(problem="disk full", errors={"write": 2})
    ledger = json.loads(ask(server, "GET", "/api/state").body)["ledger"]
    assert (ledger["is_healthy"], ledger["problem"], ledger["errors"]) == (False, "disk full", {"write": 2})
    assert ledger["last_commit_at"] is None


def test_calls_in_flight_are_listed_with_both_halves(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.calls = [ORPHAN, ATTACHED]
    orphan, attached = json.loads(ask(server, "GET", "/api/calls").body)
    assert orphan == {
        "id": "c1", "upstream": "gemini", "model": "gemini-3-pro", "kind": "stream", "caller": "nightly",
        "started_at": "2026-09-21T14:13:20.000000Z", "age_seconds": 2.5, "downstream_state": "gone",
        "upstream_state": "answering", "attachment": "orphaned", "orphaned_since": "2026-09-21T14:13:21.000000Z",
        "decision": "follow", "taken_by": None, "waits_for": None,
    }  # fmt: skip
    assert (attached["caller"], attached["attachment"], attached["orphaned_since"]) == (None, "attached", None)


def test_a_retry_and_the_call_that_it_takes_the_answer_of_name_each_other(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.calls = [TAKEN, RETRY]
    first, retry = json.loads(ask(server, "GET", "/api/calls").body)
    assert (first["taken_by"], first["waits_for"]) == (retry["id"], None)
    assert (retry["taken_by"], retry["waits_for"]) == (None, first["id"])
    assert first["attachment"] == retry["attachment"] == "attached"


def test_an_answer_on_the_shelf_is_told_from_one_that_still_comes(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.calls = [ORPHAN, SHELVED]
    shown = json.loads(ask(server, "GET", "/api/calls").body)
    assert [(call["upstream_state"], call["attachment"]) for call in shown] == [
        ("answering", "orphaned"),
        ("finished", "shelved"),
    ]


def test_the_api_says_which_attachments_there_are(server: AppServer, ask: Ask):
    schemas = json.loads(ask(server, "GET", "/api/openapi.json").body)["components"]["schemas"]
    assert schemas["Attachment"]["enum"] == ["attached", "orphaned", "shelved"]


def test_drain_starts_the_drain_and_says_the_state(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "POST", "/api/drain", X_Sidecar_Control="true")
    assert (reply.status, json.loads(reply.body)) == (202, {"state": "draining"})
    assert ask(server, "POST", "/api/drain", X_Sidecar_Control="true").status == 202
    assert sidecar.drains == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example", "X_Sidecar_Control": "true"},
        {"Host": "evil.example", "X_Sidecar_Control": "true"},
    ],
)
def test_a_foreign_page_can_not_drain(server: AppServer, sidecar: Any, ask: Ask, headers: dict[str, str]):
    reply = ask(server, "POST", "/api/drain", **headers)
    assert reply.status == 403
    assert "detail" in json.loads(reply.body)
    assert sidecar.drains == 0


def test_a_rebound_name_reads_nothing(server: AppServer, ask: Ask):
    assert ask(server, "GET", "/api/calls", Host="evil.example").status == 403


def test_no_preflight_is_answered(server: AppServer, ask: Ask):
    reply = ask(server, "OPTIONS", "/api/drain", Origin="http://evil.example", Access_Control_Request_Method="POST")
    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_the_front_page_is_plain_and_links_to_the_rest(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/")
    text = reply.body.decode()
    assert reply.headers["content-type"].startswith("text/html")
    assert "<script" not in text
    assert 'href="/api/state"' in text
    assert 'href="http://127.0.0.1:8781/metrics"' in text
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["cache-control"] == "no-store"


def test_the_api_describes_itself_without_a_page_from_elsewhere(server: AppServer, ask: Ask):
    paths = json.loads(ask(server, "GET", "/api/openapi.json").body)["paths"]
    assert set(paths) == {
        "/api/state", "/api/calls", "/api/drain", "/api/operations", "/api/operations/{id}", "/api/operations/{id}/renew",
        "/api/operations/{id}/cancel",
    }  # fmt: skip
    assert ask(server, "GET", "/docs").status == ask(server, "GET", "/metrics").status == 404


def test_drain_is_not_a_get(server: AppServer, sidecar: Any, ask: Ask):
    assert ask(server, "GET", "/api/drain").status == 405
    assert sidecar.drains == 0

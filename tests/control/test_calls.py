"""Calls in flight, of late, and of the ledger, through a real socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.errors import LedgerError
from sidecar.ledger.contract import CallQuery
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.calls import Attachment
from tests.control.showing import STARTED, in_flight, settled

Ask = Callable[..., Any]
HOSTILE = '</script>"\u2028\x00\udcff'


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def told(server: AppServer, ask: Ask, path: str) -> Any:
    reply = ask(server, "GET", path)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def test_calls_in_flight_are_listed_with_both_halves_and_what_they_cost_by_now(
    server: AppServer, sidecar: Any, ask: Ask
):
    sidecar.shown.calls = [
        in_flight(
            committed_at="2026-09-21T14:13:20.100000Z", left_at="2026-09-21T14:13:21.000000Z", left_reason="rst",
            downstream_state="gone", upstream_state="answering", attachment=Attachment.ORPHANED,
            orphaned_since="2026-09-21T14:13:21.000000Z", decision="follow", decision_reason="runs_on",
            spend_so_far_usd="0.002", orphaned_so_far_usd="0.001", basis="estimated",
        ),
        in_flight("c2", caller=None),
    ]  # fmt: skip
    orphan, attached = told(server, ask, "/api/calls")
    assert orphan == {
        "id": "c1", "upstream": "gemini", "dialect": "gemini", "model": "gemini-3-pro", "kind": "stream",
        "route": "streamGenerateContent", "caller": "nightly", "started_at": "2026-09-21T14:13:20.000000Z",
        "committed_at": "2026-09-21T14:13:20.100000Z", "answered_at": None, "left_at": "2026-09-21T14:13:21.000000Z",
        "left_reason": "rst", "finished_at": None, "age_seconds": 2.5, "downstream_state": "gone",
        "upstream_state": "answering", "attachment": "orphaned", "orphaned_since": "2026-09-21T14:13:21.000000Z",
        "decision": "follow", "decision_reason": "runs_on", "taken_by": None, "waits_for": None,
        "socket": None, "spend_so_far_usd": "0.002", "orphaned_so_far_usd": "0.001", "basis": "estimated",
    }  # fmt: skip
    assert (attached["caller"], attached["spend_so_far_usd"], attached["basis"]) == (None, None, None)


def test_settled_calls_are_told_newest_first_and_as_many_as_are_wanted(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.settled.extend(settled(f"c{number}") for number in range(5))
    assert [row["id"] for row in told(server, ask, "/api/calls/recent?limit=2")] == ["c4", "c3"]
    row = told(server, ask, "/api/calls/recent")[0]
    assert (row["settled_at"], row["spend_usd"], row["orphaned_usd"], row["route"]) == (
        "2026-09-21T14:13:21.000000Z", "0.00012", "0", "generateContent",
    )  # fmt: skip
    assert row["left_at"] is None


def test_answer_in_a_socket_names_it__in_flight_and_when_it_has_settled(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.calls = [in_flight("c2", kind="live", socket="c1")]
    sidecar.shown.settled.append(settled("c1", kind=CallKind.LIVE, socket="c1"))
    rows = [*told(server, ask, "/api/calls"), *told(server, ask, "/api/calls/recent")]
    assert [(row["id"], row["kind"], row["socket"]) for row in rows] == [("c2", "live", "c1"), ("c1", "live", "c1")]


@pytest.mark.parametrize("kind", CallKind)
def test_every_kind_of_call_can_be_asked_for(server: AppServer, sidecar: Any, ask: Ask, kind: CallKind):
    assert told(server, ask, f"/api/calls/history?kind={kind}") == []
    assert sidecar.shown.query.kind == kind


def test_history_asks_the_ledger_what_was_asked(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.kept = [settled("c7")]
    query = (
        "since=2026-09-21T14:13:20Z&until=2026-09-21T16:13:21%2B02:00&model=gemini-*&upstream=gemini&caller=me"
        "&kind=unary&outcome=orphan_cut&orphaned=true&limit=7"
    )
    assert [row["id"] for row in told(server, ask, f"/api/calls/history?{query}")] == ["c7"]
    assert sidecar.shown.query == CallQuery(
        since=STARTED, until=STARTED + SECOND, model="gemini-*", upstream="gemini", caller="me", kind="unary",
        outcome="orphan_cut", orphaned_only=True, limit=7,
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "until=0", "outcome=fine", "kind=x", "limit=0", "limit=1001", "orphaned=2"],
)
def test_question_that_is_none__is_said_so(server: AppServer, ask: Ask, query: str):
    reply = ask(server, "GET", f"/api/calls/history?{query}")
    assert reply.status == 422
    assert json.loads(reply.body)["detail"].startswith(f"query {query.partition('=')[0]}: ")


def test_ledger_that_can_not_be_read__503(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.trouble = LedgerError("/x/ledger.db", "is on a disk that is gone")
    for path in ("/api/calls/history", "/api/calls/c1"):
        reply = ask(server, "GET", path)
        assert (reply.status, "a disk that is gone" in json.loads(reply.body)["detail"]) == (503, True)


def test_one_call_is_found_in_flight_then_in_memory_then_in_the_ledger(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.calls = [in_flight("c1")]
    sidecar.shown.settled.append(settled("c2"))
    sidecar.shown.kept = [settled("c3", outcome="orphan_cut")]
    assert told(server, ask, "/api/calls/c1")["downstream_state"] == "waiting"
    assert told(server, ask, "/api/calls/c2")["outcome"] == "delivered"
    assert told(server, ask, "/api/calls/c3")["outcome"] == "orphan_cut"
    assert ask(server, "GET", "/api/calls/c4").status == 404


def test_hostile_name_is_only_text(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.settled.append(settled(model=HOSTILE))
    reply = ask(server, "GET", "/api/calls/recent")
    assert json.loads(reply.body)[0]["model"] == HOSTILE[:-1] + "?"
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"

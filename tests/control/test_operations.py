import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.view import CancelVerdict
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationKind, OperationState as State
from sidecar.lifecycle.operation_record import OperationRecord

Ask = Callable[..., Any]
STARTED = 1_790_000_000 * SECOND
OURS = {"X_Sidecar_Control": "true"}


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    sidecar.rows = {id: an_operation(id, state) for id, state in (("o1", State.RUNNING), ("o2", State.CANCELLING))}
    return serve(control_app(sidecar, "127.0.0.1"))


def an_operation(id: str, state: State) -> OperationRecord:
    return OperationRecord(
        id=id, upstream="openai", provider="openai", dialect="openai", method="responses.create",
        kind=OperationKind.BACKGROUND, model="gpt-6", opened_at=STARTED, path="/v1/responses", lease_seconds=60.0,
        renewed_at=STARTED, due_at=STARTED, state=state,
    )  # fmt: skip


def detail(reply: Any) -> str:
    return str(json.loads(reply.body)["detail"])


def test_operations_are_listed(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "GET", "/api/operations")
    assert [row["id"] for row in json.loads(reply.body)] == ["o1", "o2"]
    assert sidecar.query == OperationQuery(limit=100)


def test_what_is_asked_for_reaches_the_ledger(server: AppServer, sidecar: Any, ask: Ask):
    ask(server, "GET", "/api/operations?upstream=u&model=gpt-*&caller=me&kind=batch&state=open&limit=5")
    assert sidecar.query == OperationQuery(
        upstream="u", model="gpt-*", caller="me", kind="batch", state="open", limit=5
    )


@pytest.mark.parametrize("asked", ["kind=job", "state=gone", "limit=0", "limit=1001", "limit=x", "state=open%0A"])
def test_a_slip_is_not_an_empty_list(server: AppServer, ask: Ask, asked: str):
    assert ask(server, "GET", f"/api/operations?{asked}").status == 422


def test_one_operation_has_its_history(server: AppServer, ask: Ask):
    shown = json.loads(ask(server, "GET", "/api/operations/o2").body)
    assert (shown["id"], shown["state"]) == ("o2", "cancelling")
    assert [move["evidence"] for move in shown["moves"]] == ["HTTP 200"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "o9"), ("POST", "o9/renew"), ("POST", "o9/cancel"), ("POST", "o/cancel")]
)
def test_an_operation_that_is_not_there__404(server: AppServer, ask: Ask, method: str, path: str):
    reply = ask(server, method, f"/api/operations/{path}", **OURS)
    assert reply.status == 404
    assert detail(reply).startswith("no operation o")


def test_a_renewal_that_comes_in_time_says_the_lease(server: AppServer, ask: Ask):
    reply = ask(server, "POST", "/api/operations/o1/renew", **OURS)
    assert (reply.status, json.loads(reply.body)) == (200, {"id": "o1", "state": "running", "lease_seconds": 60.0})


def test_a_renewal_that_comes_too_late_says_so(server: AppServer, ask: Ask):
    reply = ask(server, "POST", "/api/operations/o2/renew", **OURS)
    assert (reply.status, detail(reply)) == (409, "operation o2 is cancelling: too late to renew it")


@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [
        (CancelVerdict.ENDED, 409, "operation o1 has ended: there is nothing to cancel"),
        (CancelVerdict.OPENING, 409, "operation o1 has no id at its provider yet: try again in a moment"),
        (CancelVerdict.UNSUPPORTED, 501, "the provider of operation o1 has no cancel for it"),
        (CancelVerdict.UNKNOWN, 404, "no operation o1 that this sidecar holds"),
    ],
)
def test_a_cancel_that_can_not_be_says_why(
    server: AppServer, sidecar: Any, ask: Ask, verdict: CancelVerdict, status: int, words: str
):
    sidecar.verdict = verdict
    reply = ask(server, "POST", "/api/operations/o1/cancel", **OURS)
    assert (reply.status, detail(reply)) == (status, words)


def test_a_cancel_is_taken_and_not_waited_for(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "POST", "/api/operations/o1/cancel", **OURS)
    assert (reply.status, json.loads(reply.body)) == (202, {"id": "o1"})
    assert sidecar.wishes == [("cancel", "o1")]


@pytest.mark.parametrize("wish", ["renew", "cancel"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example", **OURS}, {"Host": "evil.example", **OURS}])
def test_a_foreign_page_has_no_say(server: AppServer, sidecar: Any, ask: Ask, wish: str, headers: dict[str, str]):
    assert ask(server, "POST", f"/api/operations/o1/{wish}", **headers).status == 403
    assert sidecar.wishes == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/o1"), ("POST", "/o1/renew"), ("POST", "/o1/cancel")]
)
def test_a_ledger_that_can_not_be_read__503_and_why(server: AppServer, sidecar: Any, ask: Ask, method: str, path: str):
    sidecar.trouble = LedgerError("sidecar.db", "disk full")
    reply = ask(server, method, f"/api/operations{path}", **OURS)
    assert (reply.status, detail(reply)) == (503, "ledger sidecar.db: disk full")


def test_the_state_counts_what_is_open_and_what_has_ended(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.rows["o3"] = an_operation("o3", State.SUCCEEDED)
    shown = json.loads(ask(server, "GET", "/api/state").body)["operations"]
    assert shown == {"cancelling": 1, "opening": 0, "orphaned": 0, "running": 1, "ended": 1}

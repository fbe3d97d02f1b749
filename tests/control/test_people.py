"""The control socket: what ends the program, who is kept away, how every error is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.control.guard import HEADERS
from sidecar.control.people import control_app
from sidecar.control.server import AppServer

Ask = Callable[..., Any]
TOKEN = "0123456789abcdef"


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_drain_starts_the_drain_and_says_the_state(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "POST", "/api/drain", X_Sidecar_Control="true")
    assert (reply.status, json.loads(reply.body)) == (202, {"state": "draining"})
    assert ask(server, "POST", "/api/drain", X_Sidecar_Control="true").status == 202
    assert sidecar.drains == 2


def test_quit_is_off__404_with_the_setting_that_turns_it_on(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "POST", "/quitquitquit", X_Sidecar_Control="true")
    assert reply.status == 404
    assert "control.allow_quit (SIDECAR_CONTROL__ALLOW_QUIT=true)" in json.loads(reply.body)["detail"]


def test_quit_is_on__it_ends_as_often_as_it_is_told(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.allows_quit = True
    for _ in range(2):
        reply = ask(server, "POST", "/quitquitquit", X_Sidecar_Control="true")
        assert (reply.status, json.loads(reply.body)) == (202, {"is_ending": True})
    assert sidecar.quits == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/drain", "/quitquitquit"])
def test_only_a_post_ends_anything(server: AppServer, sidecar: Any, ask: Ask, method: str, path: str):
    sidecar.allows_quit = True
    assert ask(server, method, path, X_Sidecar_Control="true").status == 405
    assert sidecar.drains == sidecar.quits == 0


@pytest.mark.parametrize("path", ["/api/drain", "/quitquitquit"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example", "X_Sidecar_Control": "true"},
        {"Host": "evil.example", "X_Sidecar_Control": "true"},
    ],
)
def test_a_foreign_page_ends_nothing(server: AppServer, sidecar: Any, ask: Ask, path: str, headers: dict[str, str]):
    sidecar.allows_quit = True
    reply = ask(server, "POST", path, **headers)
    assert reply.status == 403
    assert "detail" in json.loads(reply.body)
    assert sidecar.drains == sidecar.quits == 0


def test_a_rebound_name_reads_nothing(server: AppServer, ask: Ask):
    assert ask(server, "GET", "/api/calls", Host="evil.example").status == 403


def test_no_preflight_is_answered(server: AppServer, ask: Ask):
    reply = ask(server, "OPTIONS", "/api/drain", Origin="http://evil.example", Access_Control_Request_Method="POST")
    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/api/state", "/api/nothing", "/", "/page/none.mjs"])
def test_every_reply_confines_what_a_browser_makes_of_it(server: AppServer, ask: Ask, path: str):
    reply = ask(server, "GET", path)
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert {name.lower() for name in HEADERS} <= reply.headers.keys()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/docs", 404),
        ("GET", "/metrics", 404),
        ("DELETE", "/api/state", 405),
        ("GET", "/api/spend?step=0", 422),
        ("GET", "/api/calls/recent?limit=x", 422),
        ("GET", "/api/calls/none", 404),
    ],
)
def test_every_error_is_a_problem(server: AppServer, ask: Ask, method: str, path: str, status: int):
    reply = ask(server, method, path, X_Sidecar_Control="true")
    problem = json.loads(reply.body)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    assert problem["detail"]


def test_guard_answers_with_a_problem_too(server: AppServer, ask: Ask):
    reply = ask(server, "POST", "/api/drain")
    assert (reply.status, reply.headers["content-type"]) == (403, "application/problem+json")
    assert json.loads(reply.body)["title"] == "Forbidden"


def test_the_api_describes_itself(server: AppServer, ask: Ask):
    document = json.loads(ask(server, "GET", "/api/openapi.json").body)
    assert set(document["paths"]) == {
        "/api/state", "/api/calls", "/api/calls/recent", "/api/calls/history", "/api/calls/{id}", "/api/operations",
        "/api/operations/{id}", "/api/operations/{id}/renew", "/api/operations/{id}/cancel", "/api/spend", "/api/events",
        "/api/config", "/api/log-level", "/api/drain", "/quitquitquit",
    }  # fmt: skip
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["description"] for operation in operations)
    assert all("application/problem+json" in operation["responses"]["default"]["content"] for operation in operations)


@pytest.mark.parametrize("path", ["/api/state", "/api/openapi.json", "/api/events", "/api/nothing"])
@pytest.mark.parametrize("given", [None, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN])
def test_token_is_asked_of_every_request(
    serve: Callable[..., AppServer], sidecar: Any, ask: Ask, path: str, given: str | None
):
    server = serve(control_app(sidecar, "127.0.0.1", TOKEN))
    reply = ask(server, "GET", path, **({} if given is None else {"Authorization": given}))
    assert (reply.status, reply.headers["content-type"]) == (401, "application/problem+json")
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN.encode() not in reply.body


def test_token_opens_the_api__and_the_page_needs_none(serve: Callable[..., AppServer], sidecar: Any, ask: Ask):
    server = serve(control_app(sidecar, "127.0.0.1", TOKEN))
    assert ask(server, "GET", "/api/state", Authorization=f"bearer {TOKEN}").status == 200
    assert ask(server, "GET", "/").status == ask(server, "GET", "/page/app.mjs").status == 200
    assert ask(server, "GET", "/page/../api/state").status in (401, 404)


def test_token_does_not_stand_for_the_guard(serve: Callable[..., AppServer], sidecar: Any, ask: Ask):
    server = serve(control_app(sidecar, "127.0.0.1", TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(server, "POST", "/api/drain", **headers).status == 403
    assert ask(server, "GET", "/api/state", Host="evil.example", **headers).status == 403
    assert sidecar.drains == 0


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/log-level", "GET, PUT"),
        ("/api/state", "GET"),
        ("/api/operations/o1/cancel", "POST"),
        ("/", "GET, HEAD"),
        ("/quitquitquit", "POST"),
    ],
)
def test_method_that_a_path_has_not__405_with_those_that_it_has(server: AppServer, ask: Ask, path: str, methods: str):
    reply = ask(server, "PATCH", path, X_Sidecar_Control="true")
    assert (reply.status, reply.headers["allow"]) == (405, methods)


def test_the_api_describes_its_token_where_it_has_one(sidecar: Any):
    assert "securitySchemes" in control_app(sidecar, "127.0.0.1", TOKEN).openapi()["components"]
    assert "securitySchemes" not in control_app(sidecar, "127.0.0.1").openapi()["components"]

import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers import google
from sidecar.providers.gemini import GEMINI
from sidecar.providers.google import remembered_route
from sidecar.providers.paths import LONGEST_PATH, MOST_ROUTES
from sidecar.providers.vertex import VERTEX

PATH = "/v1/models/m:generateContent"


# memory


def test_a_route_is_worked_out_once():
    path = "/v1/models/worked-out-once:generateContent"
    assert GEMINI.route("POST", path) is VERTEX.route("POST", path + "?alt=sse")


def test_no_query_is_remembered_since_it_may_hold_a_key(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(google, "remembered_route", lambda method, path: asked.append(f"{method} {path}"))
    GEMINI.route("POST", "/v1/models/m:generateContent?key=SECRET")
    assert asked == ["POST /v1/models/m:generateContent"]


def test_a_query_decides_nothing():
    assert GEMINI.route("POST", "/v1beta/models/m?x=:generateContent") is None
    assert GEMINI.route("POST", f"{PATH}?alt=sse&key=K") is GEMINI.route("POST", PATH)


def test_hostile_paths_do_not_fill_the_memory():
    for number in range(MOST_ROUTES + 10):
        GEMINI.route("POST", f"/v1/{number}/models/m:generateContent")
    before = remembered_route.cache_info()
    route = GEMINI.route("POST", "/v1/models/" + "x" * LONGEST_PATH + ":generateContent")
    assert route is not None
    assert remembered_route.cache_info() == before
    assert before.currsize == MOST_ROUTES


# refusals and errors


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
@pytest.mark.parametrize("path", ["", "/", "/?alt=sse"])
def test_a_request_without_a_path_is_told_its_cause(dialect, path):
    sentence = dialect.refusal("POST", path)
    assert sentence is not None
    for word in ("GOOGLE_VERTEX_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "project=", "location="):
        assert word in sentence


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/v1/models/m:generateContent"), ("POST", "/x"), ("OPTIONS", "*")]
)
def test_other_requests_are_not_refused(method, path):
    assert VERTEX.refusal(method, path) is None


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (413, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (599, "INTERNAL"),
    ],
)
def test_our_errors_come_in_googles_envelope(status, name):
    body = json.loads(GEMINI.error_body(status, 'it "broke"'))
    assert body == {"error": {"code": status, "message": 'it "broke"', "status": name}}


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
def test_work_runs_on_when_the_connection_closes(dialect):
    assert dialect.on_close.of(CallKind.STREAM) is dialect.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON

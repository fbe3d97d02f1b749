import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.anthropic import ANTHROPIC, MESSAGES_ROUTES, ROUTES, route_on_vertex
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.registry import DIALECTS
from tests.providers.anthropic_wire import JSON, MODEL, SSE, STREAM, message, named, used
from tests.providers.wire import read, whole

ELSEWHERE = ON_CLOSE["anthropic.elsewhere"]

ROUTED = [
    ("POST", "/v1/messages", "messages", Role.CALL),
    ("POST", "/v1/messages?beta=true", "messages", Role.CALL),
    ("POST", "/anthropic/v1/messages", "messages", Role.CALL),
    ("POST", "/v1/projects/p/locations/us/v1/messages", "messages", Role.CALL),
    ("POST", "/v1/messages/count_tokens", "messages.count_tokens", Role.FREE),
    ("POST", "/v1/messages/count_tokens?beta=true", "messages.count_tokens", Role.FREE),
    ("POST", "/v1/complete", "complete", Role.CALL),
    ("POST", "/v1/messages/batches", "messages.batches", Role.SUBMIT),
    ("GET", "/v1/messages/batches", "messages.batches.list", Role.FREE),
    ("GET", "/v1/messages/batches/msgbatch_1", "messages.batches.get", Role.POLL),
    ("GET", "/v1/messages/batches/msgbatch_1/results", "messages.batches.results", Role.POLL),
    ("POST", "/v1/messages/batches/msgbatch_1/cancel", "messages.batches.cancel", Role.CANCEL),
    ("DELETE", "/v1/messages/batches/msgbatch_1", "messages.batches.delete", Role.FREE),
    ("POST", "/v1/dreams", "dreams", Role.SUBMIT),
    ("GET", "/v1/dreams/d1", "dreams.get", Role.POLL),
    ("POST", "/v1/dreams/d1/cancel", "dreams.cancel", Role.CANCEL),
    ("POST", "/v1/dreams/d1/archive", "resources", Role.FREE),
    ("POST", "/v1/sessions", "sessions", Role.SUBMIT),
    ("POST", "/v1/sessions/s1/events", "sessions", Role.SUBMIT),
    ("GET", "/v1/sessions/s1", "sessions.get", Role.POLL),
    ("GET", "/v1/sessions/s1/events/stream", "sessions.get", Role.POLL),
    ("GET", "/v1/sessions/s1/threads/t1/stream", "sessions.get", Role.POLL),
    ("GET", "/v1/sessions", "resources", Role.FREE),
    ("POST", "/v1/deployments/d1/run", "deployments.run", Role.SUBMIT),
    ("GET", "/v1/deployment_runs/r1", "deployments.runs.get", Role.POLL),
    ("GET", "/v1/models", "models", Role.FREE),
    ("GET", "/v1/models/claude-x", "models", Role.FREE),
    ("POST", "/v1/files", "resources", Role.FREE),
    ("GET", "/v1/files/f1/content", "resources", Role.FREE),
    ("POST", "/v1/agents/a1/archive", "resources", Role.FREE),
    ("DELETE", "/v1/skills/s1/versions/2", "resources", Role.FREE),
]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    route = ANTHROPIC.route(verb, path)
    assert route is not None
    assert (route.method, route.role, route.kind, route.model) == (method, role, CallKind.UNARY, "")


def test_every_row_has_a_request_that_it_knows():
    assert {row.method for row in ROUTES} == {method for _, _, method, _ in ROUTED}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/messages"),
        ("POST", "/v1/messages/"),
        ("POST", "/v1/messages/x"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/messages"),
        ("GET", "/v1/organizations/usage_report"),
        ("GET", "/"),
        ("POST", ""),
    ],
)
def test_everything_else_passes(verb, path):
    assert ANTHROPIC.route(verb, path) is None


def test_it_is_found_by_its_name():
    assert DIALECTS["anthropic"] is ANTHROPIC
    assert "api.anthropic.com" in ANTHROPIC.hosts


# the request


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"model": MODEL, "messages": [], "stream": True}, RequestFacts(MODEL, True)),
        ({"model": MODEL, "stream": False}, RequestFacts(MODEL, False)),
        ({"model": MODEL}, RequestFacts(MODEL)),
        ({"messages": []}, NO_FACTS),
    ],
)
def test_model_and_kind_stand_in_the_body(body, facts):
    route = ANTHROPIC.route("POST", "/v1/messages")
    assert route is not None
    assert route.needs_body
    assert route.open_request is not None
    reader = route.open_request(RequestHead("application/json"))
    reader.feed(whole(body))
    reader.finish()
    assert reader.facts() == facts


# the reply


def test_the_reply_says_itself_how_it_comes():
    route = ANTHROPIC.route("POST", "/v1/messages")
    assert route is not None
    in_one, in_events = route.open_reply(JSON, NO_FACTS), route.open_reply(SSE, NO_FACTS)
    assert read(in_one, whole(message(used()))) == read(in_events, named(STREAM))


def test_counted_tokens_are_no_usage():
    route = ANTHROPIC.route("POST", "/v1/messages/count_tokens")
    assert route is not None
    assert read(route.open_reply(JSON, NO_FACTS), b'{"input_tokens": 2000, "usage": {"input_tokens": 2000}}') is None


# elsewhere


@pytest.mark.parametrize(("verb", "kind"), [("rawPredict", CallKind.UNARY), ("streamRawPredict", CallKind.STREAM)])
def test_on_vertex_the_path_names_model_and_kind(verb, kind):
    route = route_on_vertex(verb, "claude-x@20250101")
    assert route is not None
    assert (route.model, route.kind, route.role, route.needs_body) == ("claude-x@20250101", kind, Role.CALL, False)
    assert route.on_close is ELSEWHERE
    assert read(route.open_reply(SSE, NO_FACTS), named(STREAM)) is not None


def test_counting_on_vertex_is_free():
    route = route_on_vertex("rawPredict", "count-tokens")
    assert route is not None
    assert (route.role, route.model) == (Role.FREE, "")


def test_vertex_has_no_other_verbs_for_claude():
    assert route_on_vertex("predict", "claude-x") is None


def test_what_holds_for_anthropic_does_not_hold_for_others():
    own, other = ANTHROPIC.route("POST", "/v1/messages"), ANTHROPIC.route("POST", "/anthropic/v1/messages")
    assert own is not None
    assert other is not None
    assert own.on_close is None
    assert other.on_close is ELSEWHERE
    assert ANTHROPIC.on_close.of(CallKind.STREAM) is OnClose.STOPS
    assert ANTHROPIC.on_close.of(CallKind.UNARY) is ELSEWHERE.of(CallKind.STREAM) is OnClose.UNKNOWN


def test_other_servers_of_messages_take_these_rows():
    assert [row.method for row in MESSAGES_ROUTES] == ["messages", "messages.count_tokens"]


# refusals and errors


@pytest.mark.parametrize("path", ["/v1/v1/messages", "/v1/v1/messages?beta=true", "/anthropic/v1/v1/messages"])
def test_a_base_url_that_holds_v1_is_told_its_cause(path):
    sentence = ANTHROPIC.refusal("POST", path)
    assert sentence is not None
    assert "ANTHROPIC_BASE_URL" in sentence


@pytest.mark.parametrize("path", ["/v1/messages", "/", "/v1/messages?x=/v1/v1/"])
def test_other_requests_are_not_refused(path):
    assert ANTHROPIC.refusal("POST", path) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_our_errors_come_in_anthropics_envelope(status, kind):
    body = json.loads(ANTHROPIC.error_body(status, 'it "broke"'))
    assert body == {"type": "error", "error": {"type": kind, "message": 'it "broke"'}}

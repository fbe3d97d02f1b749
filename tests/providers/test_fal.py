import json

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, Role
from sidecar.providers.fal import FAL, FAL_QUEUE, UNITS
from tests.providers.wire import read

ROUTED = [
    # dialect, verb, path, method, role, model: providers-wire 3, fal.*
    (FAL, "POST", "/fal-ai/flux/dev", "run", Role.CALL, "fal-ai/flux/dev"),
    (FAL, "POST", "/fal-ai/flux?fal_webhook=x", "run", Role.CALL, "fal-ai/flux"),
    (FAL, "POST", "/workflows/me/two-steps", "run", Role.CALL, "workflows/me/two-steps"),
    (FAL, "POST", "/fal-ai/any-llm/stream", "stream", Role.CALL, "fal-ai/any-llm"),
    (FAL_QUEUE, "POST", "/fal-ai/flux/dev", "queue.submit", Role.SUBMIT, "fal-ai/flux/dev"),
    (FAL_QUEUE, "POST", "/fal-ai/any-llm/stream", "queue.submit", Role.SUBMIT, "fal-ai/any-llm/stream"),
    (FAL_QUEUE, "GET", "/fal-ai/flux/requests/r1/status?logs=1", "queue.status", Role.POLL, "fal-ai/flux"),
    (FAL_QUEUE, "GET", "/fal-ai/flux/requests/r1/status/stream", "queue.status", Role.POLL, "fal-ai/flux"),
    (FAL_QUEUE, "GET", "/fal-ai/flux/requests/r1", "queue.result", Role.POLL, "fal-ai/flux"),
    (FAL_QUEUE, "GET", "/workflows/me/two-steps/requests/r1", "queue.result", Role.POLL, "workflows/me/two-steps"),
    (FAL_QUEUE, "PUT", "/fal-ai/flux/requests/r1/cancel", "queue.cancel", Role.CANCEL, "fal-ai/flux"),
    (FAL, "PUT", "/fal-ai/flux/requests/r1/cancel", "queue.cancel", Role.CANCEL, "fal-ai/flux"),
]


@pytest.mark.parametrize(("dialect", "verb", "path", "method", "role", "model"), ROUTED)
def test_a_request_is_known_by_its_path(dialect, verb, path, method, role, model):
    route = dialect.route(verb, path)
    assert route is not None
    assert (route.method, route.role, route.model) == (method, role, model)


@pytest.mark.parametrize(
    ("verb", "path"), [("GET", "/fal-ai/flux"), ("POST", "/fal-ai"), ("POST", "/"), ("PUT", "/fal-ai/flux/requests/r1")]
)
def test_everything_else_passes(verb, path):
    assert FAL.route(verb, path) is None
    assert FAL_QUEUE.route(verb, path) is None


def test_a_stream_is_a_stream():
    streaming, running = FAL.route("POST", "/a/b/stream"), FAL.route("POST", "/a/b")
    assert streaming is not None
    assert running is not None
    assert (streaming.kind, running.kind) == (CallKind.STREAM, CallKind.UNARY)


def of(headers: dict[str, str], dialect: str = "run") -> Reported | None:
    route = FAL.route("POST", "/a/b") if dialect == "run" else FAL_QUEUE.route("GET", "/a/b/requests/r1")
    assert route is not None
    assert route.reply_headers == (UNITS,)
    reader = route.open_reply(ReplyHead(200, "image/png", "br", headers), NO_FACTS)
    told = reader.reported()
    assert read(reader, b"\x89PNG...") == told
    assert (reader.is_terminal, reader.gave_up) == (True, "")
    return told


@pytest.mark.parametrize("dialect", ["run", "queue"])
def test_the_head_tells_the_units(dialect):
    assert of({UNITS: "3"}, dialect) == Reported(Usage(units=3))
    assert of({UNITS: " 1.0 "}, dialect) == Reported(Usage(units=1))
    assert of({}, dialect) is None


@pytest.mark.parametrize(
    ("value", "units", "reason"),
    [
        ("3.008", 3, "part_of_unit"),
        ("0.33", 0, "part_of_unit"),
        ("-1", 0, "malformed_usage"),
        ("many", 0, "malformed_usage"),
        ("", 0, "malformed_usage"),
        ("9" * 30, 0, "malformed_usage"),
        ("1e9", 0, "malformed_usage"),
    ],
)
def test_what_is_no_whole_number_of_units_is_a_lower_bound(value, units, reason):
    assert of({UNITS: value}) == Reported(Usage(units=units), basis=Basis.AT_LEAST, reason=reason)


def test_both_hosts_are_one_provider():
    assert (FAL.provider, FAL.hosts) == (FAL_QUEUE.provider, FAL_QUEUE.hosts) == ("fal", ("fal.run", "*.fal.run"))
    assert json.loads(FAL.error_body(502, "it broke")) == {"detail": "it broke"}


def test_only_the_queue_surely_runs_on():
    assert FAL.on_close.of(CallKind.UNARY) is OnClose.UNKNOWN
    assert FAL_QUEUE.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON

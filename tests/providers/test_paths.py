import json
import re

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, Role, Route
from sidecar.providers.google_live import open_live
from sidecar.providers.on_close import OnCloseFacts
from sidecar.providers.paths import ASKS, LONGEST_PATH, PathDialect, Row, asked_in, socket
from tests.providers.wire import JSON, read

FACTS = OnCloseFacts(OnClose.STOPS, OnClose.UNKNOWN, "s", "d", "e")
ELSEWHERE = Route("other", CallKind.STREAM, "", Row("other", re.compile("")).open_reply)

ROWS = (
    Row("draw", re.compile(r"/draw/(?P<model>[^/]+)$"), reply_headers=("x-units",)),
    Row("ask", re.compile(r"/ask$"), open_request=ASKS, kind=CallKind.STREAM),
    Row("list", re.compile(r"/draw"), Role.FREE, verb="GET"),
    Row("never", re.compile(r"/ask$"), Role.FREE),
)


def envelope(status: int, message: str) -> object:
    return {"detail": message, "status": status}


def then(method: str, path: str) -> Route | None:
    return ELSEWHERE if path == "/other" else None


DIALECT = PathDialect("d", "p", ("api.p.com",), FACTS, rows=ROWS, envelope=envelope, then=then)
ALONE = PathDialect("d", "p", ("api.p.com",), FACTS, rows=ROWS, envelope=envelope)


def route(verb: str, path: str) -> Route:
    found = DIALECT.route(verb, path)
    assert found is not None
    return found


def test_a_row_tells_what_a_request_is():
    drawing = route("POST", "/v1/draw/m1?wait=1")
    assert (drawing.method, drawing.model, drawing.kind, drawing.role) == ("draw", "m1", CallKind.UNARY, Role.CALL)
    assert (drawing.needs_body, drawing.open_request, drawing.reply_headers) == (False, None, ("x-units",))


def test_a_row_whose_body_names_the_model_needs_it():
    asking = route("POST", "/ask")
    assert (asking.model, asking.kind, asking.needs_body) == ("", CallKind.STREAM, True)


def test_a_row_may_open_a_socket():
    talking = PathDialect("d", "p", (), FACTS, rows=(socket("talk", r"/talk$", open_live),), envelope=envelope)
    found = talking.route("GET", "/v1/talk?key=k")
    assert found is not None
    assert (found.method, found.role, found.kind, found.open_live) == ("talk", Role.LIVE, CallKind.LIVE, open_live)
    assert not found.is_billable
    assert talking.route("POST", "/v1/talk") is None


def test_verb_and_order_count():
    assert route("GET", "/draw/m1").method == "list"
    assert route("POST", "/ask").method == "ask"


def test_what_no_row_fits_is_asked_of_the_other_dialect():
    assert DIALECT.route("POST", "/other?x=1") is ELSEWHERE
    assert DIALECT.route("POST", "/nowhere") is None
    assert ALONE.route("POST", "/other") is None


def test_a_path_is_decoded():
    assert route("POST", "/draw/a%20b").model == "a b"


def test_a_route_is_worked_out_once_and_without_its_query():
    assert route("POST", "/draw/once?key=SECRET") is route("POST", "/draw/once")


def test_a_long_path_is_not_remembered_and_names_no_model():
    path = "/draw/" + "x" * LONGEST_PATH
    assert route("POST", path) is not route("POST", path)
    assert route("POST", path).model == ""


def test_an_error_comes_in_the_providers_shape():
    assert json.loads(DIALECT.error_body(502, 'it "broke"')) == {"detail": 'it "broke"', "status": 502}


def test_a_dialect_says_who_it_is():
    assert (DIALECT.name, DIALECT.provider, DIALECT.hosts, DIALECT.on_close) == ("d", "p", ("api.p.com",), FACTS)
    assert repr(DIALECT) == "<PathDialect d>"
    assert DIALECT.refusal("POST", "/") is None


def test_a_reply_that_says_nothing_is_read_all_the_same():
    reader = route("GET", "/draw").open_reply(JSON, NO_FACTS)
    assert read(reader, b'{"usage": {"input": 3}}') is None
    assert reader.is_terminal


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        (b'{"model": "m", "stream": true}', RequestFacts("m", is_stream=True)),
        (b'{"model": "m", "stream": false}', RequestFacts("m", is_stream=False)),
        (b'{"model": "m"}', RequestFacts("m")),
        (b'{"model": null, "stream": null}', NO_FACTS),
        (b'{"model": 7, "stream": "yes"}', NO_FACTS),
        (b"{}", NO_FACTS),
    ],
)
def test_a_request_says_model_and_kind(document, facts):
    assert asked_in(document) == facts


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"model": "m"', b"\xff"])
def test_a_request_that_is_none_says_nothing(body):
    reader = ASKS(RequestHead())
    reader.feed(body)
    reader.finish()
    assert reader.facts() == NO_FACTS


@given(st.text(max_size=60), st.text(max_size=5))
def test_no_path_raises(path, verb):
    DIALECT.route(verb, path)

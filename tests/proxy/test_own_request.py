"""A request of our own, byte by byte."""

import pytest
from hypothesis import given, strategies as st

from sidecar import __version__
from sidecar.clock import from_rfc3339
from sidecar.config.load import load
from sidecar.http1.head import read_reply_head, read_request_head
from sidecar.providers.answer import Answer, Signable, Unreachable
from sidecar.providers.operation import Ask
from sidecar.proxy.destination import Endpoint, destinations_of
from sidecar.proxy.own_request import answer_of, endpoint_of, request_bytes, signable
from tests.proxy.road import a_destination

NOW = from_rfc3339("2026-11-20T10:00:00Z")
KEY = ((b"x-goog-api-key", b"k"),)
TLS = Endpoint("api.example", 443, True)
THERE = a_destination(name="mine", base_path=b"/base", endpoint=TLS)
BUILT_IN = destinations_of(load({}, {}).settings)


def written(ask, fields=KEY, destination=THERE):
    return request_bytes(destination, destination.endpoint, ask, fields)


def test_cancel_has_an_empty_body_and_says_so():
    assert written(Ask("POST", "/v1beta/batches/b:cancel")) == (
        b"POST /base/v1beta/batches/b:cancel HTTP/1.1\r\nHost: api.example\r\n"
        b"user-agent: inference-sidecar/" + __version__.encode() + b"\r\naccept: application/json\r\n"
        b"content-type: application/json\r\nx-goog-api-key: k\r\ncontent-length: 0\r\n\r\n"
    )


def test_read_has_no_body_and_speaks_of_none():
    assert written(Ask("GET", "/v1/x?a=b"), ()) == (
        b"GET /base/v1/x?a=b HTTP/1.1\r\nHost: api.example\r\n"
        b"user-agent: inference-sidecar/" + __version__.encode() + b"\r\naccept: application/json\r\n\r\n"
    )


def test_what_is_told_stands_in_place_of_ours():
    head, _, body = written(Ask("POST", "/v1/x", b"{}", "text/plain"), ((b"user-agent", b"sdk"),)).partition(
        b"\r\n\r\n"
    )
    assert head.split(b"\r\n")[2:] == [
        b"accept: application/json", b"content-type: text/plain", b"user-agent: sdk", b"content-length: 2",
    ]  # fmt: skip
    assert body == b"{}"


def test_no_content_type_where_the_question_wants_none():
    assert b"content-type" not in written(Ask("PUT", "/v1/x", content_type=""))


@pytest.mark.parametrize("name", [b"host", b"content-length", b"transfer-encoding", b"connection", b"accept-encoding"])
def test_framing_is_ours_whatever_is_told(name):
    assert written(Ask("GET", "/v1/x"), ((name, b"x"),)) == written(Ask("GET", "/v1/x"), ())


@pytest.mark.parametrize(
    "target",
    [
        "",
        "v1/x",
        "/v1/x y",
        "/v1/x\r\nHost: evil",
        "/v1/\n",
        "/v1/é",
        "/v1/\udcff",
        "/v1/../x",
        "/v1/%2e%2E/x",
        "/.",
        "/a#b",
    ],
)
def test_target_that_could_be_another_request_or_place__is_not_sent(target):
    with pytest.raises(Unreachable, match=r"^upstream mine: the target of a request of our own can't be sent$"):
        written(Ask("GET", target))


@pytest.mark.parametrize("field", [(b"a b", b"c"), (b"a", b"c\r\nd: e"), (b"a", b"c\x00")])
def test_field_that_could_be_another__is_not_sent_and_not_repeated(field):
    with pytest.raises(Unreachable, match=r"^upstream mine: a header field of a request of our own can't be sent$"):
        written(Ask("GET", "/v1/x"), (field,))


def test_verb_that_is_none__is_not_sent():
    with pytest.raises(Unreachable):
        written(Ask("GET /x HTTP/1.1\r\n", "/v1/x"))


@given(st.text(max_size=30), st.binary(max_size=20), st.binary(max_size=20))
def test_whatever_is_told__one_strict_head_comes_of_it_or_nothing(target, name, value):
    try:
        raw = written(Ask("POST", f"/v1/{target}"), ((name.lower(), value),))
    except Unreachable:
        return
    head = read_request_head(raw)
    assert raw.count(b"\r\n\r\n") == 1
    assert head.method == b"POST"
    assert head.target == b"/base/v1/" + target.encode()


# === where it goes ===


def test_location_in_the_path_chooses_the_host():
    ask = Ask("POST", "/v1/projects/p/locations/europe-west4/batchPredictionJobs/1:cancel")
    assert endpoint_of(BUILT_IN[b"vertex"], ask, "").host == "europe-west4-aiplatform.googleapis.com"


def test_region_that_the_create_request_named__is_asked_again():
    host = "bedrock.eu-west-1.amazonaws.com"
    assert endpoint_of(BUILT_IN[b"bedrock"], Ask("GET", "/model-invocation-job/j"), host).host == host


@pytest.mark.parametrize("upstream", [b"bedrock", b"vertex", b"openai"])
def test_host_that_the_upstream_has_not__is_never_asked(upstream):
    destination = BUILT_IN[upstream]
    ask = Ask("GET", "/v1/projects/p/locations/us-central1/x")
    assert endpoint_of(destination, ask, "evil.example") == endpoint_of(destination, ask, "")


def test_signature_is_made_over_the_address_as_it_goes_out():
    ask = Ask("POST", "/x%3Ay?z=1", b"{}")
    assert signable(THERE, TLS, ask) == Signable("POST", "https://api.example/base/x%3Ay?z=1", b"{}")
    assert signable(THERE, Endpoint("::1", 81, False), ask).url == "http://[::1]:81/base/x%3Ay?z=1"


# === what comes back ===


def test_answer_has_what_was_asked_for():
    raw = (
        b"HTTP/1.1 429 Too Many\r\nContent-Type: application/json; charset=UTF-8\r\nX-A: B\r\nX-C: d\r\n"
        b"Content-Encoding: gzip\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n"
    )
    told = answer_of(read_reply_head(raw, b"GET"), b"{}", ("x-a", "x-b"), NOW)
    assert told == Answer(429, b"{}", "application/json; charset=utf-8", "gzip", {"x-a": "B"}, 3.0)

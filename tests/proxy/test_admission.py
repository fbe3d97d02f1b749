"""Where a request goes, or the sentence why it goes nowhere."""

import json
from typing import Any

import pytest

from sidecar.errors import RequestRefused
from sidecar.http1.head import read_request_head
from sidecar.lifecycle.policy import OnDeparture
from sidecar.proxy.admission import MAX_CALLER_NAME, Admission, admit, error_body, find_destination
from tests.proxy.messages import PLAIN, STREAM, UNARY, get, request
from tests.proxy.road import a_destination

DESTINATIONS = {b"gemini": a_destination(base_path=b"/base"), b"my-vllm": a_destination(name="my-vllm")}


def admitted(raw: bytes) -> Admission:
    return admit(read_request_head(raw[: raw.index(b"\r\n\r\n") + 4]), DESTINATIONS)


def refused(raw: bytes) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        admitted(raw)
    return caught.value


@pytest.mark.parametrize(
    ("target", "rest"),
    [
        (UNARY, UNARY.removeprefix("/gemini")),
        ("/gemini/a%2Fb/../c//d?x=%00&y=;z", "/a%2Fb/../c//d?x=%00&y=;z"),
        ("/gemini", "/"),
        ("/gemini/", "/"),
        ("/gemini?alt=sse", "/?alt=sse"),
    ],
)
def test_target_goes_on_byte_for_byte_behind_the_base_path(target: str, rest: str) -> None:
    assert admitted(get(target)).target == b"/base" + rest.encode()


def test_path_is_told_without_its_query() -> None:
    assert admitted(request(STREAM)).path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


def test_name_of_an_upstream_is_its_whole_first_segment() -> None:
    assert find_destination(b"/my-vllm/v1", DESTINATIONS)[0].name == "my-vllm"
    assert refused(get("/my-vllmx/v1")).status == 404
    assert refused(get("/my%2Dvllm/v1")).status == 404


@pytest.mark.parametrize("target", ["/", "/nobody/v1", "//gemini/v1", "/Gemini/v1"])
def test_unknown_route__404_that_names_the_known_ones(target: str) -> None:
    refusal = refused(get(target))
    assert refusal.status == 404
    assert "/gemini, /my-vllm" in refusal.problem


@pytest.mark.parametrize("target", ["http://127.0.0.1/gemini/v1", "*", "gemini/v1"])
def test_target_without_a_slash__400(target: str) -> None:
    assert refused(get(target)).status == 400


def test_post_without_a_path__400_that_says_where_it_comes_from() -> None:
    refusal = refused(request("/gemini"))
    assert refusal.status == 400
    assert "GOOGLE_VERTEX_BASE_URL" in refusal.problem


@pytest.mark.parametrize("value", ["websocket", "WebSocket"])
def test_websocket__501(value: str) -> None:
    assert refused(get("/gemini/ws", f"Upgrade: {value}", "Connection: Upgrade")).status == 501


def test_other_upgrade_is_no_reason_to_refuse() -> None:
    assert admitted(get(PLAIN, "Upgrade: h2c", "Connection: Upgrade")).route is None


def test_call_is_told_from_what_is_none() -> None:
    route = admitted(request(UNARY)).route
    assert route is not None
    assert route.model == "gemini-2.5-flash"
    assert admitted(get(PLAIN)).route is None


@pytest.mark.parametrize("wish", ["follow", " CUT ", "Auto"])
def test_wish_for_a_departure_is_read_from_the_header(wish: str) -> None:
    admission = admitted(request(UNARY, b"", f"X-Sidecar-On-Departure: {wish}"))
    assert admission.on_departure is OnDeparture(wish.strip().lower())


def test_wish_that_nobody_knows__400() -> None:
    assert refused(request(UNARY, b"", "X-Sidecar-On-Departure: linger")).status == 400


def test_caller_names_itself_at_bounded_length() -> None:
    assert admitted(request(UNARY, b"", "X-Sidecar-Caller: a job")).caller == "a job"
    assert admitted(request(UNARY)).caller is None
    long = admitted(request(UNARY, b"", f"X-Sidecar-Caller: {'x' * 300}")).caller
    assert long is not None
    assert len(long) == MAX_CALLER_NAME


@pytest.mark.parametrize(("target", "status_name"), [(b"/gemini/v1", "UNAVAILABLE"), (b"/nobody", None)])
def test_refusal_is_in_the_shape_of_the_dialect_where_there_is_one(target: bytes, status_name: str | None) -> None:
    error: dict[str, Any] = json.loads(error_body(target, DESTINATIONS, RequestRefused(503, "a sentence")))["error"]
    assert error["code"] == 503
    assert error["message"] == "inference-sidecar: a sentence"
    assert error.get("status") == status_name

"""Where a request goes, or the sentence why it goes nowhere."""

import json
from typing import Any

import pytest

from sidecar.errors import RequestRefused
from sidecar.http1.head import read_request_head
from sidecar.lifecycle.policy import OnDeparture, Wish, WishedBy
from sidecar.proxy.admission import MAX_CALLER_NAME, Admission, admit, error_body, find_destination
from sidecar.proxy.destination import Destination, Endpoint
from sidecar.proxy.replies import request_head_for_upstream
from tests.proxy.messages import PLAIN, STREAM, UNARY, get, request
from tests.proxy.road import a_destination

DESTINATIONS = {b"gemini": a_destination(base_path=b"/base"), b"my-vllm": a_destination(name="my-vllm")}
ADDRESS = ("127.0.0.1", 8780)


def admitted(raw: bytes, destination: Destination | None = None) -> Admission:
    destinations = {b"gemini": destination} if destination else DESTINATIONS
    return admit(read_request_head(raw[: raw.index(b"\r\n\r\n") + 4]), destinations, ADDRESS)


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


VERTEX_TARGETS = (
    "/gemini/v1beta1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent",
    "/gemini/v1/publishers/google/models/gemini-2.5-flash:generateContent",
)


@pytest.mark.parametrize("target", VERTEX_TARGETS)
def test_what_is_for_vertex_and_came_to_gemini_goes_to_vertex(target: str) -> None:
    gemini, vertex = a_destination(kin=b"vertex"), a_destination(name="vertex")
    destination, rest = find_destination(target.encode(), {b"gemini": gemini, b"vertex": vertex})
    assert (destination, rest) == (vertex, target.removeprefix("/gemini").encode())


@pytest.mark.parametrize("target", ["/gemini/v1/models/publishers/x:generateContent", "/gemini/v1/files/projects/p"])
def test_what_only_looks_like_it_stays(target: str) -> None:
    gemini, vertex = a_destination(kin=b"vertex"), a_destination(name="vertex")
    assert find_destination(target.encode(), {b"gemini": gemini, b"vertex": vertex})[0] is gemini


@pytest.mark.parametrize("target", VERTEX_TARGETS)
def test_where_the_two_are_not_one_service_nothing_is_handed_over(target: str) -> None:
    assert find_destination(target.encode(), {b"gemini": a_destination()})[0].name == "gemini"


@pytest.mark.parametrize("target", ["/", "/nobody/v1", "//gemini/v1", "/Gemini/v1"])
def test_unknown_route__404_that_names_the_known_ones(target: str) -> None:
    refusal = refused(get(target))
    assert refusal.status == 404
    assert "/gemini, /my-vllm" in refusal.problem


@pytest.mark.parametrize("target", ["http://127.0.0.1:8780/gemini/v1?x=%2f", "http://LOCALHOST:8780/gemini/v1?x=%2f"])
def test_absolute_target_that_names_us__as_if_it_had_begun_at_its_slash(target: str) -> None:
    assert admitted(get(target)).target == b"/base/v1?x=%2f"


@pytest.mark.parametrize("target", ["http://127.0.0.1/gemini/v1", "http://my-vllm/gemini/v1", "*", "gemini/v1"])
def test_target_that_names_another_or_nothing__400(target: str) -> None:
    assert refused(get(target)).status == 400


def test_post_without_a_path__400_that_says_where_it_comes_from() -> None:
    refusal = refused(request("/gemini"))
    assert refusal.status == 400
    assert "GOOGLE_VERTEX_BASE_URL" in refusal.problem


@pytest.mark.parametrize("protocol", ["spdy/3.1", "tcp"])
def test_other_protocol_is_wanted__501_that_names_it(protocol: str) -> None:
    refusal = refused(get("/gemini/ws", f"Upgrade: {protocol}", "Connection: keep-alive, Upgrade"))
    assert refusal.status == 501
    assert protocol.lower() in refusal.problem


@pytest.mark.parametrize("protocol", ["h2c", "HTTP/2.0", "TLS/1.3, HTTP/1.1"])
def test_other_protocol_is_only_offered__answered_in_this_one(protocol: str) -> None:
    assert admitted(get(PLAIN, f"Upgrade: {protocol}", "Connection: Upgrade, HTTP2-Settings")).path == "/v1beta/models"


@pytest.mark.parametrize("raw", [get(PLAIN, "Upgrade: websocket"), get(PLAIN, "Upgrade: websocket", version="1.0")])
def test_other_protocol_that_is_not_wanted_of_this_connection__ignored(raw: bytes) -> None:
    assert admitted(raw).path == "/v1beta/models"


def test_call_is_told_from_what_is_none() -> None:
    route = admitted(request(UNARY)).route
    assert route is not None
    assert route.model == "gemini-2.5-flash"
    listed = admitted(get(PLAIN)).route
    assert listed is not None
    assert not listed.is_billable
    assert admitted(get("/gemini/unheard-of")).route is None


def test_absolute_target_may_name_the_host_of_an_upstream() -> None:
    """As clients send it through HTTP_PROXY."""
    endpoint = Endpoint("api.example", 443, True)
    destinations = {b"mine": a_destination(name="mine", endpoint=endpoint, base_path=b"/base")}
    head = read_request_head(get("http://api.example/base/v1?x=%2f"))
    admission = admit(head, destinations, ADDRESS)
    assert (admission.destination.name, admission.target, admission.host) == ("mine", b"/base/v1?x=%2f", "api.example")


@pytest.mark.parametrize(
    "target", ["http://api.example/v1", "http://api.example:8080/base/v1", "https://api.example/base/v1"]
)
def test_absolute_target_that_is_beside_an_upstream__400(target: str) -> None:
    destinations = {b"mine": a_destination(endpoint=Endpoint("api.example", 443, True), base_path=b"/base")}
    with pytest.raises(RequestRefused):
        admit(read_request_head(get(target)), destinations, ADDRESS)


@pytest.mark.parametrize("wish", ["follow", " CUT ", "Auto"])
def test_wish_for_a_departure_is_read_from_the_header(wish: str) -> None:
    admission = admitted(request(UNARY, b"", f"X-Sidecar-On-Departure: {wish}"))
    assert admission.wish == Wish(OnDeparture(wish.strip().lower()), WishedBy.REQUEST)


def test_wish_that_nobody_knows__400() -> None:
    assert refused(request(UNARY, b"", "X-Sidecar-On-Departure: linger")).status == 400


BY_ROUTE = Wish(OnDeparture.FOLLOW, WishedBy.ROUTE)
BY_UPSTREAM = Wish(OnDeparture.CUT, WishedBy.UPSTREAM)


@pytest.mark.parametrize(
    ("raw", "wish"),
    [
        (request(UNARY, b"", "X-Sidecar-On-Departure: auto"), Wish(OnDeparture.AUTO, WishedBy.REQUEST)),
        (request(UNARY, b"", "X-Sidecar-On-Departure:  "), BY_ROUTE),
        (request(UNARY), BY_ROUTE),
        (request(STREAM), BY_UPSTREAM),
    ],
)
def test_the_nearest_wish_counts(raw: bytes, wish: Wish) -> None:
    destination = a_destination(wish=BY_UPSTREAM, wishes=(("/*:generateContent", BY_ROUTE),))
    assert admitted(raw, destination).wish == wish


@pytest.mark.parametrize(("said", "may"), [("on", True), (" ON ", True), ("off", False), ("Off", False)])
def test_a_request_opts_out_of_the_rescue(said: str, may: bool) -> None:
    assert admitted(request(UNARY, b"", f"X-Sidecar-Rescue: {said}")).may_be_rescued is may


@pytest.mark.parametrize("said", ["yes", "false", "", "on, off"])
def test_rescue_that_nobody_knows__400(said: str) -> None:
    assert refused(request(UNARY, b"", f"X-Sidecar-Rescue: {said}")).status == 400


def test_a_request_can_not_opt_in_where_the_settings_say_no() -> None:
    said = "X-Sidecar-Rescue: on"
    assert not admitted(request(UNARY, b"", said), a_destination(may_be_rescued=False)).may_be_rescued
    off_for_some = a_destination(rescues=(("/*:generateContent", False),))
    assert not admitted(request(UNARY, b"", said), off_for_some).may_be_rescued
    assert admitted(request(STREAM), off_for_some).may_be_rescued


WAITS = "x-stainless-read-timeout: 29.5"
RAW_PREDICT = "/gemini/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-x:rawPredict"


@pytest.mark.parametrize(
    ("sends", "target", "headers", "added"),
    [
        (True, RAW_PREDICT, (WAITS,), b"X-Server-Timeout: 30\r\n"),
        (False, RAW_PREDICT, (WAITS,), b""),
        (True, RAW_PREDICT, (), b""),
        (True, RAW_PREDICT.replace("rawPredict", "streamRawPredict"), (WAITS,), b""),
        (True, "/gemini/unheard-of", (WAITS,), b""),
    ],
)
def test_provider_is_told_how_long_the_caller_waits_only_where_it_shall_be(
    sends: bool, target: str, headers: tuple[str, ...], added: bytes
) -> None:
    raw = request(target, b"", *headers, "Content-Length: 0")
    admission = admitted(raw, a_destination(sends_server_timeout=sends))
    assert admission.added == added
    written = request_head_for_upstream(read_request_head(raw), admission.target, b"h.example", added=admission.added)
    lines = "".join(f"{line}\r\n" for line in (*headers, "Content-Length: 0"))
    assert written == b"POST %b HTTP/1.1\r\nHost: h.example\r\n%b%b\r\n" % (
        admission.target,
        lines.encode(),
        added,
    )


def test_caller_names_itself_at_bounded_length() -> None:
    assert admitted(request(UNARY, b"", "X-Sidecar-Caller: a job")).caller == "a job"
    assert admitted(request(UNARY)).caller is None
    long = admitted(request(UNARY, b"", f"X-Sidecar-Caller: {'x' * 300}")).caller
    assert long is not None
    assert len(long) == MAX_CALLER_NAME


@pytest.mark.parametrize(
    ("target", "status_name"),
    [(b"/gemini/v1", "UNAVAILABLE"), (b"http://localhost:8780/gemini", "UNAVAILABLE"), (b"/nobody", None), (b"", None)],
)
def test_refusal_is_in_the_shape_of_the_dialect_where_there_is_one(target: bytes, status_name: str | None) -> None:
    error: dict[str, Any] = json.loads(error_body(target, DESTINATIONS, ADDRESS, RequestRefused(503, "a sentence")))[
        "error"
    ]
    assert error["code"] == 503
    assert error["message"] == "inference-sidecar: a sentence"
    assert error.get("status") == status_name

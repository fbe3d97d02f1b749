"""Inside of a tunnel host, port and path choose the upstream, and the first segment names nobody."""

import json

import pytest

from sidecar.config.settings import Settings
from sidecar.errors import RequestRefused
from sidecar.http1.head import read_request_head
from sidecar.proxy.admission import admit, error_body
from sidecar.proxy.destination import Endpoint, destinations_of
from sidecar.proxy.within import destination_at, locate_within
from tests.proxy.messages import UNARY_PATH, get, request
from tests.proxy.road import a_destination

ADDRESS = ("127.0.0.1", 8780)
ORIGIN = ("api.example", 443)
ENDPOINT = Endpoint("api.example", 443, True)
DESTINATIONS = {
    b"low": a_destination(name="low", endpoint=ENDPOINT, base_path=b"/v1"),
    b"deep": a_destination(name="deep", endpoint=ENDPOINT, base_path=b"/v1/deep"),
    b"elsewhere": a_destination(name="elsewhere", endpoint=Endpoint("b.example", 443, True)),
}


@pytest.mark.parametrize(
    ("target", "name", "rest"),
    [
        (b"/v1/a", "low", b"/a"),
        (b"/v1/deep/a?b", "deep", b"/a?b"),
        (b"/v1/deeper", "low", b"/deeper"),
        (b"/v1", "low", b""),
        (b"/v1?a", "low", b"?a"),
        (b"https://api.example/v1/deep", "deep", b""),
        (b"https://API.example.:443/v1/a", "low", b"/a"),
        (b"wss://api.example/v1/a", "low", b"/a"),
    ],
)
def test_upstream_whose_base_path_fits_best(target: bytes, name: str, rest: bytes) -> None:
    destination, found, host = locate_within(ORIGIN, target, DESTINATIONS)
    assert (destination.name, found, host) == (name, rest, "api.example")


@pytest.mark.parametrize("target", [b"/", b"/v10/a", b"/elsewhere/v1", b"/gemini" + UNARY_PATH.encode()])
def test_path_below_no_base_path__the_same_host_and_no_call(target: bytes) -> None:
    head = read_request_head(get(target.decode()))
    admission = admit(head, DESTINATIONS, ADDRESS, ORIGIN)
    assert (admission.target, admission.route) == (target, None)
    assert admission.destination.endpoint == ENDPOINT


def test_what_is_a_call_below_the_base_path_is_none_beside_it() -> None:
    routes = [
        admit(read_request_head(request(path, b"")), DESTINATIONS, ADDRESS, ORIGIN).route
        for path in ("/v1" + UNARY_PATH, UNARY_PATH)
    ]
    assert [route is not None for route in routes] == [True, False]


@pytest.mark.parametrize(
    ("target", "status", "sentence"),
    [
        (b"*", 400, "must start with / inside of a tunnel"),
        (b"a.example:443", 400, "must start with /"),
        (b"https://b.example/v1", 400, "another host than the tunnel"),
        (b"http://api.example/v1", 400, "another host"),
        (b"https://api.example:8443/v1", 400, "another host"),
        (b"https://u@api.example/v1", 400, "another host"),
    ],
)
def test_target_for_another_place__refused(target: bytes, status: int, sentence: str) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        locate_within(ORIGIN, target, DESTINATIONS)
    assert refused.value.status == status


def test_upstream_that_is_gone__404() -> None:
    with pytest.raises(RequestRefused, match="any more") as refused:
        locate_within(ORIGIN, b"/v1", {})
    assert refused.value.status == 404


@pytest.mark.parametrize("target", [b"/v1/a", b"/b", b"*", b""])
def test_error_has_the_shape_that_the_hosts_upstream_gives_it(target: bytes) -> None:
    body = json.loads(error_body(target, DESTINATIONS, ADDRESS, RequestRefused(503, "a sentence"), ORIGIN))
    assert (body["error"]["message"], body["error"]["status"]) == ("inference-sidecar: a sentence", "UNAVAILABLE")


def test_error_at_a_host_that_no_upstream_has_any_more__plain() -> None:
    assert "status" not in json.loads(error_body(b"/", {}, ADDRESS, RequestRefused(503, "a"), ORIGIN))["error"]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("us-central1-aiplatform.googleapis.com", "/v1/projects/p/locations/us-central1/x"),
        ("aiplatform.googleapis.com", "/v1/projects/p/locations/us-central1/x"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/invoke"),
        ("api.openai.com", "/v1/responses"),
    ],
)
def test_built_in_upstreams__the_host_that_the_tunnel_is_to(host: str, path: str) -> None:
    destinations = destinations_of(Settings())
    admission = admit(read_request_head(request(path, b"")), destinations, ADDRESS, (host, 443))
    assert admission.destination.endpoint_for(admission.path, admission.host).host == host
    assert admission.target == path.encode()


def test_place_that_no_upstream_has() -> None:
    assert destination_at(("c.example", 443), DESTINATIONS) is None

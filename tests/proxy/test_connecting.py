"""Where a CONNECT leads."""

import pytest

from sidecar.config.sockets import Connect, Others
from sidecar.errors import RequestRefused
from sidecar.providers.bedrock import serves as serves_region
from sidecar.providers.vertex import serves as serves_location
from sidecar.proxy.client_hello import BROKEN, ClientHello
from sidecar.proxy.connecting import Blind, Intercept, way_of, way_within
from sidecar.proxy.destination import Endpoint
from sidecar.telemetry.sockets import ConnectResult
from tests.proxy.road import a_destination

ON = Connect(intercept=True)
DESTINATIONS = {
    each.name.encode(): each
    for each in (
        a_destination(endpoint=Endpoint("api.example", 443, True)),
        a_destination(name="vllm", endpoint=Endpoint("vllm", 8000, False)),
        a_destination(name="odd", endpoint=Endpoint("odd.example", 8443, True)),
        a_destination(
            name="vertex",
            endpoint=Endpoint("aiplatform.googleapis.com", 443, True),
            serves_host=serves_location,
            follows_host=True,
        ),
        a_destination(name="gateway", endpoint=Endpoint("gateway", 443, True), serves_host=serves_region),
    )
}


@pytest.mark.parametrize(
    "place",
    [
        ("api.example", 443),
        ("api.example", 80),
        ("vllm", 8000),
        ("odd.example", 8443),
        ("us-central1-aiplatform.googleapis.com", 443),
        ("aiplatform.eu.rep.googleapis.com", 443),
        ("us-central1-aiplatform.googleapis.com", 80),
    ],
)
def test_place_of_an_upstream__intercepted(place: tuple[str, int]) -> None:
    assert way_of(place, DESTINATIONS, ON) == Intercept(place)


@pytest.mark.parametrize(
    "place",
    [
        ("other.example", 443),
        ("odd.example", 443),
        ("a.api.example", 443),
        ("storage.googleapis.com", 443),
        ("bedrock-runtime.us-east-1.amazonaws.com", 443),
    ],
    ids=[
        "no upstream",
        "another port",
        "below its host",
        "beside a region",
        "region of a provider that the upstream is not",
    ],
)
def test_place_of_nobody__a_blind_tunnel(place: tuple[str, int]) -> None:
    assert way_of(place, DESTINATIONS, ON) == Blind(place)


@pytest.mark.parametrize(
    ("place", "connect", "status", "sentence"),
    [
        (("api.example", 443), Connect(), 501, "proxy.connect.intercept"),
        (("other.example", 443), Connect(intercept=True, others=Others.REFUSE), 403, "proxy.connect.others"),
        (("other.example", 22), ON, 403, "port 22, only to 443 .proxy.connect.ports"),
        (("vllm", 80), ON, 403, "port 80"),
        (("other.example", 443), Connect(intercept=True, ports=()), 403, "only to none"),
    ],
    ids=["off", "others refused", "port that is not open", "port 80 of what speaks no TLS", "no ports"],
)
def test_refused__with_the_setting_that_does_it(
    place: tuple[str, int], connect: Connect, status: int, sentence: str
) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        way_of(place, DESTINATIONS, connect)
    assert refused.value.status == status


PLACE = ("api.example", 443)


@pytest.mark.parametrize(
    "hello",
    [
        ClientHello("api.example", (b"h2", b"http/1.1")),
        ClientHello("api.example", (b"http/1.0",)),
        ClientHello("api.example"),
        ClientHello(),
        BROKEN,
    ],
    ids=["both protocols", "the older one", "no protocols", "no name", "no hello"],
)
def test_client_that_can_speak_http_1_1__intercepted(hello: ClientHello) -> None:
    assert way_within(PLACE, hello, DESTINATIONS, is_permitted=True) == Intercept(PLACE)


def test_client_that_insists_on_http_2__blind_and_counted_as_such() -> None:
    way = way_within(PLACE, ClientHello("api.example", (b"grpc-exp", b"h2")), DESTINATIONS, is_permitted=True)
    assert way == Blind(PLACE, ConnectResult.GRPC, "gemini")


@pytest.mark.parametrize(
    ("place", "hello", "is_permitted"),
    [
        (PLACE, ClientHello("other.example"), True),
        (PLACE, ClientHello("api.example"), False),
        (("vllm", 8000), ClientHello("vllm"), True),
    ],
    ids=["another name than the tunnel's", "authority that may not speak for it", "upstream that speaks no TLS"],
)
def test_what_is_not_for_us_to_read__blind(place: tuple[str, int], hello: ClientHello, is_permitted: bool) -> None:
    assert way_within(place, hello, DESTINATIONS, is_permitted=is_permitted) == Blind(place, provider="gemini")


def test_upstream_that_is_gone_meanwhile__blind() -> None:
    assert way_within(PLACE, ClientHello("api.example"), {}, is_permitted=True) == Blind(PLACE)

"""From the settings to where a route leads."""

from pathlib import Path
from typing import Any

import pytest

from sidecar.config.settings import Settings
from sidecar.config.upstreams import Upstream, built_in_upstreams
from sidecar.lifecycle.policy import OnClose, OnDeparture, Wish, WishedBy
from sidecar.lifecycle.record import CallKind
from sidecar.providers.gemini import GEMINI
from sidecar.proxy.destination import Destination, Endpoint, destinations_of


def destination(settings: dict[str, Any] | None = None, **keys: Any) -> Destination:
    """The only upstream that these settings add."""
    upstream = Upstream.model_validate({"dialect": "gemini", "url": "http://127.0.0.1:1/base", **keys})
    upstreams = {**built_in_upstreams(), "mine": upstream}
    return destinations_of(Settings.model_validate({"upstreams": upstreams, **(settings or {})}))[b"mine"]


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (Endpoint("a.example", 443, True), b"a.example"),
        (Endpoint("a.example", 80, False), b"a.example"),
        (Endpoint("a.example", 443, False), b"a.example:443"),
        (Endpoint("a.example", 8443, True), b"a.example:8443"),
        (Endpoint("::1", 80, False), b"[::1]"),
        (Endpoint("::1", 8000, False), b"[::1]:8000"),
    ],
)
def test_host_header_leaves_out_the_schemes_own_port(endpoint: Endpoint, host: bytes) -> None:
    assert endpoint.host_header == host


def test_built_in_upstreams_lead_to_google_over_tls() -> None:
    found = destinations_of(Settings())
    assert found[b"gemini"].endpoint == Endpoint("generativelanguage.googleapis.com", 443, True, upstream="gemini")
    assert found[b"vertex"].endpoint.is_tls


def test_vertex_follows_the_location_in_the_path_unless_it_is_pointed_elsewhere() -> None:
    path = "/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent"
    assert destinations_of(Settings())[b"vertex"].endpoint_for(path).host == "europe-west4-aiplatform.googleapis.com"
    assert destination(dialect="vertex").endpoint_for(path).host == "127.0.0.1"


def test_one_location_of_vertex_is_one_endpoint_with_connections_of_its_own() -> None:
    vertex = destinations_of(Settings())[b"vertex"]
    path = "/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent"
    assert vertex.endpoint_for(path) is vertex.endpoint_for(path)
    assert vertex.endpoint_for(path).upstream == "vertex"
    assert vertex.endpoint_for(path) != vertex.endpoint_for(path.replace("west4", "west1"))


def test_upstream_that_is_configured__its_address_path_and_files(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("ca.pem", "me.pem", "me.key")]
    for file in files:
        Path(file).touch()
    keys: dict[str, Any] = dict(zip(("ca_file", "client_certificate_file", "client_key_file"), files, strict=True))
    found = destination(url="https://h.example:8443/a/b", **keys)
    assert found.endpoint == Endpoint("h.example", 8443, True, **keys, upstream="mine")
    assert found.base_path == b"/a/b"


def test_facts_of_the_dialect_hold_until_a_setting_says_otherwise() -> None:
    usual = destination()
    told = destination(on_close={"stream": "stops"})
    route = GEMINI.route("POST", "/v1/models/m:generateContent")
    assert route is not None
    assert [usual.on_close(route, kind) for kind in CallKind] == [OnClose.RUNS_ON, OnClose.RUNS_ON, OnClose.UNKNOWN]
    assert [told.on_close(route, kind) for kind in CallKind] == [OnClose.RUNS_ON, OnClose.STOPS, OnClose.UNKNOWN]


def fact(**keys: Any) -> dict[str, Any]:
    """A measurement at the upstream of `destination`, of streams."""
    return {
        "dialect": "gemini", "url": "http://127.0.0.1:1/base", "model": "m", "method": "generateContent", "stream": "stops",
        "measured_at": "2026-11-22T10:00:00Z", "evidence": "it was seen", "version": "1", **keys,
    }  # fmt: skip


def found_for(
    *facts: dict[str, Any], path: str = "/v1/models/m:streamGenerateContent", model: str = "m", **keys: Any
) -> OnClose:
    route = GEMINI.route("POST", path)
    assert route is not None
    return destination(measured=facts, **keys).on_close(route, CallKind.STREAM, model)


def test_what_was_measured_stands_above_the_table_and_below_what_is_set() -> None:
    assert found_for() is OnClose.RUNS_ON
    assert found_for(fact()) is OnClose.STOPS
    assert found_for(fact(), on_close={"stream": "unknown"}) is OnClose.UNKNOWN


def test_what_was_measured_last_counts_and_only_of_what_was_measured() -> None:
    assert found_for(fact(stream="runs_on"), fact()) is OnClose.RUNS_ON
    assert found_for(fact(stream=None, unary="runs_on"), fact()) is OnClose.STOPS


def test_what_was_measured_elsewhere_or_in_another_language_does_not_count() -> None:
    assert found_for(fact(url="http://127.0.0.1:2/base")) is OnClose.RUNS_ON
    assert found_for(fact(dialect="vertex")) is OnClose.RUNS_ON


def test_what_was_measured_of_one_method_or_model_holds_for_that_alone() -> None:
    of_method = fact(method="interactions.create", only_method=True)
    assert found_for(of_method) is OnClose.RUNS_ON
    assert found_for(of_method, path="/v1beta/interactions") is OnClose.STOPS
    assert found_for(fact(only_model=True)) is OnClose.STOPS
    assert found_for(fact(only_model=True), model="other") is OnClose.RUNS_ON
    assert found_for(fact(only_model=True), model="") is OnClose.RUNS_ON


ROUTES = [
    {"path": "/v1/images/*", "on_departure": "follow"},
    {"path": "/v1/*", "rescue": False},
    {"path": "/v1/images/edits", "rescue": True},
    {"path": "/v1/audio/speech", "on_departure": "cut", "rescue": True},
]


def test_what_is_wished_for_an_upstream_stands_above_what_is_wished_for_all() -> None:
    follow = {"calls": {"on_departure": "follow"}}
    assert destination().wish == Wish(OnDeparture.AUTO, WishedBy.SETTING)
    assert destination(follow).wish == Wish(OnDeparture.FOLLOW, WishedBy.SETTING)
    assert destination(follow, on_departure="cut").wish == Wish(OnDeparture.CUT, WishedBy.UPSTREAM)


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/v1/images/generations", Wish(OnDeparture.FOLLOW, WishedBy.ROUTE)),
        ("/v1/images/generations/a/b", Wish(OnDeparture.FOLLOW, WishedBy.ROUTE)),
        ("/v1/audio/speech", Wish(OnDeparture.CUT, WishedBy.ROUTE)),
        ("/v1/images", Wish(OnDeparture.AUTO, WishedBy.UPSTREAM)),
        ("/V1/images/generations", Wish(OnDeparture.AUTO, WishedBy.UPSTREAM)),
        ("/base/v1/images/generations", Wish(OnDeparture.AUTO, WishedBy.UPSTREAM)),
    ],
)
def test_what_is_wished_for_a_route_stands_above_that_for_its_upstream(path: str, wish: Wish) -> None:
    assert destination(routes=ROUTES, on_departure="auto").wish_for(path) == wish


@pytest.mark.parametrize(
    ("path", "may"),
    [("/v1/images/edits", False), ("/v1/audio/speech", False), ("/v1/chat/completions", False), ("/v2/x", True)],
)
def test_of_rules_that_match_the_first_that_says_so_counts(path: str, may: bool) -> None:
    assert destination(routes=ROUTES).may_rescue(path) is may


@pytest.mark.parametrize(
    ("everywhere", "here", "may"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_an_upstream_says_whether_its_answers_may_be_rescued(everywhere: bool, here: bool | None, may: bool) -> None:
    found = destination({"rescue": {"enabled": everywhere}}, rescue=here)
    assert found.may_be_rescued is may
    assert found.may_rescue("/v1") is may


@pytest.mark.parametrize(
    ("dialect", "server_timeout", "sends"),
    [
        ("gemini", "from_client", True),
        ("vertex", "from_client", True),
        ("openai", "from_client", False),
        ("anthropic", "from_client", False),
        ("gemini", "off", False),
    ],
)
def test_only_google_is_told_how_long_callers_wait_and_only_if_set(
    dialect: str, server_timeout: str, sends: bool
) -> None:
    found = destination({"calls": {"server_timeout": server_timeout}}, dialect=dialect)
    assert found.sends_server_timeout is sends


GATEWAY = {"url": "https://gateway.example"}


@pytest.mark.parametrize(
    ("upstreams", "kin"),
    [
        ({}, b"vertex"),
        ({"gemini": GATEWAY, "vertex": GATEWAY}, b"vertex"),
        ({"gemini": GATEWAY}, b""),
        ({"vertex": GATEWAY}, b""),
    ],
)
def test_gemini_hands_over_to_vertex_within_one_service_only(upstreams: dict[str, Any], kin: bytes) -> None:
    built_in = built_in_upstreams()
    changed = {name: {"dialect": built_in[name].dialect, **keys} for name, keys in upstreams.items()}
    found = destinations_of(Settings.model_validate({"upstreams": {**built_in, **changed}}))
    assert found[b"gemini"].kin == kin
    assert not any(each.kin for name, each in found.items() if name != b"gemini")


@pytest.mark.parametrize(
    ("url", "place", "is_there"),
    [
        ("https://api.example/base", ("api.example", 443), True),
        ("https://api.example/base", ("api.example", 80), True),
        ("https://api.example/base", ("other.example", 443), False),
        ("https://api.example:8443", ("api.example", 8443), True),
        ("https://api.example:8443", ("api.example", 443), False),
        ("http://vllm:8000", ("vllm", 8000), True),
        ("http://vllm:8000", ("vllm", 80), False),
        ("https://[::1]:8443", ("::1", 8443), True),
    ],
)
def test_place_of_a_tunnel(url: str, place: tuple[str, int], is_there: bool) -> None:
    assert destination(url=url).is_at(*place) is is_there


@pytest.mark.parametrize(
    ("dialect", "region"),
    [
        ("vertex", "europe-west4-aiplatform.googleapis.com"),
        ("bedrock", "bedrock-runtime.eu-west-1.amazonaws.com"),
    ],
)
def test_tunnel_to_a_region__for_the_provider_itself_and_never_for_a_gateway(dialect: str, region: str) -> None:
    provider, gateway = destinations_of(Settings())[dialect.encode()], destination(dialect=dialect)
    assert [each.is_at(region, port) for each in (provider, gateway) for port in (443, 80)] == [
        True,
        True,
        False,
        False,
    ]
    assert provider.endpoint_for("/v1", region).host == region


@pytest.mark.parametrize(
    ("path", "is_below"), [(b"/base", True), (b"/base/x", True), (b"/base?x", True), (b"/based", False), (b"/", False)]
)
def test_path_below_the_base_path__also_of_an_absolute_target(path: bytes, is_below: bool) -> None:
    assert destination().has_path(path) is is_below
    port = 80 if destination().endpoint.is_tls else destination().endpoint.port
    assert destination().serves(destination().endpoint.host, port, path) is is_below

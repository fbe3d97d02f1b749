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
    assert [usual.on_close(route, kind) for kind in CallKind] == [OnClose.RUNS_ON, OnClose.RUNS_ON]
    assert [told.on_close(route, kind) for kind in CallKind] == [OnClose.RUNS_ON, OnClose.STOPS]


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

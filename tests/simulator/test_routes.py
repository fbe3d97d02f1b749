"""What a request asks for, from its path."""

import pytest

from sidecar.simulator.routes import Dialect, Route, listed_model, route_of

G, V = Dialect.GEMINI, Dialect.VERTEX


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/models/gemini-2.5-flash:generateContent", Route(G, "generateContent", "gemini-2.5-flash")),
        (
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
            Route(G, "streamGenerateContent", "gemini-2.5-flash"),
        ),
        ("/gateway/v9/models/m:countTokens", Route(G, "countTokens", "m")),
        ("/v1/models/anthropic/claude-x:generateContent", Route(G, "generateContent", "anthropic/claude-x")),
        ("/v1/models/m@001:embedContent", Route(G, "embedContent", "m@001")),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/imagen-4.0-generate-001:predict",
            Route(V, "predict", "imagen-4.0-generate-001"),
        ),
        ("/v1beta1/publishers/google/models/m:generateContent", Route(V, "generateContent", "m")),
    ],
)
def test_a_method_called_on_a_model__a_route(path: str, route: Route):
    assert route_of("POST", path) == route


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/m:generateContent"),
        ("POST", "/"),
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:launchRockets"),
        ("POST", "/v1/models/:generateContent"),
        ("POST", "/v1/files:generateContent"),
    ],
)
def test_anything_else__no_route(method: str, path: str):
    assert route_of(method, path) is None


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/models", ""),
        ("GET", "/v1/models/m", "m"),
        ("GET", "/v1beta1/publishers/google/models/m", "m"),
        ("GET", "/v1/models/m:generateContent", None),
        ("GET", "/v1/models/m/operations/o", None),
        ("DELETE", "/v1/models/m", None),
        ("GET", "/v1/files", None),
    ],
)
def test_listing__one_or_all(method: str, path: str, name: str | None):
    assert listed_model(method, path) == name

"""What a request asks for, from its path."""

import pytest

from sidecar.simulator.routes import Dialect, Route, listed_model, lister_of, route_of

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
    ("path", "dialect", "method", "model"),
    [
        ("/v1/chat/completions", "openai", "chat.completions", ""),
        ("/v1beta/openai/chat/completions", "openai", "chat.completions", ""),
        ("/openai/v1/completions", "openai", "completions", ""),
        ("/v1/responses", "openai", "responses", ""),
        ("/v1/embeddings", "openai", "embeddings", ""),
        ("/v1/images/generations", "openai", "images.generations", ""),
        ("/v1/messages", "anthropic", "messages", ""),
        ("/anthropic/v1/messages", "anthropic", "messages", ""),
        ("/v1/messages/count_tokens", "anthropic", "messages.count_tokens", ""),
        ("/api/chat", "ollama", "chat", ""),
        ("/model/anthropic.claude-x-v1:0/converse", "bedrock", "converse", "anthropic.claude-x-v1:0"),
        (
            "/model/arn:aws:bedrock:x:1:inference-profile/p/invoke",
            "bedrock",
            "invoke",
            "arn:aws:bedrock:x:1:inference-profile/p",
        ),
        ("/v1/publishers/anthropic/models/claude-x@1:streamRawPredict", "vertex", "streamRawPredict", "claude-x@1"),
        ("/v1/publishers/anthropic/models/count-tokens:rawPredict", "vertex", "messages.count_tokens", ""),
    ],
)
def test_every_other_dialect__a_route_by_the_end_of_the_path(path: str, dialect: str, method: str, model: str):
    assert route_of("POST", path) == Route(Dialect(dialect), method, model)


@pytest.mark.parametrize(
    ("route", "is_stream"),
    [
        (Route(G, "streamGenerateContent", "m"), True),
        (Route(Dialect.BEDROCK, "converse-stream", "m"), True),
        (Route(Dialect.BEDROCK, "converse", "m"), False),
        (Route(Dialect.OPENAI, "responses", "m", asks_stream=True), True),
    ],
)
def test_a_stream__by_the_method_or_by_the_body(route: Route, is_stream: bool):
    assert route.is_stream == is_stream


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/v1/models", {}, "gemini"),
        ("/v1/models", {"authorization": "Bearer k"}, "openai"),
        ("/v1/models", {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}, "anthropic"),
        ("/v1/publishers/google/models", {"authorization": "Bearer k"}, "vertex"),
        ("/api/tags", {}, "ollama"),
    ],
)
def test_the_manner_of_a_list__told_from_the_callers_headers(path: str, headers: dict[str, str], dialect: str):
    assert lister_of(path, headers) is Dialect(dialect)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/m:generateContent"),
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/model/m/count-tokens"),
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

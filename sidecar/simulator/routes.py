"""What a request asks for, told from its method and path. Any API version and any base path will do."""

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Dialect(StrEnum):
    """Whose manner of speaking the path has."""

    GEMINI = "gemini"
    VERTEX = "vertex"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    BEDROCK = "bedrock"
    OLLAMA = "ollama"
    REPLICATE = "replicate"
    RUNPOD = "runpod"


class Route(msgspec.Struct, frozen=True):
    """A method called on a model."""

    dialect: Dialect
    method: str
    model: str
    """Empty until the body is read, where it is the body that names it."""
    asks_stream: bool = False
    """The body asks for an answer that comes piece by piece."""

    @property
    def is_stream(self) -> bool:
        """The answer is to come piece by piece: by the method, or by the body."""
        return self.asks_stream or self.method in STREAMS


STREAMS = frozenset({"streamGenerateContent", "streamRawPredict", "converse-stream", "invoke-with-response-stream"})
"""Methods that always stream."""
VERTEX_MARKS = ("/publishers/", "/projects/")
CALLED = frozenset(
    {
        "generateContent",
        "streamGenerateContent",
        "embedContent",
        "batchEmbedContents",
        "predict",
        "rawPredict",
        "streamRawPredict",
        "countTokens",
        "computeTokens",
    }
)
"""Google's methods, behind a colon."""
ENDINGS: tuple[tuple[str, Dialect, str], ...] = (
    ("/chat/completions", Dialect.OPENAI, "chat.completions"),
    ("/completions", Dialect.OPENAI, "completions"),
    ("/responses", Dialect.OPENAI, "responses"),
    ("/embeddings", Dialect.OPENAI, "embeddings"),
    ("/images/generations", Dialect.OPENAI, "images.generations"),
    ("/v1/messages", Dialect.ANTHROPIC, "messages"),
    ("/v1/messages/count_tokens", Dialect.ANTHROPIC, "messages.count_tokens"),
    ("/api/chat", Dialect.OLLAMA, "chat"),
    ("/api/generate", Dialect.OLLAMA, "generate"),
)
"""How a path ends -> what it asks for. The body names the model; the first row that fits is it."""
BEDROCK_PATH = re.compile(
    r"/model/(?P<model>.+)/(?P<method>converse|converse-stream|invoke|invoke-with-response-stream)$"
)
"""The id may be an ARN, whose slashes the SDKs encode; the path is seen decoded."""


def dialect_of(path: str) -> Dialect:
    """Of a path of Google's: Vertex where it names a publisher or a project."""
    return Dialect.VERTEX if any(mark in path for mark in VERTEX_MARKS) else Dialect.GEMINI


def route_of(http_method: str, path: str) -> Route | None:
    """The method that a request calls, or None when it calls none of ours. `path` is percent-decoded, without its query."""
    if http_method != "POST":
        return None
    for ending, dialect, method in ENDINGS:
        if path.endswith(ending):
            return Route(dialect, method, "")
    if found := BEDROCK_PATH.search(path):
        return Route(Dialect.BEDROCK, found["method"], found["model"])
    return _google(path)


def _google(path: str) -> Route | None:
    if path.endswith("/interactions"):
        return Route(dialect_of(path), "interactions", "")
    target, colon, method = path.rpartition(":")
    _, models, model = target.rpartition("/models/")
    if not colon or method not in CALLED or not models or not model:
        return None
    if model == "count-tokens" and method == "rawPredict":  # Claude's, on Vertex: the body names the model
        return Route(Dialect.VERTEX, "messages.count_tokens", "")
    return Route(dialect_of(path), method, model)


def listed_model(http_method: str, path: str) -> str | None:
    """The model whose description is asked for; empty for all of them; None when the request is something else."""
    if http_method != "GET":
        return None
    if path.endswith(("/models", "/api/tags")):
        return ""
    _, models, name = path.rpartition("/models/")
    return name if models and name and "/" not in name and ":" not in name else None


def lister_of(path: str, headers: Mapping[str, str]) -> Dialect:
    """In whose manner models are listed. Three houses list them at `/v1/models`: their clients' headers differ."""
    if path.endswith("/api/tags"):
        return Dialect.OLLAMA
    if "anthropic-version" in headers:
        return Dialect.ANTHROPIC
    if headers.get("authorization", "").startswith("Bearer ") and dialect_of(path) is Dialect.GEMINI:
        return Dialect.OPENAI
    return dialect_of(path)

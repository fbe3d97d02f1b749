"""What a request asks for, told from its method and path. Any API version and any base path will do."""

from enum import StrEnum

import msgspec


class Dialect(StrEnum):
    """Whose manner of speaking the path has."""

    GEMINI = "gemini"
    VERTEX = "vertex"


class Route(msgspec.Struct, frozen=True):
    """A method called on a model."""

    dialect: Dialect
    method: str
    model: str


VERTEX_MARKS = ("/publishers/", "/projects/")
CALLED = frozenset(
    {
        "generateContent",
        "streamGenerateContent",
        "embedContent",
        "batchEmbedContents",
        "predict",
        "countTokens",
        "computeTokens",
    }
)


def dialect_of(path: str) -> Dialect:
    """Vertex where the path names a publisher or a project."""
    return Dialect.VERTEX if any(mark in path for mark in VERTEX_MARKS) else Dialect.GEMINI


def route_of(http_method: str, path: str) -> Route | None:
    """The method that a request calls, or None when it calls none of ours. `path` is without its query."""
    target, colon, method = path.rpartition(":")
    if http_method != "POST" or not colon or method not in CALLED:
        return None
    _, models, model = target.rpartition("/models/")
    return Route(dialect_of(path), method, model) if models and model else None


def listed_model(http_method: str, path: str) -> str | None:
    """The model whose description is asked for; empty for all of them; None when the request is something else."""
    if http_method != "GET":
        return None
    if path.endswith("/models"):
        return ""
    _, models, name = path.rpartition("/models/")
    return name if models and name and "/" not in name and ":" not in name else None

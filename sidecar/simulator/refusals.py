"""Errors in the shapes of everybody but Google (whose is in `declined.py`). Pure."""

from collections.abc import Callable
from typing import Any

from sidecar.simulator.declined import Declined
from sidecar.simulator.routes import Dialect

OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 429: "requests"}
ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
BEDROCK_EXCEPTIONS = {
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


def openai_error(declined: Declined) -> dict[str, Any]:
    """OpenAI's error envelope."""
    otherwise = "server_error" if declined.status >= 500 else "invalid_request_error"
    kind = OPENAI_TYPES.get(declined.status, otherwise)
    code = "rate_limit_exceeded" if declined.status == 429 else None
    return {"error": {"message": declined.message, "type": kind, "param": None, "code": code}}


def anthropic_error(declined: Declined) -> dict[str, Any]:
    """Anthropic's error envelope; also what its streams carry as an `error` event."""
    otherwise = "api_error" if declined.status >= 500 else "invalid_request_error"
    kind = ANTHROPIC_TYPES.get(declined.status, otherwise)
    return {"type": "error", "error": {"type": kind, "message": declined.message}}


def replicate_error(declined: Declined) -> dict[str, Any]:
    """Replicate's error."""
    return {"title": declined.rpc.replace("_", " ").title(), "detail": declined.message, "status": declined.status}


def runpod_error(declined: Declined) -> dict[str, Any]:
    """RunPod's error."""
    return {"error": declined.message}


def refusal(dialect: Dialect, declined: Declined) -> dict[str, Any]:
    """The error in a dialect's shape; Google's where it has none of its own."""
    write = ERRORS.get(dialect)
    return write(declined) if write else declined.as_object()


def bedrock_exception(declined: Declined) -> str:
    """The name of the exception, which AWS says in a header."""
    return BEDROCK_EXCEPTIONS.get(declined.status, "ValidationException")


ERRORS: dict[Dialect, Callable[[Declined], dict[str, Any]]] = {
    Dialect.OPENAI: openai_error,
    Dialect.ANTHROPIC: anthropic_error,
    Dialect.REPLICATE: replicate_error,
    Dialect.RUNPOD: runpod_error,
}

"""Errors of the API as RFC 9457 wants them: `application/problem+json`, whatever went wrong and wherever it was noticed."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

MEDIA_TYPE: Final = "application/problem+json"
NOT_ALLOWED, UNPROCESSABLE, INTERNAL = 405, 422, 500
METHODS: Final = ("GET", "HEAD", "POST", "PUT")
"""Those that any route of ours has."""
MOST_FAULTS: Final = 5
"""Of a request, named in its answer."""

SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457. `detail` is a sentence for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`about:blank`: the status says all that a program needs."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
    },
}

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "It could not be done; says why.",
        "content": {MEDIA_TYPE: {"schema": SCHEMA}},
    }
}
"""What every route of the API declares."""


class Problem(JSONResponse):
    """A refusal or a failure."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        title = HTTPStatus(status).phrase
        super().__init__({"type": "about:blank", "title": title, "status": status, "detail": detail}, status, headers)


def _refusal_of(status: int, detail: str) -> bytes:
    """A whole reply, for what is refused before there is a request."""
    body = bytes(Problem(status, detail).body)
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


BAD_REQUEST: Final = _refusal_of(400, "this is no HTTP request")
TOO_SLOW: Final = _refusal_of(408, "the request took too long to come")
TOO_LARGE: Final = _refusal_of(413, "the request is larger than anything that is asked here")
FULL: Final = _refusal_of(503, "there are too many connections to this socket")


def tell_problems(app: FastAPI) -> None:
    """Let an application answer all its errors so."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, why: HTTPException) -> Response:
        headers = dict(why.headers or {})
        if why.status_code == NOT_ALLOWED:
            headers["Allow"] = ", ".join(methods_at(app, request.scope))
        return Problem(why.status_code, why.detail, headers)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(_request: Request, why: RequestValidationError) -> Response:
        faults = why.errors()
        said = [sentence_of(fault) for fault in faults[:MOST_FAULTS]]
        more = [f"{len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        return Problem(UNPROCESSABLE, "; ".join(said + more))

    @app.exception_handler(Exception)
    async def failed(_request: Request, _why: Exception) -> Response:
        return Problem(INTERNAL, "the sidecar failed to answer; its log says why")


def methods_at(app: FastAPI, scope: Scope) -> list[str]:
    """The methods of all routes at a path, where Starlette says those of the first one."""
    return [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.router.routes)
    ]


def sentence_of(fault: dict[str, Any]) -> str:
    """One fault of a request: where it is, and what is wrong with it. Never repeats what was sent."""
    where, *steps = (str(step) for step in fault.get("loc", ("request",)))
    place = f"{where} {'.'.join(steps)}" if steps else where
    return f"{place}: {str(fault.get('msg', 'is wrong')).lower()}"

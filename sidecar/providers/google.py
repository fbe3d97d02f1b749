"""What the Gemini API and Vertex AI have in common on the wire: one set of methods under two roofs.

What a request is stands in `google_routes.py`; what is no row there passes through unmetered.
"""

from functools import lru_cache

import msgspec

from sidecar.providers.contract import Route
from sidecar.providers.google_routes import route_of
from sidecar.providers.on_close import OnCloseFacts
from sidecar.providers.paths import LONGEST_PATH, MOST_ROUTES

STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 408: "DEADLINE_EXCEEDED",
    409: "ABORTED", 425: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
"""google.rpc names of HTTP statuses (google-wire 9)."""

PATHLESS = (
    "the request has no path, so its method and model are lost: google-genai sends this in Vertex mode when a base URL is "
    "set (GOOGLE_VERTEX_BASE_URL; with GOOGLE_GENAI_USE_VERTEXAI, GOOGLE_GEMINI_BASE_URL) but project and location come only "
    "from the environment (GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION); pass project= and location= to the client"
)


class GoogleDialect:
    """The `Dialect` of one of the two services."""

    __slots__ = ("hosts", "name", "on_close", "provider")

    def __init__(self, name: str, provider: str, on_close: OnCloseFacts) -> None:
        self.name = name
        self.provider = provider
        self.on_close = on_close
        self.hosts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<GoogleDialect {self.name}>"

    def route(self, method: str, path: str) -> Route | None:
        """What a request is; None when it is nothing that we know."""
        path = path.partition("?")[0]  # before it is remembered: a query may hold an API key
        return remembered_route(method, path) if len(path) <= LONGEST_PATH else route_of(method, path)

    def refusal(self, method: str, path: str) -> str | None:
        """The sentence for a request that has lost its path."""
        return PATHLESS if method == "POST" and path.partition("?")[0] in ("", "/") else None

    def error_body(self, status: int, message: str) -> bytes:
        """An error in Google's envelope."""
        name = STATUS_NAMES.get(status) or ("INVALID_ARGUMENT" if status < 500 else "INTERNAL")
        return msgspec.json.encode({"error": {"code": status, "message": message, "status": name}})


remembered_route = lru_cache(MOST_ROUTES)(route_of)

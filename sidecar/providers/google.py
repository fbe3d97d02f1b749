"""What the Gemini API and Vertex AI have in common on the wire: one set of methods under two roofs.

A request's method stands behind the last `:` of its path, its model before it (google-wire 1). The version, a base path
before it and `projects/../locations/..` in it may be there or not, and tell us nothing. What is not in `METHODS` passes
through unmetered; models of other publishers too, since their replies are in their own dialects.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import OnCloseFacts, ReplyHead, ReplyReader, RequestReader, Route
from sidecar.providers.google_predict import ImageSizeReader, open_predict
from sidecar.providers.google_reported import reported_in
from sidecar.providers.google_stream import open_stream
from sidecar.providers.unary import UnaryReader


class Method(msgspec.Struct, frozen=True):
    """What a method is to us."""

    kind: CallKind
    is_billable: bool
    open_reply: Callable[[ReplyHead, dict[str, str]], ReplyReader]
    open_request: Callable[[], RequestReader] | None = None


def open_unary(head: ReplyHead, facts: dict[str, str]) -> ReplyReader:
    """The reader of a whole reply that has `usageMetadata`."""
    return UnaryReader(reported_in, head)


METHODS = {
    "generateContent": Method(CallKind.UNARY, True, open_unary),
    "streamGenerateContent": Method(CallKind.STREAM, True, open_stream),
    "embedContent": Method(CallKind.UNARY, True, open_unary),
    "batchEmbedContents": Method(CallKind.UNARY, True, open_unary),
    "predict": Method(CallKind.UNARY, True, open_predict, ImageSizeReader),
    "countTokens": Method(CallKind.UNARY, False, open_unary),
    "computeTokens": Method(CallKind.UNARY, False, open_unary),
}
"""By the verb behind the last colon; all are POST."""

TARGET = re.compile(
    r"(?P<before>(?:/.*)?/)(?:models/(?P<model>.+)|(?:tunedModels|endpoints|dynamic)/(?P<other>[^/:]+))"
)
"""The collection nearest to the verb and what is named in it: ids of `models/` may hold `/`, `:` and `@`."""
PUBLISHER = re.compile(r"/publishers/([^/]+)/$")

STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 408: "DEADLINE_EXCEEDED",
    409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 502: "UNAVAILABLE",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
"""google.rpc names of HTTP statuses (google-wire 9)."""

PATHLESS = (
    "the request has no path, so its method and model are lost: google-genai sends this when GOOGLE_VERTEX_BASE_URL is set "
    "but project and location come only from the environment (GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION); "
    "pass project= and location= to the client, or set the base URL with http_options"
)

MOST_ROUTES = 1024
LONGEST_PATH = 512
"""Characters; a longer path is worked out each time, so that the memory of the routes is bounded."""


class GoogleDialect:
    """The `Dialect` of one of the two services."""

    __slots__ = ("name", "on_close", "provider", "tier_header")

    def __init__(self, name: str, provider: str, on_close: OnCloseFacts) -> None:
        self.name = name
        self.provider = provider
        self.on_close = on_close
        self.tier_header = "x-gemini-service-tier"

    def __repr__(self) -> str:
        return f"<GoogleDialect {self.name}>"

    def route(self, method: str, path: str) -> Route | None:
        """The call that a request makes; None when it is none."""
        if method != "POST":
            return None
        path = path.partition("?")[0]  # before it is remembered: a query may hold an API key
        return remembered_route(path) if len(path) <= LONGEST_PATH else route_of(path)

    def refusal(self, method: str, path: str) -> str | None:
        """The sentence for a request that has lost its path."""
        return PATHLESS if method == "POST" and path.partition("?")[0] in ("", "/") else None

    def error_body(self, status: int, message: str) -> bytes:
        """An error in Google's envelope."""
        name = STATUS_NAMES.get(status) or ("INVALID_ARGUMENT" if status < 500 else "INTERNAL")
        return msgspec.json.encode({"error": {"code": status, "message": message, "status": name}})


def route_of(path: str) -> Route | None:
    """The call that a POST to this path, without query, makes."""
    target, _, verb = (unquote(path) if "%" in path else path).rpartition(":")
    method = METHODS.get(verb)
    found = TARGET.fullmatch(target) if method else None
    if method is None or found is None:
        return None
    publisher = PUBLISHER.search(found["before"])
    if publisher and publisher[1] != "google":
        return None
    return Route(
        method=verb,
        kind=method.kind,
        model=found["model"] or found["other"],
        is_billable=method.is_billable,
        open_reply=method.open_reply,
        open_request=method.open_request,
    )


remembered_route = lru_cache(MOST_ROUTES)(route_of)

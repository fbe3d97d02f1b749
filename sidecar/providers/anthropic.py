"""Anthropic's API, and the Messages API wherever else it is served: tables of paths, and what each is to us.

Patterns are suffixes (providers-wire 3): before them stands whatever the place puts there, `/anthropic` (Microsoft Foundry,
Bedrock Mantle, other makers' compatible endpoints) or `/v1/projects/../locations/..` (claude.googleapis.com). Whoever serves
`/v1/messages` among other things takes `MESSAGES_ROUTES` into a table of its own; Vertex asks `route_on_vertex`.
"""

import re

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.providers.anthropic_batches import BATCHES, RESULTS, BatchRequest
from sidecar.providers.anthropic_dreams import DREAMS
from sidecar.providers.anthropic_reported import completion_in, message_in
from sidecar.providers.anthropic_stream import message_stream
from sidecar.providers.contract import ReplyHead, ReplyReader, RequestFacts, Role, Route
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.names import name_of
from sidecar.providers.operation_requests import about, opening_request
from sidecar.providers.paths import ASKS, PathDialect, Row, unread
from sidecar.providers.unary import UnaryReader
from sidecar.providers.unread import open_unread


def open_messages(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a message: events or one document, as the reply's content type says."""
    return message_stream(head) if head.is_event_stream else UnaryReader(message_in, head)


open_messages_request = ASKS
"""The reader of a request for a message: its model, and whether it is to come as a stream."""


def open_completion(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The same for the legacy `/v1/complete`, whose replies report nothing: what was written is counted."""
    return message_stream(head) if head.is_event_stream else UnaryReader(completion_in, head)


MESSAGES_ROUTES = (
    Row("messages", re.compile(r"/v1/messages$"), Role.CALL, open_messages, open_messages_request),
    unread("messages.count_tokens", r"/v1/messages/count_tokens$"),
)
"""What every server of the Messages API has."""

RESOURCES = r"/v1/(agents|deployments|dreams|environments|files|memory_stores|sessions|skills|vaults)(/.+)?$"
"""What is only kept, and free."""

ROUTES = (
    *MESSAGES_ROUTES,
    Row("complete", re.compile(r"/v1/complete$"), Role.CALL, open_completion, open_messages_request),
    about(BATCHES, "messages.batches", r"/v1/messages/batches$", Role.SUBMIT, open_request=BatchRequest),
    unread("messages.batches.list", r"/v1/messages/batches$", verb="GET"),
    about(BATCHES, "messages.batches.get", r"/v1/messages/batches/(?P<id>[^/]+)$", Role.POLL, "GET"),
    about(RESULTS, "messages.batches.results", r"/v1/messages/batches/(?P<id>[^/]+)/results$", Role.POLL, "GET"),
    about(BATCHES, "messages.batches.cancel", r"/v1/messages/batches/(?P<id>[^/]+)/cancel$", Role.CANCEL),
    unread("messages.batches.delete", r"/v1/messages/batches/[^/]+$", verb="DELETE"),
    about(DREAMS, "dreams", r"/v1/dreams$", Role.SUBMIT, open_request=opening_request()),
    about(DREAMS, "dreams.get", r"/v1/dreams/(?P<id>[^/]+)$", Role.POLL, "GET"),
    about(DREAMS, "dreams.cancel", r"/v1/dreams/(?P<id>[^/]+)/cancel$", Role.CANCEL),
    unread("sessions", r"/v1/sessions(/[^/]+/events)?$", Role.SUBMIT),
    unread("sessions.get", r"/v1/sessions/(?P<id>[^/]+)(/events|/threads)?(/.+)?$", Role.POLL, "GET"),
    unread("deployments.run", r"/v1/deployments/[^/]+/run$", Role.SUBMIT),
    unread("deployments.runs.get", r"/v1/deployment_runs/(?P<id>[^/]+)$", Role.POLL, "GET"),
    *(unread("models", r"/v1/models(/[^/]+)?$", verb=verb) for verb in ("GET", "HEAD")),
    *(unread("resources", RESOURCES, verb=verb) for verb in ("GET", "POST", "DELETE")),
)  # fmt: skip
"""A session's turns are opened by events and stopped by one (`user.interrupt`), so its cancel has no path of its own, and it
is no operation of ours (`anthropic_dreams`); a deployment's run is the record of a session that was opened (providers-wire 5)."""

VERTEX_KINDS = {"rawPredict": CallKind.UNARY, "streamRawPredict": CallKind.STREAM}
COUNT_TOKENS = "count-tokens"
"""What stands for the model where tokens are counted (`models/count-tokens:rawPredict`)."""


def route_on_vertex(verb: str, model: str) -> Route | None:
    """The route of `publishers/anthropic/models/{model}:{verb}`; None when the verb is none of Claude's."""
    if verb not in VERTEX_KINDS:
        return None
    if model == COUNT_TOKENS:
        return Route(method=verb, kind=CallKind.UNARY, model="", open_reply=open_unread, role=Role.FREE)
    return Route(
        method=verb,
        kind=VERTEX_KINDS[verb],
        model=name_of(model),
        open_reply=open_messages,
        open_request=open_messages_request,
        on_close=ON_CLOSE["anthropic.elsewhere"],
    )


# === the dialect ===

ERROR_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 408: "timeout_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
    503: "overloaded_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
"""By HTTP status, as anthropic-python 2.12 types them."""


def envelope(status: int, message: str) -> object:
    """An error as Anthropic's SDKs read it."""
    kind = ERROR_TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


TWICE_V1 = (
    "the path says /v1 twice: the base URL of Anthropic's SDKs (ANTHROPIC_BASE_URL, or base_url=) must end before /v1, which "
    "they add themselves"
)


class AnthropicDialect(PathDialect):
    """The `Dialect` of Anthropic's own API and of those that serve its like."""

    __slots__ = ()

    def refusal(self, method: str, path: str) -> str | None:
        """The sentence for a base URL that holds what the SDK adds."""
        return TWICE_V1 if "/v1/v1/" in path.partition("?")[0] else None

    def _route_of(self, method: str, path: str) -> Route | None:
        """Behind a prefix of the path (`/anthropic/v1/messages`) somebody else serves: Anthropic's habits are not theirs."""
        route = super()._route_of(method, path)
        if route is None or path.startswith("/v1/"):
            return route
        return msgspec.structs.replace(route, on_close=ON_CLOSE["anthropic.elsewhere"])


ANTHROPIC = AnthropicDialect(
    name="anthropic",
    provider="anthropic",
    hosts=("api.anthropic.com", "claude.googleapis.com", "aws-external-anthropic.*.api.aws", "*.services.ai.azure.com"),
    on_close=ON_CLOSE["anthropic"],
    rows=ROUTES,
    envelope=envelope,
)
"""Its hosts are Anthropic's own, and where others sell the same platform at the same list price."""

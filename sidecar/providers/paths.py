"""A dialect whose requests are told by verb and path: rows of data, and the class that looks them up.

The first row that fits counts. What no row fits is asked of `then`, the other dialect that the same server speaks.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import unquote

import msgspec

from sidecar.bodies.lenient import decoded
from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import (
    Inquiry,
    ReplyHead,
    ReplyReader,
    RequestFacts,
    RequestHead,
    RequestReader,
    Role,
    Route,
)
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.live import LiveReader
from sidecar.providers.names import name_of
from sidecar.providers.on_close import OnCloseFacts
from sidecar.providers.operation import OperationWire
from sidecar.providers.unary import Extract, UnaryReader
from sidecar.providers.unread import open_unread

OpenReply = Callable[[ReplyHead, RequestFacts], ReplyReader]
OpenRequest = Callable[[RequestHead], RequestReader]
OpenLive = Callable[[str], LiveReader]

MOST_ROUTES = 1024
LONGEST_PATH = 512
"""Characters; a longer path is worked out each time, so that the memory of the routes is bounded."""


def whole(extract: Extract) -> OpenReply:
    """Makes the reader of a reply that is one document."""
    return lambda head, facts: UnaryReader(extract, head)


class Row(msgspec.Struct, frozen=True):
    """What requests with one verb and one form of path are."""

    method: str
    """Our name for it, as the provider has it."""
    path: re.Pattern[str]
    """Searched in the path, without its query; a group `model` names the model."""
    role: Role = Role.CALL
    open_reply: OpenReply = open_unread
    open_request: OpenRequest | None = None
    """Given where only the body names the model or the kind."""
    verb: str = "POST"
    kind: CallKind = CallKind.UNARY
    reply_headers: tuple[str, ...] = ()
    asks_usage: bool = False
    asks_in_chunks: bool = False
    inquiry: Inquiry | None = None
    operation: OperationWire | None = None
    """The family of operations that the requests are about; a group `id` in the path names the one."""
    open_live: OpenLive | None = None
    """Of requests that open a socket in which calls are made."""


def socket(method: str, path: str, open_live: OpenLive) -> Row:
    """A row of requests that open a socket in which calls are made."""
    return Row(method, re.compile(path), Role.LIVE, verb="GET", kind=CallKind.LIVE, open_live=open_live)


def unread(method: str, path: str, role: Role = Role.FREE, verb: str = "POST") -> Row:
    """A row whose replies hold nothing of what a call used."""
    return Row(method, re.compile(path), role, verb=verb)


class Asked(msgspec.Struct, gc=False):
    """A request, as far as it says what it is."""

    model: object = None
    stream: object = None


ASKED = msgspec.json.Decoder(Asked)


def asked_in(document: bytes, is_stream: bool | None = None) -> RequestFacts:
    """Model and kind; `is_stream` is what holds for a request that does not say.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    asked = decoded(ASKED, document)
    return RequestFacts(name_of(asked.model), asked.stream if isinstance(asked.stream, bool) else is_stream)


ASKS: OpenRequest = partial(JsonRequest, asked_in)
"""The reader of a request whose body names the model, and perhaps asks for a stream."""

Envelope = Callable[[int, str], object]
"""An error's status and sentence, as the provider's SDK expects them."""


class PathDialect:
    """The `Dialect` of a service whose requests are told by their paths."""

    __slots__ = ("_envelope", "_remembered", "_rows", "_then", "hosts", "name", "on_close", "provider")

    def __init__(
        self,
        name: str,
        provider: str,
        hosts: tuple[str, ...],
        on_close: OnCloseFacts,
        *,
        rows: tuple[Row, ...],
        envelope: Envelope,
        then: Callable[[str, str], Route | None] | None = None,
    ) -> None:
        self.name = name
        self.provider = provider
        self.hosts = hosts
        self.on_close = on_close
        self._rows = rows
        self._envelope = envelope
        self._then = then
        self._remembered = lru_cache(MOST_ROUTES)(self._route_of)

    def __repr__(self) -> str:
        return f"<PathDialect {self.name}>"

    def route(self, method: str, path: str) -> Route | None:
        """What a request is; None when no row has it."""
        path = path.partition("?")[0]  # before it is remembered: a query may hold a key
        return self._remembered(method, path) if len(path) <= LONGEST_PATH else self._route_of(method, path)

    def refusal(self, method: str, path: str) -> str | None:
        """No request can only be a mistake."""
        return None

    def error_body(self, status: int, message: str) -> bytes:
        """An error in the provider's shape."""
        return msgspec.json.encode(self._envelope(status, message))

    def _route_of(self, method: str, path: str) -> Route | None:
        plain = unquote(path) if "%" in path else path
        for row in self._rows:
            if row.verb == method and (found := row.path.search(plain)):
                return route_of(row, found)
        return self._then(method, path) if self._then else None


def route_of(row: Row, found: re.Match[str]) -> Route:
    """The route of a row that fits."""
    return Route(
        method=row.method,
        kind=row.kind,
        model=name_of(found.groupdict().get("model")),
        open_reply=row.open_reply,
        role=row.role,
        open_request=row.open_request,
        needs_body=row.open_request is not None,
        asks_usage=row.asks_usage,
        asks_in_chunks=row.asks_in_chunks,
        reply_headers=row.reply_headers,
        inquiry=row.inquiry,
        operation=row.operation,
        operation_id=found.groupdict().get("id") or "",
        open_live=row.open_live,
    )

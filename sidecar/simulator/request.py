"""A request as it is read: hashed and counted as it comes, held only as far as it can be needed."""

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sidecar.clock import Clock, Moment

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HELD_BYTES = 1024 * 1024
"""A longer body is not parsed: its prompt is judged by its length. Uploads of any size cost no more memory than this."""


class Request(msgspec.Struct, frozen=True):
    """One whole request. Header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    sha256: str
    """Of the body, hexadecimal."""
    length: int
    """Of the body, in bytes."""
    held: bytes | None
    """The body; None when it was longer than `HELD_BYTES`."""
    received_at: Moment
    """When the last byte was read."""

    @property
    def tag(self) -> str:
        """What the caller calls this call; empty when it gave no name."""
        return self.headers.get("x-simulator-call", "")

    @property
    def takes_gzip(self) -> bool:
        """The caller reads gzip."""
        return "gzip" in self.headers.get("accept-encoding", "")


async def _piece(scope: Message, receive: Receive) -> tuple[bytes, bool] | None:
    """The next piece of the body and whether there is more; None when the rest will never come."""
    message = await receive()
    if message["type"] != "http.disconnect":
        return message["body"], message["more_body"]
    rest: bytes | None = scope["state"].get(
        "rest"
    )  # it came whole, and its caller left before we looked: connection.py
    return None if rest is None else (rest, False)


def request_of(scope: Message, sha256: str, length: int, held: bytes | None, received_at: Moment) -> Request:
    """The request of a scope, and what was read of its body."""
    return Request(
        method=scope.get("method", "GET"),  # that of a handshake is not told: it is always this
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        sha256=sha256,
        length=length,
        held=held,
        received_at=received_at,
    )


async def read_request(scope: Message, receive: Receive, clock: Clock) -> Request | None:
    """Read a request to its end; None when the caller left before that."""
    digest, length, held = hashlib.sha256(), 0, bytearray()
    more = True
    while more:
        piece = await _piece(scope, receive)
        if piece is None:
            return None
        body, more = piece
        digest.update(body)
        length += len(body)
        if length <= HELD_BYTES:
            held += body
    is_held = length <= HELD_BYTES
    return request_of(scope, digest.hexdigest(), length, bytes(held) if is_held else None, clock.now())

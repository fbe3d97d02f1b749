"""What a caller sent, and what it got, as an independent HTTP implementation (h11) reads it."""

import re
from typing import NamedTuple

import h11

Fields = list[tuple[bytes, bytes]]

EMPTY_LINES = re.compile(rb"\A(?:\r\n)+")
"""Before a request they are ignored (RFC 9112 section 2.2: should); h11 does not."""


class Heard(NamedTuple):
    """One whole request, as h11 reads it."""

    method: bytes
    target: bytes
    fields: Fields
    body: bytes
    trailers: Fields


def heard_in(raw: bytes) -> list[Heard]:
    """The whole requests that h11 reads on a connection, up to its end or to the first thing that is wrong with it."""
    found: list[Heard] = []
    while raw := EMPTY_LINES.sub(b"", raw):
        parser = h11.Connection(h11.SERVER)
        parser.receive_data(raw)
        try:
            heard, is_last = _next_request(parser)
        except h11.RemoteProtocolError:
            break
        if heard is not None:
            found.append(heard)
        if is_last:
            break
        raw = bytes(parser.trailing_data[0])
    return found


def _next_request(parser: h11.Connection) -> tuple[Heard | None, bool]:
    """The request, if it is whole, and whether no other follows."""
    asked, body = parser.next_event(), b""
    if not isinstance(asked, h11.Request):
        return None, True
    while isinstance(event := parser.next_event(), h11.Data):
        body += bytes(event.data)
    if not isinstance(event, h11.EndOfMessage):
        return None, True
    return Heard(asked.method, asked.target, list(asked.headers), body, list(event.headers)), _is_last(asked)


def _is_last(asked: h11.Request) -> bool:
    """No request follows on this one's connection (RFC 9112 section 9.3)."""
    options = b",".join(value for name, value in asked.headers if name == b"connection").lower()
    tokens = {option.strip() for option in options.split(b",")}
    return b"close" in tokens or (asked.http_version == b"1.0" and b"keep-alive" not in tokens)


class Got(NamedTuple):
    """What a caller got, as h11 reads it."""

    status: int
    reason: bytes
    fields: Fields
    body: bytes
    trailers: Fields
    interim: list[int]

    @property
    def is_ours(self) -> bool:
        """The sidecar's own answer."""
        return any(name == b"x-sidecar-error" for name, _ in self.fields)


class Broken(NamedTuple):
    """There was no whole reply, and the caller could see that."""

    how: str


class Reader:
    """Reads replies with h11 from pieces as they come; an empty piece is the end of the connection."""

    def __init__(self, method: bytes) -> None:
        self._parser = h11.Connection(h11.CLIENT)
        self._parser.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        self._parser.send(h11.EndOfMessage())
        self._head: h11.Response | None = None
        self._body = b""
        self._interim: list[int] = []

    def feed(self, piece: bytes) -> Got | None:
        """Read a piece; the reply, once it is whole.

        Raises:
            h11.RemoteProtocolError: it is broken.
        """
        self._parser.receive_data(piece)
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.InformationalResponse):
                self._interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                head = self._head
                assert head is not None
                trailers = list(event.headers)
                return Got(head.status_code, head.reason, list(head.headers), self._body, trailers, self._interim)
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("no reply")
            else:
                return None

    @property
    def left_over(self) -> bytes:
        """What came behind the reply."""
        return bytes(self._parser.trailing_data[0])


def as_h11_reads(raw: bytes, method: bytes, *, closes: bool = True) -> Got | Broken:
    """A reply, and the end of its connection behind it, as h11 reads it without anybody in between."""
    reader = Reader(method)
    try:
        got = reader.feed(raw)
        if got is None and closes:
            got = reader.feed(b"")
    except h11.RemoteProtocolError as broken:
        return Broken(str(broken))
    return got or Broken("it wants more")

"""How different programs split the same bytes into requests: we, h11, and llhttp, as httptools has it."""

from typing import NamedTuple

import h11
import httptools

from sidecar.errors import ProtocolError
from sidecar.http1.framing import ChunkedBody, LengthBody
from sidecar.http1.head import CONNECT, END_OF_HEAD, read_request_head
from sidecar.proxy.inbound import EMPTY_LINES
from tests.proxy.readings import heard_in


class Message(NamedTuple):
    """One request as somebody reads it."""

    method: bytes
    target: bytes
    body: bytes
    is_whole: bool = True
    """False: its head was taken, and more of its body is waited for."""


def by_us(raw: bytes) -> list[Message]:
    """What goes on, by our readers in the order in which `proxy/inbound.py` uses them; nothing behind what we refuse."""
    found: list[Message] = []
    while END_OF_HEAD in (raw := EMPTY_LINES.sub(b"", raw)):
        end = raw.index(END_OF_HEAD) + len(END_OF_HEAD)
        try:
            head = read_request_head(raw[:end])
            body = ChunkedBody() if head.framing.is_chunked else LengthBody(head.framing.length)
            payload, taken = _fed(body, raw[end:])
        except ProtocolError:
            return found
        found.append(Message(head.method, head.target, payload, body.is_complete))
        if not body.is_complete or not head.keeps_alive or head.method == CONNECT:
            return found
        raw = raw[end + taken :]
    return found


def _fed(body: ChunkedBody | LengthBody, raw: bytes) -> tuple[bytes, int]:
    if isinstance(body, ChunkedBody):
        return body.feed(raw)
    taken = body.feed(raw)
    return raw[:taken], taken


def by_h11(raw: bytes) -> list[Message]:
    """The whole requests that h11 reads, and the one behind them of which it wants more."""
    whole = [Message(heard.method, heard.target, heard.body) for heard in heard_in(raw)]
    return [*whole, *_unfinished_by_h11(raw, len(whole))]


def _unfinished_by_h11(raw: bytes, behind: int) -> list[Message]:
    """h11 again from the start, as it does not say where the last whole request ended."""
    for _ in range(behind):
        parser = h11.Connection(h11.SERVER)
        parser.receive_data(EMPTY_LINES.sub(b"", raw))
        while not isinstance(parser.next_event(), h11.EndOfMessage):
            pass
        if parser.their_state is not h11.DONE:
            return []
        raw = bytes(parser.trailing_data[0])
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(EMPTY_LINES.sub(b"", raw))
    body = b""
    try:
        asked = parser.next_event()
        if not isinstance(asked, h11.Request):
            return []
        while isinstance(event := parser.next_event(), h11.Data):
            body += bytes(event.data)
    except h11.RemoteProtocolError:
        return []
    return [Message(asked.method, asked.target, body, is_whole=False)] if event is h11.NEED_DATA else []


class _Heard:
    """What llhttp says while it reads."""

    def __init__(self) -> None:
        self.found: list[Message] = []
        self.parser = httptools.HttpRequestParser(self)
        self._target = self._body = b""
        self.method: bytes | None = None
        """Of the request whose body is being read; None between two."""

    def on_message_begin(self) -> None:
        self._target = self._body = b""

    def on_url(self, piece: bytes) -> None:
        self._target += piece

    def on_headers_complete(self) -> None:
        self.method = self.parser.get_method()

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        self.end(is_whole=True)

    def end(self, *, is_whole: bool) -> None:
        if self.method is not None:
            self.found.append(Message(self.method, self._target, self._body, is_whole))
        self.method = None


def by_llhttp(raw: bytes) -> list[Message]:
    """The requests that llhttp reads, up to what it refuses; the last may wait for more."""
    heard = _Heard()
    try:
        heard.parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        return heard.found
    except httptools.HttpParserError:
        return heard.found  # the unfinished one was refused
    heard.end(is_whole=False)
    return heard.found


def conflict(ours: list[Message], theirs: list[Message]) -> str:
    """Where two readers take the same bytes for different requests; empty where they do not. Who refuses is in no conflict."""
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one.is_whole != other.is_whole or (one.is_whole and one != other) or one[:2] != other[:2]:
            return f"request {number} is {one} to us and {other} to the other"
    return ""

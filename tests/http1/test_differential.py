"""Drawn and hand-made messages, head and body, through us and through h11: what h11 refuses we refuse, what both take is one.

What a message is taken for is seen from what is made of the bytes behind its head, so that the framing is compared by
what it does. Where we refuse what h11 takes, the reason stands in `STRICTER`; a refusal that is not there is a failure too.
"""

from typing import NamedTuple

import h11
import pytest
from hypothesis import example, given, settings

from sidecar.errors import ProtocolError
from sidecar.http1.framing import ChunkedBody, Framing, LengthBody
from sidecar.http1.head import HOP_BY_HOP, ReplyHead, RequestHead, read_reply_head, read_request_head
from tests.http1.differences import HAND_MADE, STRICTER, Stricter
from tests.http1.grammar import PROBE, chunked_bodies, reply_heads, request_heads

Fields = list[tuple[bytes, bytes]]


class Meaning(NamedTuple):
    """What a reader made of a message and of the bytes behind its head."""

    start: tuple[object, ...]
    fields: Fields
    payload: bytes
    behind: bytes | None
    """What it takes for the next message; None while this one wants more."""
    keeps_alive: bool | None
    """None where it can't be told."""


class Refused(NamedTuple):
    """A reader that would have none of it."""

    sentence: str


def end_to_end(fields: Fields) -> Fields:
    """What RFC 9110 section 7.6.1 leaves of h11's fields, without those that speak to the sidecar."""
    named = {token.strip().lower() for name, value in fields if name == b"connection" for token in value.split(b",")}
    dropped = HOP_BY_HOP | (named - {b"content-length", b"close", b"keep-alive"})
    return [(name, value) for name, value in fields if name not in dropped and not name.startswith(b"x-sidecar-")]


def as_fields(fields: bytes) -> Fields:
    """What goes on, as h11 tells fields: lower-case names, and values without the space around them."""
    pairs = (line.partition(b":") for line in fields.split(b"\r\n")[1:])
    return [(name.lower(), value.strip(b" \t")) for name, _, value in pairs]


def our_body(framing: Framing, raw: bytes) -> tuple[bytes, bytes | None]:
    """Payload, and what is behind the body."""
    if framing.until_close:
        return raw, None
    if framing.is_chunked:
        chunked = ChunkedBody()
        payload, taken = chunked.feed(raw)
        return payload, raw[taken:] if chunked.is_complete else None
    whole = LengthBody(framing.length)
    taken = whole.feed(raw)
    return raw[:taken], raw[taken:] if whole.is_complete else None


def we_read(head: bytes, behind: bytes, *, is_reply: bool) -> Meaning | Refused:
    """The message in our reading."""
    read: RequestHead | ReplyHead
    try:
        read = read_reply_head(head, b"GET") if is_reply else read_request_head(head)
        payload, rest = our_body(read.framing, behind)
    except ProtocolError as broken:
        return Refused(str(broken))
    start = (read.status, read.reason) if isinstance(read, ReplyHead) else (read.method, read.target)
    return Meaning(start, as_fields(read.fields), payload, rest, read.keeps_alive)


def h11_reads(head: bytes, behind: bytes, *, is_reply: bool) -> Meaning | Refused:
    """The message in h11's reading."""
    connection = h11.Connection(h11.CLIENT if is_reply else h11.SERVER)
    if is_reply:
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
    connection.receive_data(head + behind)
    try:
        first = connection.next_event()
        if isinstance(first, h11.InformationalResponse):
            return Meaning(_start(first), end_to_end(list(first.headers)), b"", connection.trailing_data[0], None)
        if not isinstance(first, h11.Request | h11.Response):
            return Refused(f"it waits for more behind {head!r}")
        payload, is_whole = _h11_body(connection)
    except h11.RemoteProtocolError as broken:
        return Refused(str(broken))
    rest = connection.trailing_data[0] if is_whole else None
    keeps_alive = None if rest is None else connection.their_state is h11.DONE
    if first.http_version == b"1.0" or any(name == b"upgrade" for name, _ in first.headers):
        keeps_alive = None  # h11 keeps no 1.0 connection alive, and holds one with an offer back
    return Meaning(_start(first), end_to_end(list(first.headers)), payload, rest, keeps_alive)


def _start(event: h11.Event) -> tuple[object, ...]:
    if isinstance(event, h11.Request):
        return event.method, event.target
    assert isinstance(event, h11.Response | h11.InformationalResponse)
    return event.status_code, event.reason


def _h11_body(connection: h11.Connection) -> tuple[bytes, bool]:
    payload = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Data):
            payload += bytes(event.data)
        else:
            return payload, isinstance(event, h11.EndOfMessage)


def compare(head: bytes, behind: bytes, *, is_reply: bool) -> None:
    """Hold our reading against h11's."""
    ours, theirs = we_read(head, behind, is_reply=is_reply), h11_reads(head, behind, is_reply=is_reply)
    if isinstance(ours, Refused):
        is_known = isinstance(theirs, Refused) or any(ours.sentence.startswith(known) for known in STRICTER)
        assert is_known, f"refused although h11 takes it, for no reason that is known: {ours.sentence}"
        return
    assert isinstance(theirs, Meaning), f"taken although h11 refuses it: {theirs.sentence}"
    if theirs.keeps_alive is None:
        ours = ours._replace(keeps_alive=None)
    assert ours == theirs


@settings(max_examples=600)
@given(request_heads)
def test_request__h11_and_we_agree(head: bytes) -> None:
    compare(head, PROBE, is_reply=False)


@settings(max_examples=600)
@given(reply_heads)
def test_reply__h11_and_we_agree(head: bytes) -> None:
    compare(head, PROBE, is_reply=True)


@settings(max_examples=600)
@given(chunked_bodies)
@example(b"5\r\nhello0\r\n\r\n")
@example(b"5\n\nhello\r\n0\r\n\r\n")
@example(b"5;a\nhello\r\n0\r\n\r\n")
@example(b"0\r\nX: a\r\n b\r\n\r\n")
@example(b"0;\r\n\r\n")
def test_chunked_body__what_h11_refuses_we_refuse(behind: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    ours = we_read(head, behind, is_reply=False)
    theirs = h11_reads(head, behind, is_reply=False)
    if isinstance(ours, Meaning):
        assert isinstance(theirs, Meaning), f"taken although h11 refuses it: {theirs.sentence}"
        assert (ours.payload, ours.behind) == (theirs.payload, theirs.behind)


@pytest.mark.parametrize(("sentence", "known"), STRICTER.items(), ids=STRICTER.keys())
def test_every_difference_is_still_one(sentence: str, known: Stricter) -> None:
    is_reply = known.example.startswith(b"HTTP")
    ours = we_read(known.example, PROBE, is_reply=is_reply)
    assert isinstance(ours, Refused)
    assert ours.sentence.startswith(sentence)
    assert isinstance(h11_reads(known.example, PROBE, is_reply=is_reply), Meaning), known.because


@pytest.mark.parametrize("head", HAND_MADE, ids=repr)
def test_hand_made_request__h11_and_we_agree(head: bytes) -> None:
    compare(head, PROBE, is_reply=False)


@pytest.mark.parametrize("head", HAND_MADE, ids=repr)
def test_hand_made_fields_in_a_reply__h11_and_we_agree(head: bytes) -> None:
    as_a_reply = b"HTTP/1.1 200 OK\r\n" + head.partition(b"\r\n")[2]
    compare(as_a_reply if as_a_reply.endswith(b"\r\n\r\n") else as_a_reply + b"\r\n", PROBE, is_reply=True)

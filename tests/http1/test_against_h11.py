"""Another opinion on every head and body: what h11 refuses we refuse, and what both take they read the same."""

import contextlib

import h11
from hypothesis import assume, given, settings, strategies as st

from sidecar.errors import ProtocolError
from sidecar.http1.framing import ChunkedBody
from sidecar.http1.head import END_OF_HEAD, HOP_BY_HOP, read_reply_head, read_request_head

Fields = list[tuple[bytes, bytes]]

GOOD_FIELDS = [
    b"X-A: a",
    b"x-b:",
    b"X_C: b ",
    b"X-A:\tc",
    b"TE: trailers",
    b"Expect: 100-continue",
    b"X-Sidecar-Caller: me",
]
GOOD_FIELDS += [
    b"Connection: close",
    b"Connection: x-a, keep-alive",
    b"connection: X-B",
    b"Content-Type: a/b",
    b"X-Obs: \xe4",
]
GOOD_FIELDS += [
    b"Content-Length: 5",
    b"content-length: 05 ",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding:Chunked",
]
ODD_FIELDS = [
    b"Host: b",
    b"Host : b",
    b" X: a",
    b": a",
    b"x(y): a",
    b"X\x00: a",
    b"\xe4: a",
    b"X",
    b"",
    b"X: \x00",
    b"X: a\rb",
    b"X: \x7f",
]
ODD_FIELDS += [
    b"X: a\r\n b",
    b"X: a\nY: b",
    b"X: a\r",
    b"Content-Length: 5, 5",
    b"Content-Length: +5",
    b"Content-Length: -1",
]
ODD_FIELDS += [
    b"Content-Length:",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:",
]
GOOD_REQUESTS = [
    b"GET / HTTP/1.1",
    b"POST /a?b HTTP/1.1",
    b"HEAD * HTTP/1.1",
    b"OPTIONS http://a/ HTTP/1.1",
    b"GET / HTTP/1.0",
]
ODD_REQUESTS = [
    b"get / HTTP/1.1",
    b"P(ST / HTTP/1.1",
    b"GET  / HTTP/1.1",
    b"GET\t/ HTTP/1.1",
    b"GET /\xff HTTP/1.1",
    b"GET / HTTP/2.0",
]
ODD_REQUESTS += [
    b"GET /",
    b"GET  HTTP/1.1",
    b"GET /\x00 HTTP/1.1",
    b"GET /a b HTTP/1.1",
    b"GET / HTTP/1.1 ",
    b"GET / HTTP/1.1\r",
    b"",
]
GOOD_REPLIES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 204 ",
    b"HTTP/1.1 304 N",
    b"HTTP/1.1 503",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 200 \xe4",
]
ODD_REPLIES = [
    b"HTTP/1.1 099 A",
    b"HTTP/1.1 2000 A",
    b"HTTP/2 200",
    b"HTTP/1.1  200 A",
    b"HTTP/1.1 200 \x00",
    b"HTTP/1.1 200\r",
    b"",
]
SOUND_CHUNKS = [
    b"5\r\nhello\r\n",
    b"1;a=b\r\nx\r\n",
    b"00a\r\n0123456789\r\n",
    b"5 \r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\nX: a\r\n\r\n",
]
ODD_CHUNKS = [
    b"0\r\n",
    b"\r\n",
    b"5",
    b"g",
    b" ",
    b"\n",
    b"\r",
    b"hello",
    b"-1\r\n",
    b"f" * 17 + b"\r\n",
    b"0\r\nX : a\r\n\r\n",
    b"0\n",
]


def mostly(good: list[bytes], odd: list[bytes]) -> st.SearchStrategy[bytes]:
    """Four in five are right, so that whole heads are taken often enough to be compared."""
    return st.integers(0, 4).flatmap(lambda luck: st.sampled_from(good if luck else odd))


def heads(first_lines: st.SearchStrategy[bytes], host: bytes) -> st.SearchStrategy[bytes]:
    """Heads, each ending at its first empty line."""
    fields = st.lists(mostly(GOOD_FIELDS, ODD_FIELDS).map(lambda field: field + b"\r\n"), max_size=4).map(b"".join)
    whole = st.builds(lambda first, rest: first + b"\r\n" + host + rest + END_OF_HEAD, first_lines, fields)
    return whole.map(lambda raw: raw[: raw.find(END_OF_HEAD) + len(END_OF_HEAD)])


def end_to_end(fields: Fields) -> Fields:
    """What RFC 9110 section 7.6.1 leaves of h11's fields, without those that speak to the sidecar."""
    named = {token.strip().lower() for name, value in fields if name == b"connection" for token in value.split(b",")}
    dropped = HOP_BY_HOP | (named - {b"content-length"})
    return [(name, value) for name, value in fields if name not in dropped and not name.startswith(b"x-sidecar-")]


def as_fields(fields: bytes) -> Fields:
    """What goes on, as h11 tells fields: lower-case names, and values without the space around them."""
    pairs = (line.partition(b":") for line in fields.split(b"\r\n")[1:])
    return [(name.lower(), value.strip(b" \t")) for name, _, value in pairs]


def h11_reads(raw: bytes, role: type[h11.CLIENT] | type[h11.SERVER]) -> h11.Event | None:
    """The head as h11 reads it, or None where it refuses."""
    connection = h11.Connection(role)
    if role is h11.CLIENT:
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.receive_data(raw)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    return event if isinstance(event, h11.Request | h11.Response | h11.InformationalResponse) else None


@settings(max_examples=200)
@given(heads(mostly(GOOD_REQUESTS, ODD_REQUESTS), b"Host: a\r\n"))
def test_a_request_that_we_take__h11_takes_and_reads_the_same(raw: bytes) -> None:
    try:
        head = read_request_head(raw)
    except ProtocolError:
        return
    theirs = h11_reads(raw, h11.SERVER)
    assert isinstance(theirs, h11.Request)
    assert (head.method, head.target) == (theirs.method, theirs.target)
    assert as_fields(head.fields) == end_to_end(list(theirs.headers))


@settings(max_examples=200)
@given(heads(mostly(GOOD_REPLIES, ODD_REPLIES), b""))
def test_a_reply_that_we_take__h11_takes_and_reads_the_same(raw: bytes) -> None:
    try:
        head = read_reply_head(raw, b"GET")
    except ProtocolError:
        return
    theirs = h11_reads(raw, h11.CLIENT)
    assert isinstance(theirs, h11.Response)
    assert (head.status, head.reason) == (theirs.status_code, theirs.reason)
    assert as_fields(head.fields) == end_to_end(list(theirs.headers))


chunk_text = st.lists(mostly(SOUND_CHUNKS, ODD_CHUNKS), max_size=6).map(b"".join)


def h11_body(raw: bytes) -> tuple[bytes, Fields | None] | None:
    """Payload and trailers (None before the end) as h11 reads them, or None where it refuses."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
    assert isinstance(connection.next_event(), h11.Request)
    payload = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                payload += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return payload, list(event.headers)
            else:
                return payload, None
    except h11.RemoteProtocolError:
        return None


@settings(max_examples=200)
@given(chunk_text)
def test_chunks_that_we_take__h11_takes_and_reads_the_same(raw: bytes) -> None:
    body = ChunkedBody()
    try:
        payload, _ = body.feed(raw)
    except ProtocolError:
        return
    theirs = h11_body(raw)
    assert theirs == (
        payload,
        as_fields(b"".join(b"\r\n" + line for line in body.trailers)) if body.is_complete else None,
    )


@settings(max_examples=200)
@given(st.binary(max_size=200), st.booleans())
def test_garbage__nothing_but_a_protocol_error(garbage: bytes, is_reply: bool) -> None:
    assume(END_OF_HEAD not in garbage)
    raw = garbage + END_OF_HEAD
    with contextlib.suppress(ProtocolError):
        read_reply_head(raw, b"GET") if is_reply else read_request_head(raw)


@settings(max_examples=200)
@given(st.sampled_from([b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b", b"HTTP/1.1 200 OK\r\nX-A: b\r\nY: c"]), st.data())
def test_one_changed_byte__nothing_but_a_protocol_error(right: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(right) - 1))
    raw = right[:position] + bytes([data.draw(st.integers(0, 255))]) + right[position + 1 :] + END_OF_HEAD
    with contextlib.suppress(ProtocolError):
        read_reply_head(raw, b"GET") if right.startswith(b"HTTP") else read_request_head(raw)

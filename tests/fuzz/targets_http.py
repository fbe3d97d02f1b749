"""HTTP/1.1: heads of requests and replies, chunked bodies, TLS' first message. h11 has the other opinion."""

import contextlib
from collections.abc import Iterable

from sidecar.errors import ProtocolError, ReplyBroken, RequestRefused
from sidecar.http1.framing import ChunkedBody, chunk, last_chunk
from sidecar.http1.head import END_OF_HEAD, ReplyHead, RequestHead, field, read_reply_head, read_request_head, without
from sidecar.proxy.client_hello import MOST_BYTES, ClientHello, HelloReader
from tests.fuzz.target import Target, pieces_of, same_however_cut
from tests.http1.differences import GET, HAND_MADE
from tests.http1.grammar import PROBE, until_end
from tests.http1.test_differential import Meaning, compare, h11_reads, we_read
from tests.proxy.test_client_hello import a_hello, hello_of, server_name

POST_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD_WORDS = (
    b"HTTP/1.1", b"HTTP/1.0", b"Host: ", b"Content-Length: ", b"Transfer-Encoding: chunked", b"Connection: ", b"keep-alive",
    b"close", b"Upgrade: ", b"Expect: 100-continue", b"TE: trailers", b"X-Sidecar-Lease: ", b"Proxy-Authorization: ", b"\r\n",
    b"\r\n\t",
)  # fmt: skip


def request_head(data: bytes) -> None:
    """One head up to its first empty line: refused, or what h11 takes it for; what goes on says the same when read again."""
    raw = until_end(data)
    if not raw.startswith(b"CONNECT "):  # behind it h11 sees no next message
        compare(raw, PROBE, is_reply=False)
    with contextlib.suppress(RequestRefused):
        head = read_request_head(raw)
        check_fields(head)
        again = read_request_head(b"%b %b HTTP/1.1\r\nHost: a%b\r\n\r\n" % (head.method, head.target, head.fields))
        assert again.fields == head.fields, "what goes on would not go on as it is"
        assert again.framing.length == head.framing.length


def reply_head(data: bytes) -> None:
    """The same of a reply, to any method."""
    raw = until_end(data)
    if b" 101" not in raw[:16]:  # h11 knows of no offer that this could be the answer to
        compare(raw, PROBE, is_reply=True)
    for method in (b"GET", b"HEAD"):
        with contextlib.suppress(ReplyBroken):
            check_fields(read_reply_head(raw, method))


def check_fields(head: RequestHead | ReplyHead) -> None:
    """Fields that go on are whole lines, none of them for this hop; each can be found, and taken out, by its name."""
    lines = head.fields.split(b"\r\n")
    assert lines[0] == b""
    names = [line.partition(b":")[0].lower() for line in lines[1:]]
    assert not {b"connection", b"host", b"te", b"upgrade", b"proxy-authorization"}.intersection(names)
    for name, line in zip(names, lines[1:], strict=True):
        if names.count(name) == 1:
            assert field(head.fields, name) == line.partition(b":")[2].strip(b" \t")
        rest = without(head.fields, name)
        assert rest.split(b"\r\n")[1:] == [other for other in lines[1:] if other.partition(b":")[0].lower() != name]


def read_chunks(pieces: Iterable[bytes]) -> tuple[bytes, int, bool, list[bytes], bool]:
    """Payload, bytes taken, whether it is complete, trailers, whether it was refused. One whole chunk is told at a glance."""
    body, payload, taken = ChunkedBody(), b"", 0
    try:
        for piece in pieces:
            at_a_glance = body.whole_chunk(piece)
            found, size = body.feed(piece)
            assert not at_a_glance or (found, size) == (at_a_glance, len(piece))
            payload, taken = payload + found, taken + size
    except ProtocolError:
        return b"", 0, False, [], True
    return payload, taken, body.is_complete, body.trailers, False


def chunked(data: bytes) -> None:
    """A chunked body: the same however it is cut, as h11 reads it where it is taken, and again as we would write it."""

    payload, _, is_complete, trailers, is_refused = same_however_cut(read_chunks, data)
    ours, theirs = we_read(POST_CHUNKED, data, is_reply=False), h11_reads(POST_CHUNKED, data, is_reply=False)
    if isinstance(ours, Meaning):
        assert isinstance(theirs, Meaning), f"taken although h11 refuses it: {theirs.sentence}"
        assert (ours.payload, ours.behind) == (theirs.payload, theirs.behind)
    assert is_refused is not isinstance(ours, Meaning)
    if is_complete:
        written = b"".join(map(chunk, filter(None, pieces_of(payload)))) + last_chunk(trailers)
        assert read_chunks([written])[0::3] == (payload, trailers)


def client_hello(data: bytes) -> None:
    """TLS' first message: known, broken or awaited, wherever it is cut; nothing is kept beyond its bound."""

    def read(pieces: Iterable[bytes]) -> ClientHello | None:
        reader = HelloReader()
        for piece in pieces:
            said = reader.feed(piece)
            assert len(reader.raw) <= MOST_BYTES + len(piece)
            if said is not None:
                return said
        return None

    said = same_however_cut(read, data)
    if said is not None and not said.is_broken:
        assert said.server_name == said.server_name.lower()
        assert len(said.server_name) + sum(map(len, said.protocols)) <= len(data)


def _cut_in_records(message: bytes) -> bytes:
    return b"".join(b"\x16\3\1" + len(part).to_bytes(2) + part for part in (message[:40], message[40:]))


TARGETS = (
    Target(
        "request_head",
        request_head,
        [
            *HAND_MADE,
            GET
            + b"Connection: x-a, close\r\nX-A: b\r\nX-Sidecar-Caller: me \r\nContent-Length: 5\r\n"
            + END_OF_HEAD[2:],
            GET
            + b"TE: trailers\r\nProxy-Authorization: x\r\nkeep-alive: 5\r\nX-B: c\r\nupgrade: h2c\r\n"
            + END_OF_HEAD[2:],
            b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            b"GET http://a:1/b HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        ],
        ("http1/head.py", "http1/framing.py"),
        HEAD_WORDS,
    ),
    Target(
        "reply_head",
        reply_head,
        [b"HTTP/1.1 200 OK\r\n" + head.partition(b"\r\n")[2] for head in HAND_MADE]
        + [
            b"HTTP/1.%d %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (minor, status)
            for minor, status in ((0, b"200"), (1, b"204 "), (1, b"304 N"), (1, b"101 S"), (1, b"503"))
        ],
        ("http1/head.py", "http1/framing.py"),
        HEAD_WORDS,
    ),
    Target(
        "chunked",
        chunked,
        [
            b"5\r\nhello\r\n0\r\n\r\n",
            b"5;a=b\r\nhello\r\n00A \r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nGET",
            b"0\r\nHost: b\r\n\r\n",
            b"5\nhello",
            b"fffffffffffffff\r\n",
            b"5\r\nhell\r\n",
        ],
        ("http1/framing.py",),
        (b"\r\n", b"0\r\n\r\n", b";a=b", b"1\r\n", b"X: y"),
    ),
    Target(
        "client_hello",
        client_hello,
        [
            hello_of("api.example", "h2", "http/1.1"),
            hello_of(None),
            a_hello(server_name(b"a.b.")),
            a_hello(has_extensions=False),
            _cut_in_records(hello_of("Api.Example")[5:]),
            a_hello((16, b"\0\3\2h2")),
            b"GET / HTTP/1.1\r\n\r\n",
        ],
        ("proxy/client_hello.py",),
        (b"\x16\x03\x01", b"\x00\x00", b"\x00\x10", b"\x02h2"),
    ),
)

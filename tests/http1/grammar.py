"""Messages as hypothesis draws them: sound ones, and sound ones damaged in the ways by which requests are smuggled.

A head ends at its first empty line, as the sidecar cuts it; what its fields say need not make sense.
"""

from typing import TypeVar

from hypothesis import strategies as st

from sidecar.http1.head import END_OF_HEAD

T = TypeVar("T")
Bytes = st.SearchStrategy[bytes]

TOKEN = b"!#$%&'*+-.^_`|~09AZaz"
TARGETS = [b"/", b"/a%2Fb/c:d?e=f&g", b"*", b"http://a/b", b"http://b:1/", b"a:80", b"//a", b"/\\x", b"/a;b,c", b"/%00"]
METHODS = [
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PRI",
    b"get",
    b"FOO",
]
VERSIONS = (
    [b"HTTP/1.1"] * 20
    + [b"HTTP/1.0"] * 3
    + [b"http/1.1", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"HTTP/1,1"]
)
HOSTS = [
    b"a",
    b"a:80",
    b"[::1]:80",
    b"",
    b"u@a",
    b"u:p@a",
    b"a b",
    b"a/b",
    b"a,b",
    b"a:b",
    b"a\\b",
    b"%zz",
    b"%61",
    b"a?b",
]
LENGTHS = [
    b"5",
    b"0",
    b"05",
    b"+5",
    b"-5",
    b"5,5",
    b"5, 6",
    b"0x5",
    b"5_0",
    b"5 ",
    b"5 5",
    b"",
    b"\xd9\xa5",
    b"5.0",
    b"1e1",
]
LENGTHS += [b"9" * size for size in (18, 19, 20, 21, 40)]
CODINGS = [
    b"chunked",
    b"Chunked",
    b"CHUNKED ",
    b"gzip, chunked",
    b"chunked, gzip",
    b"chunked, chunked",
    b"identity",
    b"",
]
CODINGS += [
    b"xchunked",
    b"chunked;q=1",
    b"\x0bchunked",
    b",chunked",
    b"chunked,",
    b'"chunked"',
    b"c\xc5\xbdunked",
    b"chunked\xa0",
]
OPTIONS = [
    b"close",
    b"keep-alive",
    b"Keep-Alive, x-a",
    b"x-a,,close",
    b"content-length",
    b"transfer-encoding",
    b"host",
    b"",
]
OPTIONS += [b"upgrade", b"close, keep-alive", b"CLOSE", b"cl ose", b'"close"']
FIRST_OF_REPLIES = [b"200 OK", b"204 No Content", b"304 Not Modified", b"100 Continue", b"503 ", b"404", b"200 \xe4\t!"]
FIRST_OF_REPLIES += [b"99 A", b"0200 A", b"2 A", b" 200 A", b"200\tOK", b"-20 A", b"600 A", b"200 O\rK"]
ENDS_OF_LINES = [b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b"\r\n\t", b" \r\n", b"\r\n\r\n"]
SMUGGLED = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" ",
    b"\t",
    b"\x0b",
    b"\x0c",
    b"\x85",
    b"\xa0",
    b"\xff",
    b"\x7f",
    b":",
    b",",
    b";",
    b"_",
    b"\x1f",
]
"""What is put somewhere into a sound head."""

PROBE = b"5\r\nhello\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"
"""Put behind a head: chunks, twenty bytes of any length, or a next message; what it is taken for shows the framing."""


def mostly(usual: st.SearchStrategy[T], odd: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """The odd once in eight times: what is wrong with a head should mostly be one thing."""
    return st.integers(0, 7).flatmap(lambda luck: odd if luck == 7 else usual)


def chosen(values: list[bytes]) -> Bytes:
    """Mostly one of the first two."""
    return mostly(st.sampled_from(values[:2]), st.sampled_from(values))


def _field(name: str, values: list[bytes]) -> Bytes:
    """A field with its name in any case and any space around its value."""
    cased = st.sampled_from([name, name.upper(), name.lower()]).map(str.encode)
    space = st.sampled_from([b" ", b" ", b"", b"\t", b"  \t"])
    behind = st.sampled_from([b"", b"", b"", b" ", b"\t "])
    return st.builds(lambda n, s, v, b: n + b":" + s + v + b, cased, space, chosen(values), behind)


names = st.text(alphabet=TOKEN.decode(), min_size=1, max_size=8).map(lambda text: text.encode())
values = st.binary(max_size=12).map(lambda raw: bytes(byte for byte in raw if byte > 0x1F and byte != 0x7F))
other_fields = st.one_of(
    st.builds(lambda name, value: name + b": " + value, names, values),
    st.sampled_from(
        [b"Expect: 100-continue", b"TE: trailers", b"Upgrade: h2c", b"X-Sidecar-Caller: me", b"Trailer: x-a", b"X-A: a"]
    ),
)
framing_fields = st.one_of(_field("Content-Length", LENGTHS), _field("Transfer-Encoding", CODINGS))
fields = st.lists(st.one_of(other_fields, other_fields, framing_fields, _field("Connection", OPTIONS)), max_size=4)


def joined(first: bytes, lines: list[bytes], ends: list[bytes]) -> bytes:
    """A head of these lines, each with its own end."""
    rest = b"".join(line + end for line, end in zip([first, *lines], [*ends, *[b"\r\n"] * len(lines)], strict=False))
    return rest + b"\r\n"


line_ends = mostly(st.just([]), st.lists(st.sampled_from(ENDS_OF_LINES), max_size=4))
request_lines = st.builds(
    lambda method, target, version: b" ".join([method, target, version]),
    chosen(METHODS), chosen(TARGETS), chosen(VERSIONS),
)  # fmt: skip
status_lines = st.builds(
    lambda version, rest: version + b" " + rest, chosen(VERSIONS), chosen(FIRST_OF_REPLIES)
)  # fmt: skip
hosts = mostly(_field("Host", HOSTS).map(lambda one: [one]), st.lists(_field("Host", HOSTS), max_size=2))


@st.composite
def damaged(draw: st.DrawFn, sound: Bytes) -> bytes:
    """A head into which something was put, of which something was taken, or of which a line comes twice; or none of these."""
    raw = draw(sound)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at, size = draw(st.integers(0, len(raw))), draw(st.integers(0, 3))
        raw = raw[:at] + draw(st.sampled_from([b"", *SMUGGLED])) + raw[at + size * draw(st.integers(0, 1)) :]
    return until_end(raw)


def until_end(raw: bytes) -> bytes:
    """The head alone, up to the first empty line; one is added where there is none."""
    raw += END_OF_HEAD
    return raw[: raw.find(END_OF_HEAD) + len(END_OF_HEAD)]


request_heads = damaged(
    st.builds(lambda first, host, more, ends: joined(first, host + more, ends), request_lines, hosts, fields, line_ends)
)
reply_heads = damaged(st.builds(joined, status_lines, fields, line_ends))

CHUNK_SIZES = [
    b"5",
    b"05",
    b"5;a=b",
    b"5 ",
    b"0",
    b"A",
    b"0x5",
    b"+5",
    b"-5",
    b"5_0",
    b"",
    b" 5",
    b"5\t;a",
    b"g",
    b"5;\xff",
]
CHUNK_SIZES += [b"f" * size for size in (15, 16, 17, 21)]
CHUNK_PAYLOADS = [b"hello\r\n"] * 9 + [b"", b"hell\r\n", b"hello", b"hello\n", b"\r\n"]
chunk_lines = st.builds(
    lambda size, end, data: size + end + data,
    chosen(CHUNK_SIZES), mostly(st.just(b"\r\n"), st.sampled_from(ENDS_OF_LINES)), st.sampled_from(CHUNK_PAYLOADS),
)  # fmt: skip
chunked_bodies = st.builds(
    lambda chunks, last: b"".join(chunks) + last,
    st.lists(chunk_lines, max_size=4),
    st.sampled_from(
        [b"0\r\n\r\n"] * 3 + [b"0\r\nX: a\r\n\r\n", b"0\n\n", b"0\r\n\n", b"0\r\n", b"0\r\nHost: b\r\n\r\n", b""]
    ),
)

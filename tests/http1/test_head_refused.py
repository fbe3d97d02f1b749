"""Heads that an intermediary must refuse, row by row: two opinions about a message are how requests are smuggled."""

import pytest

from sidecar.errors import ReplyBroken, RequestRefused
from sidecar.http1.head import read_reply_head, read_request_head

GET = b"GET /gemini/v1 HTTP/1.1\r\nHost: localhost\r\n"

REFUSED_LINES = {
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/0.9 with a version": b"GET / HTTP/0.9\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\n",
    "HTTP/1.10": b"GET / HTTP/1.10\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n",
    "lower-case protocol": b"GET / http/1.1\r\n",
    "no protocol": b"GET / \r\n",
    "RTSP": b"SETUP / RTSP/1.0\r\n",
    "ICE": b"SOURCE / ICE/1.0\r\n",
    "CONNECT with a path": b"CONNECT /gemini/v1 HTTP/1.1\r\n",
    "CONNECT with a URL": b"CONNECT https://example.com/ HTTP/1.1\r\n",
    "CONNECT without a port": b"CONNECT example.com HTTP/1.1\r\n",
    "CONNECT with an empty port": b"CONNECT example.com: HTTP/1.1\r\n",
    "CONNECT without a host": b"CONNECT :443 HTTP/1.1\r\n",
    "CONNECT with user information": b"CONNECT u@example.com:443 HTTP/1.1\r\n",
    "CONNECT to a name that none is": b"CONNECT exa%6dple.com:443 HTTP/1.1\r\n",
    "CONNECT to an address without brackets": b"CONNECT ::1:443 HTTP/1.1\r\n",
    "CONNECT to the server as a whole": b"CONNECT * HTTP/1.1\r\n",
    "CONNECT in HTTP/1.2": b"CONNECT example.com:443 HTTP/1.2\r\n",
    "method that is no token": b"GE(T / HTTP/1.1\r\n",
    "no method": b" / HTTP/1.1\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n",
    "tab for a space": b"GET\t/ HTTP/1.1\r\n",
    "space in the target": b"GET /a b HTTP/1.1\r\n",
    "tab in the target": b"GET /a\tb HTTP/1.1\r\n",
    "NUL in the target": b"GET /a\x00b HTTP/1.1\r\n",
    "DEL in the target": b"GET /a\x7fb HTTP/1.1\r\n",
    "non-ASCII target": "GET /ä HTTP/1.1\r\n".encode(),
    "fragment": b"GET /a#b HTTP/1.1\r\n",
    "space behind the version": b"GET / HTTP/1.1 \r\n",
    "space before the method": b" GET / HTTP/1.1\r\n",
    "empty line first": b"\r\nGET / HTTP/1.1\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
    "a reply": b"HTTP/1.1 200 OK\r\n",
}


@pytest.mark.parametrize("line", REFUSED_LINES.values(), ids=REFUSED_LINES)
def test_a_first_line_that_is_not_http_1_1__refused(line: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_request_head(line + b"Host: localhost\r\n\r\n")
    assert refused.value.status == 400


BROKEN_FIELDS = {
    "space before the colon": b"X : a\r\n",
    "tab before the colon": b"X\t: a\r\n",
    "no name": b": a\r\n",
    "no colon": b"abc\r\n",
    "space in a name": b"a b: c\r\n",
    "name that is no token": b"a(b): c\r\n",
    "non-ASCII name": "ä: c\r\n".encode(),
    "folded line": b"X: a\r\n b\r\n",
    "folded line with a tab": b"X: a\r\n\tb\r\n",
    "folded line that is empty": b"X: a\r\n \r\n",
    "bare LF": b"X: a\nY: b\r\n",
    "bare LF before the end": b"X: a\r\nY: b\n",
    "bare CR": b"X: a\rY: b\r\n",
    "CR CR LF": b"X: a\r\r\n",
    "NUL": b"X: a\x00b\r\n",
    "NUL in a name": b"X\x00: a\r\n",
    "backspace": b"X: a\x08\r\n",
    "vertical tab": b"X: a\x0b\r\n",
    "form feed": b"X: a\x0c\r\n",
    "escape": b"X: \x1b[2J\r\n",
    "DEL": b"X: a\x7f\r\n",
}
TWO_OPINIONS = {
    "length and coding": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "coding and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "one length twice": b"Content-Length: 5\r\nContent-Length: 5\r\n",
    "list of lengths": b"Content-Length: 5, 5\r\n",
    "no length": b"Content-Length:\r\n",
    "signed length": b"Content-Length: +5\r\n",
    "negative length": b"Content-Length: -5\r\n",
    "hexadecimal length": b"Content-Length: 0x5\r\n",
    "length with an underscore": b"Content-Length: 1_0\r\n",
    "length of Arabic digits": "Content-Length: ٥\r\n".encode(),
    "length of 19 digits": b"Content-Length: 1000000000000000000\r\n",
    "length above 2**64": b"Content-Length: 18446744073709551621\r\n",
}
OTHER_CODINGS = {
    "gzip": b"Transfer-Encoding: gzip\r\n",
    "gzip, chunked": b"Transfer-Encoding: gzip, chunked\r\n",
    "chunked, gzip": b"Transfer-Encoding: chunked, gzip\r\n",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n",
    "chunked in two fields": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "identity": b"Transfer-Encoding: identity\r\n",
    "identity before chunked": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "empty": b"Transfer-Encoding:\r\n",
    "quoted": b'Transfer-Encoding: "chunked"\r\n',
    "parameter": b"Transfer-Encoding: chunked;a=b\r\n",
    "misspelt": b"Transfer-Encoding: xchunked\r\n",
    "comma": b"Transfer-Encoding: chunked,\r\n",
}
BAD_HOSTS = {
    "two hosts": b"Host: b\r\n",
    "the same host twice": b"Host: localhost\r\n",
}
FIELDS = BROKEN_FIELDS | TWO_OPINIONS | OTHER_CODINGS


@pytest.mark.parametrize("field", [*FIELDS.values(), *BAD_HOSTS.values()], ids=[*FIELDS, *BAD_HOSTS])
def test_a_request_with_such_a_field__refused(field: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_request_head(GET + field + b"\r\n")
    assert refused.value.status in (400, 501)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_reply_with_such_a_field__broken(field: bytes) -> None:
    with pytest.raises(ReplyBroken):
        read_reply_head(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n", b"POST")


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_bodiless_reply_with_such_a_field__broken_too(field: bytes) -> None:
    with pytest.raises(ReplyBroken):
        read_reply_head(b"HTTP/1.1 304 Not Modified\r\n" + field + b"\r\n", b"HEAD")


def test_a_fold_behind_the_first_line__refused() -> None:
    with pytest.raises(RequestRefused, match="obs-fold"):
        read_request_head(b"GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n")


def test_no_host__refused() -> None:
    with pytest.raises(RequestRefused, match="no Host header"):
        read_request_head(b"GET / HTTP/1.1\r\nX: a\r\n\r\n")


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a/b",
        "a\\b",
        "user@a",
        "a?b",
        "a#b",
        "a,b c",
        "ä",
        "a:b",
        "a:80:80",
        "[::1",
        "::1",
        "[::1]x",
        "<a>",
        '"a"',
        "%zz",
    ],
)
def test_a_host_that_is_none__refused(host: str) -> None:
    with pytest.raises(RequestRefused, match="no host"):
        read_request_head(b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")


def test_http_1_0_knows_no_chunks__refused() -> None:
    with pytest.raises(RequestRefused, match=r"HTTP/1\.0"):
        read_request_head(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_chunked_reply_of_http_1_0__broken() -> None:
    with pytest.raises(ReplyBroken, match=r"HTTP/1\.0"):
        read_reply_head(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"GET")


@pytest.mark.parametrize("end", [b"", b"\r\n", b"X: a\r\n"])
def test_a_head_without_its_end__refused(end: bytes) -> None:
    with pytest.raises(RequestRefused):
        read_request_head(b"GET / HTTP/1.1\r\nHost: a" + end)


REFUSED_STATUS_LINES = [
    b"HTTP/1.1 099 A", b"HTTP/1.1 000 A", b"HTTP/1.1 20 A", b"HTTP/1.1 2000 A", b"HTTP/1.1 -20 A", b"HTTP/1.1  200 A",
    b"HTTP/1.1 200\x00", b"HTTP/2 200", b"HTTP/1.2 200 A", b"ICY 200 A", b"RTSP/1.0 200 A", b"ICE/1.0 200 A", b"http/1.1 200 A",
    b"GET / HTTP/1.1", b"", b"HTTP/1.1", b"HTTP/1.1 2x0 A", b"\r\nHTTP/1.1 200 A",
]  # fmt: skip


@pytest.mark.parametrize("line", REFUSED_STATUS_LINES)
def test_a_first_line_that_is_no_status_line__broken(line: bytes) -> None:
    with pytest.raises(ReplyBroken):
        read_reply_head(line + b"\r\nContent-Length: 0\r\n\r\n", b"GET")

"""Heads by which requests have been smuggled, and what we refuse although h11 takes it, with the reasons."""

from typing import NamedTuple

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: 5\r\n"


class Stricter(NamedTuple):
    """Something that h11 lets pass and we refuse."""

    because: str
    example: bytes


STRICTER = {
    "the first line is not one of HTTP/1.1": Stricter(
        "h11 takes other versions, and a fragment in the target", b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    "a line of the head does not end in CR LF": Stricter(
        "h11 takes a bare LF for a line end (RFC 9112 section 2.2: may)", GET + b"X: a\n\r\n"
    ),
    "a control byte stands in the head": Stricter(
        "h11 refuses only NUL and white space among them", GET + b"X: \x7f\r\n\r\n"
    ),
    "a folded header line (obs-fold) stands in the head": Stricter(
        "h11 unfolds (RFC 9112 section 5.2: a proxy rejects or unfolds)", GET + b"X: a\r\n b\r\n\r\n"
    ),
    "Transfer-Encoding in HTTP/1.0": Stricter(
        "h11 reads chunks from 1.0 (RFC 9112 section 6.1: treat as faulty)", b"GET / HTTP/1.0\r\n" + CHUNKED + b"\r\n"
    ),
    "a Host header that is no host": Stricter("h11 never looks into it", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    "both Content-Length and Transfer-Encoding": Stricter(
        "h11 lets the coding win (RFC 9112 section 6.1: may reject)", GET + LENGTH + CHUNKED + b"\r\n"
    ),
    "a Content-Length that is not a number, or several": Stricter(
        "h11 takes equal ones for one (RFC 9110 section 8.6: may reject), and 20 digits", GET + LENGTH * 2 + b"\r\n"
    ),
    "a Content-Length in a reply of status": Stricter(
        "h11 passes over one that must not be there (RFC 9110 section 8.6)", b"HTTP/1.1 204 A\r\n" + LENGTH + b"\r\n"
    ),
    "the target of CONNECT": Stricter(
        "h11 takes any target (RFC 9112 section 3.2.3: a host and a port)", b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    "CONNECT with a body": Stricter(
        "h11 reads one (RFC 9110 section 9.3.6: it has none)", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n" + LENGTH + b"\r\n"
    ),
}
"""The beginning of our refusal -> what it is about."""

HAND_MADE = [
    GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    GET + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    GET + b"Transfer-Encoding : chunked\r\n\r\n",
    GET + b"Transfer-Encoding\t: chunked\r\n\r\n",
    GET + b"Transfer-Encoding:\x0bchunked\r\n\r\n",
    GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
    GET + b"Transfer-Encoding:\r\n chunked\r\n\r\n",
    GET + b"X: a\nTransfer-Encoding: chunked\r\n\r\n",
    GET + b"X: a\rTransfer-Encoding: chunked\r\n\r\n",
    GET + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
    GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    GET + b"Content-Length: 5,5\r\n\r\n",
    GET + b"Content_Length: 5\r\n\r\n",
    GET + b"Connection: content-length\r\nContent-Length: 5\r\n\r\n",
    GET + b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n",
    GET + b"Host: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
    b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / http/1.1\r\nHost: a\r\n\r\n",
    b"GET\x0b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n",
    GET + b"\x00X: a\r\n\r\n",
    GET + b"X\xff: a\r\n\r\n",
    b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    GET + b": a\r\n\r\n",
    GET + b"X: \xa0Transfer-Encoding: chunked\r\n\r\n",
]

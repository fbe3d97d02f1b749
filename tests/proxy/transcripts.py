"""Exchanges as they stand on the wire: what a caller sends, what a provider answers, one of every kind that there is."""

import gzip
from typing import NamedTuple

from tests.proxy.messages import (
    CHUNKED,
    LAST,
    PLAIN,
    PROMPT,
    SSE,
    STREAM,
    UNARY,
    UNARY_REPLY,
    answer,
    chunk,
    event,
    get,
    head,
    reply,
    request,
)  # fmt: skip

EARLY_HINTS = head("Link: </a>", status="103 Early Hints")
CHUNKED_PROMPT = b'5;a=b\r\n{"con\r\n00B\r\ntents":[] }\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n'


class Transcript(NamedTuple):
    """The bytes of both sides. Pipelined requests have a reply each."""

    sent: bytes
    replies: tuple[bytes, ...]
    methods: tuple[bytes, ...] = (b"POST",)
    closes: bool = False
    """The provider ends the connection behind its reply."""


TRANSCRIPTS = {
    "unary": Transcript(request(), (UNARY_REPLY,)),
    "unary of HTTP/1.0": Transcript(request(version="1.0"), (UNARY_REPLY,)),
    "chunked both ways": Transcript(
        request(UNARY, b"", CHUNKED) + CHUNKED_PROMPT,
        (head(CHUNKED, "Trailer: x-t") + b"3;x\r\nabc\r\n00A\r\n0123456789\r\n0;last\r\nX-T: t\r\n\r\n",),
    ),
    "stream": Transcript(request(STREAM), (SSE + event(10) + event(50, finish="STOP") + LAST,)),
    "stream to HTTP/1.0": Transcript(request(STREAM, version="1.0"), (SSE + event(50, finish="STOP") + LAST,)),
    "stream until the end of the connection": Transcript(
        request(STREAM), (head("Content-Type: text/event-stream") + b"data: " + answer() + b"\r\n\r\n",), closes=True
    ),
    "gzip": Transcript(
        request(UNARY, PROMPT, "Accept-Encoding: gzip"),
        (reply(gzip.compress(answer()), "Content-Encoding: gzip", "Content-Type: application/json"),),
    ),
    "interim replies": Transcript(request(), (EARLY_HINTS + EARLY_HINTS + UNARY_REPLY,)),
    "HEAD": Transcript(request(PLAIN, b"", method="HEAD"), (head("Content-Length: 99"),), (b"HEAD",)),
    "204": Transcript(request(PLAIN, method="DELETE"), (head(status="204 No Content"),), (b"DELETE",)),
    "304": Transcript(get(), (head("ETag: a", "Content-Length: 99", status="304 Not Modified"),), (b"GET",)),
    "declined": Transcript(request(), (reply(b'{"error":{}}', status="429 Too Many Requests"),)),
    "empty lines in front": Transcript(b"\r\n\r\n" + get(), (reply(b"ok"),), (b"GET",)),
    "pipelined": Transcript(
        request() + get() + request(STREAM),
        (UNARY_REPLY, reply(b"{}"), SSE + chunk(b"data: {}\r\n\r\n") + LAST),
        (b"POST", b"GET", b"POST"),
    ),
}

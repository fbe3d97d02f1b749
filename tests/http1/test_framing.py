"""Where a body ends: lengths, chunks, and what is refused."""

import pytest

from sidecar.errors import ProtocolError, ReplyBroken, RequestRefused
from sidecar.http1.framing import (
    CHUNKED,
    MAX_CHUNK_LINE,
    MAX_TRAILERS,
    NO_BODY,
    UNTIL_CLOSE,
    ChunkedBody,
    Framing,
    LengthBody,
    chunk,
    last_chunk,
    reply_framing,
    request_framing,
)

LENGTH, CODING = b"content-length", b"transfer-encoding"


def test_a_request_without_fields_has_no_body() -> None:
    assert request_framing({}) is NO_BODY


@pytest.mark.parametrize(("digits", "length"), [(b"0", 0), (b"5", 5), (b"007", 7), (b"9" * 18, 10**18 - 1)])
def test_a_request_with_a_length(digits: bytes, length: int) -> None:
    assert request_framing({LENGTH: digits}) == Framing(length=length)


@pytest.mark.parametrize("coding", [b"chunked", b"CHUNKED"])
def test_a_request_in_chunks(coding: bytes) -> None:
    assert request_framing({CODING: coding}) is CHUNKED


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({LENGTH: b"5", CODING: b"chunked"}, 400),
        ({CODING: b"chunked", LENGTH: b"5"}, 400),
        ({LENGTH: b"5, 5"}, 400),
        ({LENGTH: b""}, 400),
        ({LENGTH: b"+5"}, 400),
        ({LENGTH: b"5 "}, 400),
        ({LENGTH: b"\xb2"}, 400),
        ({LENGTH: b"9" * 19}, 400),
        ({CODING: b"gzip"}, 501),
        ({CODING: b"gzip, chunked"}, 501),
        ({CODING: b"chunked, chunked"}, 501),
        ({CODING: b""}, 501),
    ],
)
def test_two_opinions_or_none__refused(fields: dict[bytes, bytes], status: int) -> None:
    with pytest.raises(RequestRefused) as refused:
        request_framing(fields)
    assert refused.value.status == status
    with pytest.raises(ReplyBroken):
        reply_framing(fields, 200, b"GET")


@pytest.mark.parametrize(
    ("fields", "status", "method", "framing"),
    [
        ({}, 200, b"GET", UNTIL_CLOSE),
        ({LENGTH: b"5"}, 200, b"GET", Framing(length=5)),
        ({CODING: b"chunked"}, 500, b"POST", CHUNKED),
        ({CODING: b"chunked"}, 200, b"HEAD", NO_BODY),
        ({}, 200, b"HEAD", NO_BODY),
        ({LENGTH: b"5"}, 200, b"HEAD", NO_BODY),
        ({LENGTH: b"5"}, 304, b"GET", NO_BODY),
        ({}, 304, b"GET", NO_BODY),
        ({}, 204, b"GET", NO_BODY),
        ({LENGTH: b"0"}, 204, b"GET", NO_BODY),
        ({CODING: b"chunked"}, 204, b"GET", NO_BODY),
        ({}, 100, b"POST", NO_BODY),
        ({LENGTH: b"0"}, 205, b"POST", NO_BODY),
    ],
)
def test_the_framing_of_a_reply(fields: dict[bytes, bytes], status: int, method: bytes, framing: Framing) -> None:
    assert reply_framing(fields, status, method) == framing


@pytest.mark.parametrize("status", [100, 103, 204])
def test_a_length_where_there_can_be_no_body__broken(status: int) -> None:
    with pytest.raises(ReplyBroken, match=f"status {status}"):
        reply_framing({LENGTH: b"5"}, status, b"GET")


# === a body of known length ===


def test_a_length_takes_what_belongs_to_it() -> None:
    body = LengthBody(5)
    assert (body.feed(b"abc"), body.is_complete) == (3, False)
    assert (body.feed(b"defgh"), body.is_complete) == (2, True)
    assert body.feed(b"x") == 0


def test_a_length_of_nothing_is_complete() -> None:
    assert LengthBody(0).is_complete


# === a body in chunks ===


def test_chunks_are_read() -> None:
    body = ChunkedBody()
    assert body.feed(b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nGET") == (b"abc0123456789", 32)
    assert body.is_complete


def test_what_stands_behind_the_end_is_not_taken() -> None:
    body = ChunkedBody()
    body.feed(b"0\r\n\r\n")
    assert body.feed(b"GET") == (b"", 0)


def test_trailers_are_kept_as_sent() -> None:
    body = ChunkedBody()
    body.feed(b"0\r\nX-Sum: 1 \r\nx-sum:2\r\n\r\n")
    assert (body.is_complete, body.trailers) == (True, [b"X-Sum: 1 ", b"x-sum:2"])


@pytest.mark.parametrize("size", [b"0005", b"5 ", b"5;", b'5;a="b c"', b"5;\xff", b"5;;"])
def test_a_chunk_size_may_carry_zeros_space_and_extensions(size: bytes) -> None:
    assert ChunkedBody().feed(size + b"\r\nhello\r\n")[0] == b"hello"


BAD_CHUNKS = {
    "space before an extension": b"5 ;a=b\r\nhello\r\n",
    "no size": b"\r\nhello\r\n",
    "only an extension": b";a=b\r\nhello\r\n",
    "sign": b"+5\r\nhello\r\n",
    "negative": b"-5\r\nhello\r\n",
    "prefix": b"0x5\r\nhello\r\n",
    "underscore": b"1_0\r\nhello\r\n",
    "space in front": b" 5\r\nhello\r\n",
    "not hexadecimal": b"5g\r\nhello\r\n",
    "sixteen digits": b"0000000000000005\r\nhello\r\n",
    "larger than 2**64": b"10000000000000005\r\nhello\r\n",
    "bare LF": b"5\nhello\r\n",
    "bare CR": b"5\rhello\r\n",
    "CR in an extension": b"5;a\rb\r\nhello\r\n",
    "NUL in an extension": b"5;\x00\r\nhello\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n",
    "payload too long": b"5\r\nhello!\r\n",
    "payload too long, with no end": b"5\r\nhello!",
    "payload too short": b"5\r\nhell\r\n0\r\n\r\n",
    "LF behind the payload": b"5\r\nhello\n",
    "CR CR behind the payload": b"5\r\nhello\r\r",
    "end without CR": b"0\n\n",
    "end with a bare LF": b"0\r\n\n",
    "trailer that is no field": b"0\r\nabc\r\n\r\n",
    "trailer with a space before the colon": b"0\r\nX : a\r\n\r\n",
    "folded trailer": b"0\r\nX: a\r\n b\r\n\r\n",
    "NUL in a trailer": b"0\r\nX: \x00\r\n\r\n",
    "CR in a trailer": b"0\r\nX: a\rb\r\n\r\n",
    "length in the trailers": b"0\r\nContent-Length: 5\r\n\r\n",
    "coding in the trailers": b"0\r\nTRANSFER-ENCODING: chunked\r\n\r\n",
    "host in the trailers": b"0\r\nhost: a\r\n\r\n",
}


@pytest.mark.parametrize("raw", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_broken_chunks__refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        ChunkedBody().feed(raw)


@pytest.mark.parametrize("raw", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_broken_chunks_byte_by_byte__refused(raw: bytes) -> None:
    body = ChunkedBody()
    with pytest.raises(ProtocolError):
        list(map(body.feed, (raw[position : position + 1] for position in range(len(raw)))))


def test_a_chunk_line_at_the_bound__read() -> None:
    line = b"5;" + b"a" * (MAX_CHUNK_LINE - 4) + b"\r\n"
    assert ChunkedBody().feed(line + b"hello")[0] == b"hello"


def test_a_chunk_line_over_the_bound__refused() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        ChunkedBody().feed(b"5;" + b"a" * MAX_CHUNK_LINE)


def test_trailers_over_the_bound__refused() -> None:
    line = b"X: " + b"a" * 1000
    body = ChunkedBody()
    body.feed(b"0\r\n" + (line + b"\r\n") * (MAX_TRAILERS // len(line)))
    with pytest.raises(ProtocolError, match="too long"):
        body.feed(line + b"\r\n")


# === writing ===


def test_a_chunk_is_written() -> None:
    assert chunk(b"0123456789abcdef") == b"10\r\n0123456789abcdef\r\n"


@pytest.mark.parametrize(
    ("trailers", "raw"),
    [([], b"0\r\n\r\n"), ([b"X: a"], b"0\r\nX: a\r\n\r\n"), ([b"X: a", b"Y: b"], b"0\r\nX: a\r\nY: b\r\n\r\n")],
)
def test_the_last_chunk_is_written(trailers: list[bytes], raw: bytes) -> None:
    assert last_chunk(trailers) == raw


def test_what_is_written_is_read() -> None:
    body = ChunkedBody()
    raw = chunk(b"abc") + chunk(b"\r\n0\r\n\r\n") + last_chunk([b"X: a"])
    assert body.feed(raw) == (b"abc\r\n0\r\n\r\n", len(raw))
    assert (body.is_complete, body.trailers) == (True, [b"X: a"])

"""Threat 4, the other way: a reply that could be read in two ways ends its connection, and nobody gets what is left of it.

Behind each reply another one lies in wait, in the same packet or in the next. The caller that comes next must get its own.
"""

from collections.abc import Iterator

import pytest

from tests.proxy.messages import get
from tests.proxy.playing import Play, StandingRoad, exchanged, standing_road
from tests.proxy.readings import Broken, Got

OK = b"HTTP/1.1 200 OK\r\n"
STOLEN = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
LENGTH = b"Content-Length: 5\r\n"

BROKEN = {
    "CL and TE": OK + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + END,
    "TE and CL": OK + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n5\r\nhello\r\n" + END,
    "two lengths": OK + LENGTH + b"Content-Length: 50\r\n\r\nhello",
    "the same length twice": OK + LENGTH * 2 + b"\r\nhello",
    "a list of lengths": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    "length with a sign": OK + b"Content-Length: +5\r\n\r\nhello",
    "negative length": OK + b"Content-Length: -5\r\n\r\nhello",
    "length in hex": OK + b"Content-Length: 0x5\r\n\r\nhello",
    "length beyond all numbers": OK + b"Content-Length: 18446744073709551621\r\n\r\nhello",
    "length of other digits": OK + b"Content-Length: \xd9\xa5\r\n\r\nhello",
    "no length": OK + b"Content-Length:\r\n\r\nhello",
    "folded line": OK + b"X: a\r\n Content-Length: 5\r\n" + LENGTH + b"\r\nhello",
    "folded first line": OK + b" X: a\r\n" + LENGTH + b"\r\nhello",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello\r\n\r\n",
    "bare LF between fields": OK + b"X: a\nContent-Length: 3\r\n" + LENGTH + b"\r\nhello",
    "bare CR": OK + b"X: a\rContent-Length: 3\r\n" + LENGTH + b"\r\nhello",
    "NUL in a name": OK + b"Content-Length\x00: 3\r\n" + LENGTH + b"\r\nhello",
    "NUL in a value": OK + b"X: a\x00b\r\n" + LENGTH + b"\r\nhello",
    "space before the colon": OK + b"Content-Length : 3\r\n" + LENGTH + b"\r\nhello",
    "line without a colon": OK + b"X\r\n" + LENGTH + b"\r\nhello",
    "TE of gzip": OK + b"Transfer-Encoding: gzip\r\n\r\nhello",
    "TE of gzip and chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END,
    "TE twice": OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + END,
    "TE of identity": OK + b"Transfer-Encoding: identity\r\n" + b"\r\nhello",
    "TE with a vertical tab": OK + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + END,
    "TE of nothing": OK + b"Transfer-Encoding:\r\n\r\n" + END,
    "TE in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    "another version": b"HTTP/2.0 200 OK\r\n" + LENGTH + b"\r\nhello",
    "lower-case version": b"http/1.1 200 OK\r\n" + LENGTH + b"\r\nhello",
    "status of two digits": b"HTTP/1.1 20 OK\r\n" + LENGTH + b"\r\nhello",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n" + LENGTH + b"\r\nhello",
    "length in a 204": b"HTTP/1.1 204 No Content\r\n" + LENGTH + b"\r\nhello",
    "length in a 100": b"HTTP/1.1 100 Continue\r\n" + LENGTH + b"\r\nhello",
    "101 that nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "chunk size with a sign": CHUNKED + b"+5\r\nhello\r\n" + END,
    "negative chunk size": CHUNKED + b"-5\r\nhello\r\n" + END,
    "chunk size in C": CHUNKED + b"0x5\r\nhello\r\n" + END,
    "chunk size behind a space": CHUNKED + b" 5\r\nhello\r\n" + END,
    "chunk size beyond all numbers": CHUNKED + b"10000000000000005\r\nhello\r\n" + END,
    "chunk of another size": CHUNKED + b"4\r\nhello\r\n" + END,
    "chunk line with a bare LF": CHUNKED + b"5\nhello\r\n" + END,
    "chunk that ends in a bare LF": CHUNKED + b"5\r\nhello\n" + END,
    "NUL in a chunk extension": CHUNKED + b"5;a=\x00\r\nhello\r\n" + END,
    "bare CR in a chunk extension": CHUNKED + b"5;a\r\r\nhello\r\n" + END,
    "chunk extension without end": CHUNKED + b"5;" + b"a" * 5_000 + b"\r\nhello\r\n" + END,
    "trailer that frames": CHUNKED + b"0\r\nContent-Length: 50\r\n\r\n",
    "trailer that codes": CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "trailer that routes": CHUNKED + b"0\r\nHost: a\r\n\r\n",
    "folded trailer": CHUNKED + b"0\r\nX: a\r\n b\r\n\r\n",
    "trailers without end": CHUNKED + b"0\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    "junk before the reply": b"\r\n" + OK + LENGTH + b"\r\nhello",
}  # fmt: skip
WHOLE = {
    "length": (OK + LENGTH + b"\r\nhello", b"hello"),
    "chunks": (CHUNKED + b"5\r\nhello\r\n" + END, b"hello"),
    "chunk extension": (CHUNKED + b"5;a=b\r\nhello\r\n" + END, b"hello"),
    "zeros before a chunk size": (CHUNKED + b"00005\r\nhello\r\n" + END, b"hello"),
    "trailer that says nothing of the framing": (CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "not modified, with the length of another reply": (b"HTTP/1.1 304 Not Modified\r\n" + LENGTH + b"\r\n", b""),
    "chunked 304": (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
    "interim replies": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2_000 + OK + LENGTH + b"\r\nhello", b"hello"),
}


@pytest.fixture(scope="module")
def standing() -> Iterator[StandingRoad]:
    with standing_road() as standing:
        yield standing


def asked(standing: StandingRoad, *pieces: bytes, method: str = "GET") -> Got | Broken:
    """What a caller on a connection of its own gets, whose provider writes these pieces and keeps its connection open."""
    standing.provider.now_play(*([Play(pieces)] if pieces else []))
    raw = get().replace(b"GET", method.encode(), 1)
    (got,) = standing.run(exchanged(standing.road, [raw], [method.encode()]))
    return got


def next_gets_its_own(standing: StandingRoad) -> bool:
    got = asked(standing)
    return isinstance(got, Got) and got.body == b"ok"


@pytest.mark.parametrize("is_one_packet", [True, False])
@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_doubtful_reply__broken_off_and_the_next_caller_gets_its_own(
    standing: StandingRoad, raw: bytes, is_one_packet: bool
) -> None:
    got = asked(standing, *([raw + STOLEN] if is_one_packet else [raw, STOLEN]))
    assert isinstance(got, Broken) or (got.is_ours and got.status == 502), got
    assert next_gets_its_own(standing)
    assert standing.provider.faults == []


@pytest.mark.parametrize("is_one_packet", [True, False])
@pytest.mark.parametrize(("raw", "body"), WHOLE.values(), ids=WHOLE.keys())
def test_sound_reply_with_another_behind_it__the_other_is_nobodys(
    standing: StandingRoad, raw: bytes, body: bytes, is_one_packet: bool
) -> None:
    got = asked(standing, *([raw + STOLEN] if is_one_packet else [raw, STOLEN]))
    assert isinstance(got, Got)
    assert got.body == body
    assert next_gets_its_own(standing)


@pytest.mark.parametrize("behind", [b"hello", STOLEN])
def test_body_behind_the_answer_to_a_head__nobodys(standing: StandingRoad, behind: bytes) -> None:
    got = asked(standing, OK + LENGTH + b"\r\n" + behind, method="HEAD")
    assert isinstance(got, Got)
    assert got.body == b""
    assert next_gets_its_own(standing)


def test_reply_before_it_was_asked_for__nobodys(standing: StandingRoad) -> None:
    """It comes on a connection at rest, in the moment in which the next caller takes it."""
    assert next_gets_its_own(standing)
    for conversation in standing.provider.conversations:
        conversation.transport.write(STOLEN)
    assert next_gets_its_own(standing)

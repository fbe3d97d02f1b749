"""Threat 4 beside a real nginx: before us or behind us, it takes the same bytes for the same requests, or we refuse."""

import re
from collections.abc import Iterator, Sequence

import pytest

from tests.http1.differences import HAND_MADE
from tests.proxy.readings import Heard
from tests.security.nginx_beside import Beside, beside
from tests.security.splitting import Message, by_us

pytestmark = [pytest.mark.part("nginx"), pytest.mark.timeout(180)]

POST = b"POST /gemini/a HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SECOND = b"GET /gemini/second HTTP/1.1\r\nHost: a\r\n\r\n"
HIDDEN = b"0\r\n\r\nGET /gemini/hidden HTTP/1.1\r\nHost: a\r\n\r\n"
NAMES = re.compile(rb"\A(?:/gemini|http://[^/]*)")
SIZES = [b"5", b"05", b"5 ", b"5\t", b" 5", b"+5", b"-5", b"0x5", b"5;a", b"5;a=\"b\"", b"5 ;a", b"5;\xff", b"5;\x00", b"5\x00",
         b"5_0", b"f" * 15 + b"5", b"f" * 16, b"1" + b"0" * 15 + b"5", b"5,5", b"\x0b5", b"5\r", b""]  # fmt: skip
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r"]
ATTACKS = [
    *[head.replace(b" / ", b" /gemini/a ", 1) + body for head in HAND_MADE for body in (HIDDEN, b"hello" + SECOND)],
    *[CHUNKED + size + b"\r\nhello\r\n" + HIDDEN + SECOND for size in SIZES],
    *[CHUNKED + b"5" + end + b"hello" + other + b"0" + end + end + SECOND for end in ENDS for other in ENDS],
    *[CHUNKED + b"0\r\n" + line + b"\r\n\r\n" + SECOND for line in (b"X: a", b"Content-Length: 30", b"Host: b", b" X: a", b"X")],
    *[POST + b"Content-Length: " + size + b"\r\n\r\nhello" + SECOND
      for size in (b"5", b"05", b"+5", b"5 ", b"5,5", b"0x5", b"-1", b"5\x0b", b"18446744073709551621", b"5;a", b"", b"\t5")],
    *[POST + b"Transfer-Encoding: " + coding + b"\r\nContent-Length: 5\r\n\r\n" + HIDDEN
      for coding in (b"chunked", b"identity", b"xchunked", b"chunked, identity", b"\x0bchunked", b"")],
    SECOND[:-2] + b"\r\n\r\n" + SECOND, SECOND + b" " + SECOND, SECOND + b"\x00" + SECOND, SECOND[:-4] + b"\n\n" + SECOND,
    POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + SECOND, b"\n" + SECOND, b"\r\n\r\n" + SECOND,
]  # fmt: skip


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    with beside(tmp_path_factory.mktemp("nginx")) as ways:
        yield ways


def asked(messages: Sequence[Heard | Message]) -> list[tuple[bytes, bytes, bytes]]:
    """Method, target and body. We take our upstream's name away, and nginx the authority of an absolute target."""
    return [(each.method, NAMES.sub(b"", each.target), each.body) for each in messages]


def read_by_us(raw: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return asked([each for each in by_us(raw) if each.is_whole])


@pytest.mark.parametrize("raw", ATTACKS, ids=range(len(ATTACKS)))
def test_nginx_behind_us_hears_what_we_have_read(three: Beside, raw: bytes) -> None:
    """In our order; one that nginx refuses is missing, and what follows comes on another connection."""
    ours = iter(read_by_us(raw))
    assert [each for each in asked(three.heard(three.behind, raw)) if each not in ours] == []


@pytest.mark.parametrize("raw", ATTACKS, ids=range(len(ATTACKS)))
def test_nginx_before_us_is_heard_as_it_meant(three: Beside, raw: bytes) -> None:
    meant = asked(three.heard(three.alone, raw))
    heard = asked(three.heard(three.before, raw))
    assert heard == meant[: len(heard)]


@pytest.mark.parametrize("raw", ATTACKS, ids=range(len(ATTACKS)))
def test_nginx_and_we__no_two_opinions(three: Beside, raw: bytes) -> None:
    theirs = asked(three.heard(three.alone, raw))
    ours = read_by_us(raw)
    both = min(len(theirs), len(ours))
    assert theirs[:both] == ours[:both]


def test_sound_requests__are_heard_every_way(three: Beside) -> None:
    """Otherwise the tests above could pass with nothing ever heard."""
    raw = CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + SECOND
    sound = [(b"POST", b"/a", b"hello"), (b"GET", b"/second", b"")]
    assert [asked(three.heard(way, raw)) for way in (three.alone, three.behind, three.before)] == [sound] * 3

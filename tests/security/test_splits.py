"""Threat 4: bytes that two programs would split into different requests are refused by us, whoever the other is."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings, strategies as st

from tests.http1.differences import HAND_MADE
from tests.http1.grammar import PROBE, chunked_bodies, request_heads
from tests.security.splitting import Message, by_h11, by_llhttp, by_us, conflict

READERS = {"h11": by_h11, "llhttp": by_llhttp}
SECOND = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
HIDDEN = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
"""A body of chunks with a request behind it, or forty bytes of any length."""

Reader = Callable[[bytes], list[Message]]
connections = st.builds(
    lambda first, body, behind: first + body + behind,
    request_heads,
    st.one_of(st.sampled_from([b"", b"hello", PROBE, HIDDEN]), chunked_bodies),
    st.sampled_from([b"", SECOND, b"\r\n" + SECOND, b"\n" + SECOND, b" " + SECOND]),
)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@settings(max_examples=250)
@given(connections)
@example(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n" + SECOND)
def test_what_we_pass_on__the_other_reads_the_same(reader: Reader, raw: bytes) -> None:
    assert conflict(by_us(raw), reader(raw)) == ""


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("body", [HIDDEN, PROBE, b"hello" + SECOND], ids=["hidden", "probe", "hello"])
@pytest.mark.parametrize("head", HAND_MADE, ids=repr)
def test_hand_made_attacks__read_the_same_or_refused(reader: Reader, head: bytes, body: bytes) -> None:
    assert conflict(by_us(head + body), reader(head + body)) == ""


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("payload", [b"", b"hello", SECOND])
def test_sound_requests__all_of_them_by_each(reader: Reader, payload: bytes) -> None:
    """Otherwise the tests above could pass with nothing ever read."""
    raw = b"POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(payload), payload) + SECOND
    sound = [Message(b"POST", b"/first", payload), Message(b"GET", b"/second", b"")]
    assert by_us(raw) == reader(raw) == sound


def test_who_differ__are_told_apart() -> None:
    """The measure itself: h11 and a reader for whom the length counts are in conflict over the oldest of these attacks."""
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + HIDDEN
    by_length = [Message(b"POST", b"/", HIDDEN[:5]), Message(b"GET", b"/hidden", b"")]
    assert conflict(by_length, [Message(b"POST", b"/", HIDDEN, is_whole=False)])
    assert by_us(raw) == []

"""Drawn messages all the way through the proxy, on sockets: what reaches the other end is what h11 reads there, or nothing.

A request that is ambiguous reaches no provider, and a reply that is broken never becomes a whole one.
"""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings, strategies as st

from sidecar.http1.head import HOP_BY_HOP
from tests.http1.grammar import PROBE, chunked_bodies, mostly, reply_heads, request_heads
from tests.proxy.messages import CHUNKED, PLAIN, PROMPT, STREAM, UNARY, get, head, request
from tests.proxy.playing import Play, StandingRoad, exchanged, standing_road
from tests.proxy.readings import Broken, Fields, Got, Heard, as_h11_reads, heard_in

BASE = b"/base"
SECOND = b"GET /gemini/second HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def standing() -> Iterator[StandingRoad]:
    with standing_road(base_path=BASE) as standing:
        yield standing


def end_to_end(fields: Fields) -> Fields:
    """What RFC 9110 section 7.6.1 leaves of some fields, without those that speak to the sidecar."""
    named = {token.strip().lower() for name, value in fields if name == b"connection" for token in value.split(b",")}
    dropped = HOP_BY_HOP | (named - {b"content-length", b"close", b"keep-alive"})
    return [(name, value) for name, value in fields if name not in dropped and not name.startswith(b"x-sidecar-")]


def meant(raw: bytes, ours: bytes) -> list[Heard]:
    """The requests that h11 reads in what a caller sent, empty lines in front of each passed over."""
    return [
        heard._replace(target=heard.target.removeprefix(ours), fields=end_to_end(heard.fields))
        for heard in heard_in(raw)
    ]


def at_provider(heard: Heard) -> Heard:
    """A request in the words of `meant`: under our route again, and without the fields of its hop."""
    assert heard.target.startswith(BASE + b"/")
    return heard._replace(target=b"/gemini" + heard.target[len(BASE) :], fields=end_to_end(heard.fields))


def routed(heads: bytes) -> bytes:
    """A drawn head whose target leads to an upstream, where it can."""
    return heads.replace(b" /", b" /gemini/", 1)


connections = st.builds(
    lambda first, body, behind: first + body + behind,
    request_heads.map(routed),
    st.one_of(st.sampled_from([b"", b"hello", PROBE]), chunked_bodies),
    st.sampled_from([b"", SECOND, b"\r\n" + SECOND]),
)


@settings(max_examples=250)
@given(connections)
@example(b"POST /gemini/ HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG")
@example(b"POST /gemini/ HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello" + SECOND)
@example(
    b"POST /gemini/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: a\r\n\r\n" + SECOND
)
@example(b"GET http://a/gemini/x HTTP/1.1\r\nHost: a\r\n\r\n")
@example(b"GET /gemini/../x HTTP/1.1\r\nHost: b\r\n\r\n")
@example(b"GET /gemini@b/x HTTP/1.1\r\nHost: b\r\n\r\n")
def test_requests_that_reach_the_provider__are_those_that_were_meant(standing: StandingRoad, raw: bytes) -> None:
    ours = b"http://127.0.0.1:%d" % standing.road.address[1]
    raw = raw.replace(b"http://a/", ours + b"/", 1)
    standing.provider.now_play()
    standing.run(exchanged(standing.road, [raw], [b"GET"], is_last=True))
    assert standing.provider.faults == []
    reached = [at_provider(heard) for heard in standing.provider.heard]
    assert reached == meant(raw, ours)[: len(reached)]


@settings(max_examples=60)
@given(
    st.sampled_from([b"", b"hello", b"\r\n"]), st.sampled_from([b"Content-Length: 5", b"Transfer-Encoding: chunked"])
)
def test_sound_requests__reach_the_provider(standing: StandingRoad, payload: bytes, framing: bytes) -> None:
    """Otherwise the test above could pass with nothing ever reaching anybody."""
    is_chunked = framing.startswith(b"T")
    body = (
        (b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b"") + b"0\r\n\r\n"
        if is_chunked
        else payload.ljust(5)
    )
    raw = b"POST /gemini/a HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n" + body + SECOND
    standing.provider.now_play()
    standing.run(exchanged(standing.road, [raw], [b"POST", b"GET"]))
    assert [at_provider(heard) for heard in standing.provider.heard] == meant(raw, b"")
    assert len(standing.provider.heard) == 2


CALLERS = {
    "GET": get(),
    "GET of HTTP/1.0": get(version="1.0"),
    "HEAD": request(PLAIN, b"", method="HEAD"),
    "unary call": request(UNARY, PROMPT),
    "stream call": request(STREAM, PROMPT),
    "unary call of HTTP/1.0": request(UNARY, PROMPT, version="1.0"),
}
FIRM = [b"hello", PROBE, b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
replies = st.builds(lambda first, body: first + body, reply_heads, mostly(st.sampled_from(FIRM), chunked_bodies))


@pytest.mark.parametrize("asked", CALLERS.values(), ids=CALLERS.keys())
@settings(max_examples=60)
@given(raw=replies, cut=st.one_of(st.none(), st.integers(1, 200)))
@example(raw=head("Content-Length: 9") + b"short", cut=None)
@example(raw=head(CHUNKED) + b"5\r\nhello\r\n", cut=None)
@example(raw=head(CHUNKED) + b"5\r\nhello\r\n0\r\n", cut=None)
@example(raw=head(CHUNKED) + b"5\r\nhello\r\ng\r\n\r\n", cut=None)
@example(raw=head("Content-Type: text/event-stream") + b"data: {}\r\n\r\n", cut=None)
@example(raw=b"", cut=None)
def test_reply__the_same_or_broken_or_ours_and_never_a_clean_short_one(
    standing: StandingRoad, asked: bytes, raw: bytes, cut: int | None
) -> None:
    raw = raw[:cut]
    method = asked.partition(b" ")[0]
    standing.provider.now_play(Play((raw,) if raw else (), closes=True))
    (got,) = standing.run(exchanged(standing.road, [asked], [method]))
    direct = as_h11_reads(raw, method)
    if isinstance(got, Broken) or got.is_ours:
        return
    assert isinstance(direct, Got), f"whole although h11 reads: {direct.how}"
    if b" HTTP/1.0\r\n" in asked:  # it knows neither trailers nor interim replies
        direct = direct._replace(trailers=[], interim=[])
    assert got._replace(fields=end_to_end(got.fields)) == direct._replace(fields=end_to_end(direct.fields))

"""However the bytes of an exchange are cut into writes, on both sides, the same messages come out at the other end.

What goes in and what comes out are both read with h11, so that a body framed anew, as chunks are, counts as the same.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings, strategies as st

from tests.proxy.playing import Play, StandingRoad, exchanged, standing_road
from tests.proxy.readings import Broken, Got, Heard, as_h11_reads, heard_in
from tests.proxy.transcripts import TRANSCRIPTS, Transcript

Message = TypeVar("Message", Heard, Got)

OF_A_HOP = {b"connection", b"transfer-encoding", b"host", b"expect", b"trailer"}


@pytest.fixture(scope="module")
def standing() -> Iterator[StandingRoad]:
    with standing_road() as standing:
        yield standing


@pytest.fixture(params=list(TRANSCRIPTS.values()), ids=list(TRANSCRIPTS), scope="module")
def transcript(request: pytest.FixtureRequest) -> Transcript:
    played: Transcript = request.param
    return played


Cuts = set[int] | None
"""Before which positions bytes are cut; None is before every one."""

some_cuts = st.one_of(st.none(), st.sets(st.integers(1, 700), max_size=12))


def pieces_of(raw: bytes, cuts: Cuts) -> tuple[bytes, ...]:
    """The bytes in pieces; a position past their end cuts nothing."""
    wanted = range(len(raw)) if cuts is None else sorted(cuts)
    edges = [0, *(cut for cut in wanted if 0 < cut < len(raw)), len(raw)]
    return tuple(raw[start:end] for start, end in pairwise(edges))


@settings(max_examples=20)
@given(cuts_of_request=some_cuts, cuts_of_reply=some_cuts)
def test_messages_in_any_pieces__come_out_the_same(
    standing: StandingRoad, transcript: Transcript, cuts_of_request: Cuts, cuts_of_reply: Cuts
) -> None:
    plays = [Play(pieces_of(reply, cuts_of_reply), transcript.closes) for reply in transcript.replies]
    standing.provider.now_play(*plays)
    pieces = pieces_of(transcript.sent, cuts_of_request)
    got = standing.run(exchanged(standing.road, list(pieces), list(transcript.methods)))
    assert standing.provider.faults == []
    assert [of_no_hop(heard) for heard in standing.provider.heard] == expected_requests(transcript)
    assert [of_no_hop(reply) for reply in got] == expected_replies(transcript)


def expected_requests(transcript: Transcript) -> list[Heard]:
    """What h11 reads of the caller's bytes, where the provider sees it."""
    return [
        of_no_hop(heard._replace(target=heard.target.removeprefix(b"/gemini"))) for heard in heard_in(transcript.sent)
    ]


def expected_replies(transcript: Transcript) -> list[Got]:
    """What h11 reads of the provider's bytes, as far as the caller's version has words for it."""
    is_http10 = b" HTTP/1.0\r\n" in transcript.sent
    replies = []
    for raw, method in zip(transcript.replies, transcript.methods, strict=True):
        got = as_h11_reads(raw, method, closes=transcript.closes)
        assert isinstance(got, Got)
        replies.append(of_no_hop(got._replace(trailers=[], interim=[]) if is_http10 else got))
    return replies


def of_no_hop(message: Message | Broken) -> Message:
    """A message without the fields that only concern one hop."""
    assert not isinstance(message, Broken), message
    return message._replace(fields=[field for field in message.fields if field[0] not in OF_A_HOP])

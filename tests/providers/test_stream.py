import pytest

from sidecar.bodies.array import ArrayElements
from sidecar.bodies.ndjson import JsonLines
from sidecar.bodies.sse import ServerSentEvents
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.frame import Repeat
from sidecar.providers.openai_stream import HOLES
from sidecar.providers.stream import Events, StreamReader
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.wire import read

PLAIN = ReplyHead(200)


class Letters:
    """Counts events, and keeps those that it was shown; what ends them is an event that says so."""

    def __init__(self) -> None:
        self.shown: list[bytes] = []
        self.counted = 0
        self.is_terminal = False

    def note(self, event: bytes) -> Repeat | None:
        self.shown.append(event)
        self.counted += 1
        self.is_terminal = b"end" in event
        return None if self.is_terminal else (self.count, 0)

    def count(self, text: int) -> None:
        self.counted += 1

    def reported(self) -> Reported | None:
        return Reported(Usage(output=self.counted))


def reader(events: Events[bytes], head: ReplyHead = PLAIN) -> tuple[StreamReader[bytes], Letters]:
    tally = Letters()
    return StreamReader(head, events, tally, HOLES), tally


def events(*texts: str) -> list[bytes]:
    return [f'data: {{"text": "{text}"}}\n\n'.encode() for text in texts]


LETTERS = events("a", "b", "", "c", "d", '\\"', "e")


def test_events_of_one_frame_are_counted_and_not_shown():
    stream, tally = reader(ServerSentEvents())
    read(stream, *LETTERS)
    assert tally.counted == len(LETTERS)
    assert tally.shown == [b'{"text": "a"}', b'{"text": ""}', b'{"text": "\\""}']


def test_a_stream_is_counted_the_same_at_every_cut():
    body = b"".join(LETTERS)
    for pieces in [LETTERS, [body], bytewise(body), *in_two(body)]:
        stream, _ = reader(ServerSentEvents())
        assert read(stream, *pieces) == Reported(Usage(output=len(LETTERS)))


def test_a_frame_is_learned_of_one_whole_event_only():
    stream, tally = reader(ServerSentEvents())
    one, two, three = events("a", "b", "c")
    for piece in (one[:9], one[9:], two + three, two[:5], two[5:] + three):
        stream.feed(piece)
    assert tally.counted == len(tally.shown) == 5
    stream.feed(two)
    stream.feed(three)
    assert (tally.counted, len(tally.shown)) == (7, 6)


def test_an_event_that_began_in_the_piece_before_is_not_taken_for_one_of_the_frame():
    stream, tally = reader(ServerSentEvents())
    for piece in (*events("a", "b"), b'data: {"odd": 1}\n', *events("c")):
        stream.feed(piece)
    assert tally.shown[1:] == [b'{"odd": 1}\n{"text": "c"}']


def test_lines_have_frames_and_a_growing_array_has_none():
    lines, of_lines = reader(JsonLines())
    read(lines, *(b'{"text": "%d"}\n' % number for number in range(9)))
    assert (of_lines.counted, len(of_lines.shown)) == (9, 1)
    array, of_array = reader(ArrayElements())
    read(array, b"[", *(b'{"text": "%d"},' % number for number in range(9)))
    assert (of_array.counted, len(of_array.shown)) == (9, 9)


def test_the_last_event_is_shown_even_without_its_end():
    stream, tally = reader(ServerSentEvents())
    read(stream, b'data: {"text": "end"}')
    assert tally.shown == [b'{"text": "end"}']
    assert stream.is_terminal


def test_a_coded_stream_is_read_through_its_coding():
    stream, tally = reader(ServerSentEvents(), ReplyHead(200, "", "gzip"))
    read(stream, *bytewise(zipped(b"".join(LETTERS))))
    assert tally.counted == len(LETTERS)


@pytest.mark.parametrize(
    ("coding", "why"), [("gzip", "corrupt_coding"), ("x", "unknown_coding"), ("", "too_many_lines")]
)
def test_a_stream_that_can_not_be_read_says_why(coding, why):
    stream, _ = reader(ServerSentEvents(), ReplyHead(200, "", coding))
    read(stream, b"x\n" * 60_000)
    assert stream.gave_up == why
    assert not stream.is_terminal

import pytest

from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.ndjson import JsonLines
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.counted import Mark, counted_stream
from tests.bodies.cutting import zipped
from tests.providers.wire import read

LINES = ReplyHead(200, "application/x-ndjson")
MARKS = {b"d": Mark.DELTA, b"e": Mark.END, b"n": Mark.END, b"u": Mark.END}
SEVEN = Reported(Usage(output=7))


def extract(event: bytes) -> Reported | None:
    if event == b"u":
        raise Unreadable
    return SEVEN if event == b"e" else None


def stream(coding: str = "") -> ReplyReader:
    head = ReplyHead(200, "application/x-ndjson", coding)
    return counted_stream(JsonLines(), lambda event: MARKS.get(event, Mark.OTHER), extract, head)


def counted(tokens: int) -> Reported:
    return Reported(Usage(output=tokens), basis=Basis.ESTIMATED, reason="counted_deltas")


def test_the_last_event_reports():
    reader = stream()
    assert read(reader, b"d\nd\ne\n") == SEVEN
    assert reader.is_terminal


def test_until_then_deltas_are_counted():
    reader = stream()
    assert reader.reported() is None
    reader.feed(b"x\n")
    assert reader.reported() is None
    reader.feed(b"d\nx\nd\n")
    assert reader.reported() == counted(2)
    assert not reader.is_terminal


@pytest.mark.parametrize("last", [b"n", b"u"])
def test_a_last_event_that_says_nothing_leaves_the_count(last):
    reader = stream()
    assert read(reader, b"d\nd\nd\n" + last) == counted(3)
    assert reader.is_terminal


def test_an_end_stays_an_end():
    assert read(stream(), b"e\nn\nd\ne\n") == SEVEN


def test_a_coded_stream_is_decoded():
    assert read(stream("gzip"), zipped(b"d\ne\n")) == SEVEN


@pytest.mark.parametrize(("coding", "reason"), [("gzip", "corrupt_coding"), ("x", "unknown_coding")])
def test_a_stream_that_can_not_be_read_says_why(coding, reason):
    reader = stream(coding)
    assert read(reader, b"d\ne\n") is None
    assert reader.gave_up == reason


def test_a_stream_of_newlines_says_so():
    reader = stream()
    read(reader, b"\n" * 60_000)
    assert reader.gave_up == "too_many_lines"

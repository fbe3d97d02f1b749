import pytest

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.openai_stream import PieceTally, stream_reader
from sidecar.providers.reported import at_least
from tests.providers.wire import SSE, read

TOTALS = {b'{"n": 1}': Reported(Usage(input=7, output=1), "m"), b'{"n": 9}': Reported(Usage(input=7, output=9), "m")}


def look(event: bytes, tally: PieceTally) -> None:
    """Numbers report, the rest are pieces; 9 is the end."""
    if event in TOTALS:
        tally.note_usage(event)
    else:
        tally.output += 1
    if event == b'{"n": 9}':
        tally.end(is_whole=True)


def extract(event: bytes) -> Reported | None:
    if event not in TOTALS:
        raise Unreadable
    return TOTALS[event]


def reader(otherwise: Reported | None = None, head: ReplyHead = SSE) -> ReplyReader:
    return stream_reader(head, look, extract, otherwise=otherwise)


def lines(*events: str) -> list[bytes]:
    return [f"data: {event}\n\n".encode() for event in events]


def test_the_last_report_counts_and_is_final_with_the_end():
    got = reader()
    assert read(got, *lines('{"n": 1}', '{"n": 9}')) == TOTALS[b'{"n": 9}']
    assert got.is_terminal


def test_a_report_before_the_end_is_a_lower_bound():
    assert read(reader(), *lines('{"n": 1}')) == at_least(TOTALS[b'{"n": 1}'], "unfinished")


def test_more_pieces_than_reported_make_an_estimate_of_the_output():
    got = read(reader(), *lines('{"n": 1}', '{"a": 1}', '{"a": 2}'))
    assert got == Reported(Usage(input=7, output=2), "m", basis=Basis.ESTIMATED, reason="counted_deltas")


def test_what_nothing_tells_is_what_was_known_otherwise():
    known = Reported(Usage(characters=5))
    assert read(reader(known)) == known
    assert read(reader()) is None
    told = read(reader(known), *lines('{"a": 1}'))
    assert told is not None
    assert told.usage == Usage(output=1)


def test_an_unknown_coding_is_given_up():
    got = reader(head=ReplyHead(200, "text/event-stream", "br2"))
    assert read(got, *lines('{"n": 9}')) is None
    assert got.gave_up == "unknown_coding"


@pytest.mark.parametrize("index", [-5, 0, 63, 64, 10**18])
def test_choices_are_bounded(index):
    tally = PieceTally(look, extract)
    tally.note_choice(index, has_finished=True)
    assert tally.seen == tally.finished
    assert tally.seen.bit_length() <= 64


def test_pieces_of_one_frame_count_as_if_each_was_read():
    events = [f'{{"text": "{word}"}}' for word in ("one", "two", "", '\\"', "three", "four")] * 5
    one_by_one, at_once = reader(), reader()
    for line in lines(*events):
        one_by_one.feed(line)
    at_once.feed(b"".join(lines(*events)))
    assert one_by_one.reported() == at_once.reported()
    assert one_by_one.reported() == Reported(Usage(output=30), basis=Basis.ESTIMATED, reason="counted_deltas")

"""The forms in which all dialects write."""

from sidecar.simulator.speech import EVENTS, JSON, Unstreamed, data, json_line, named_event
from tests.simulator.spoken import NAMING


def test_naming__the_moment_in_two_forms():
    assert (NAMING.created, NAMING.created_at) == (1795168800, "2026-11-20T10:00:00.000000Z")


def test_an_event__one_line_of_data():
    assert data({"text": "a\n\ndata: b"}) == b'data: {"text":"a\\n\\ndata: b"}\n\n'


def test_a_named_event__named_by_its_type():
    assert named_event({"type": "ping"}) == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_json_line__nothing_between_its_tokens():
    assert json_line({"a": [1, 2]}) == b'{"a":[1,2]}'


def test_what_does_not_stream_has_nothing_for_a_stream():
    speech = Unstreamed()
    assert (speech.stream_type, speech.document_type) == (EVENTS, JSON)
    assert (speech.piece(1), speech.closing(), speech.trailer(), speech.failure()) == (b"",) * 4

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.ndjson import MOST_LINES, JsonLines
from sidecar.bodies.skeleton import MOST, PLAIN
from tests.bodies.cutting import bytewise, cut, in_two

BODY = b'{"n": 1}\n{"n": "a\\nb"}\r\n\n\r\n{"n": 3}\n{"n": 4}'
LINES = [{"n": 1}, {"n": "a\nb"}, {"n": 3}, {"n": 4}]


def lines(*pieces: bytes) -> list[bytes]:
    reader = JsonLines()
    return [line.rstrip(b"\r\n") for piece in pieces for line in reader.feed(piece)] + reader.finish()


WHOLE = [b'{"n": 1}', b'{"n": "a\\nb"}', b'{"n": 3}', b'{"n": 4}']


def test_lines_are_the_same_at_every_cut():
    for pieces in [bytewise(BODY), *in_two(BODY)]:
        assert [line for line in lines(*pieces) if line] == WHOLE


@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_lines_are_the_same_at_many_cuts(places):
    assert [line for line in lines(*cut(BODY, places)) if line] == WHOLE


def test_a_line_is_given_when_its_newline_comes():
    reader = JsonLines()
    assert reader.feed(b'{"n"') == []
    assert reader.feed(b": 1}") == []
    assert reader.feed(b"") == []
    assert reader.feed(b'\n{"n": 2}\n') == [b'{"n": 1}', b'{"n": 2}']
    assert reader.feed(b'{"n": 3}\r\n') == [b'{"n": 3}\r\n']
    assert reader.finish() == []


def test_a_line_with_an_image_is_kept_as_a_skeleton():
    reader = JsonLines()
    (line,) = reader.feed(b'{"image": "' + b"A" * (2 * PLAIN) + b'", "done": true}\n')
    assert line == b'{"image": "...", "done": true}'
    assert not reader.gave_up


def test_a_line_that_is_too_large_is_passed_over_and_said():
    reader = JsonLines()
    assert reader.feed(b'["a",' * MOST + b'\n{"n": 1}\n')[-1:] == [b'{"n": 1}']
    assert reader.feed(b'["a",' * MOST) == []
    assert reader.finish() == []
    assert reader.gave_up == "reply_too_large"


def test_a_body_of_newlines_is_not_read_on():
    reader = JsonLines()
    assert reader.feed(b"\n" * (MOST_LINES + 1)) == []
    assert reader.gave_up == "too_many_lines"
    assert reader.feed(b'{"n": 1}\n') == []
    assert reader.finish() == []


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n", b"\n\n\n"])
def test_nothing_is_nothing(body):
    assert lines(body) == []

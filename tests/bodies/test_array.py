import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies import array as module
from sidecar.bodies.array import ArrayElements
from sidecar.bodies.skeleton import PLAIN, TOO_LARGE
from tests.bodies.cutting import bytewise, cut, in_two
from tests.providers.wire import array, event

EVENTS = [event('say "]}" and \\'), event("[{", used={"a": {"b": [1, [2], {}]}}), event("", finish="STOP")]


def elements(*pieces: bytes) -> list[object]:
    one = ArrayElements()
    found = [element for piece in pieces for element in one.feed(piece)]
    return [json.loads(element) for element in found + one.finish()]


def test_elements_come_whole_at_every_cut():
    body = array(EVENTS)
    assert elements(*bytewise(body)) == EVENTS
    assert all(elements(*pieces) == EVENTS for pieces in in_two(body))


def test_an_element_is_given_with_its_last_byte():
    one = ArrayElements()
    assert one.feed(b'[{"a": 1') == []
    assert one.feed(b"}") == [b'{"a": 1}']
    assert one.feed(b', {"a": 2}, {"a"') == [b'{"a": 2}']


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[]", []),
        (b"", []),
        (b'[1, "a{}", null, {"a": 1}, [2]]', [{"a": 1}, [2]]),
        (b'{"error": {"code": 429}}', [{"error": {"code": 429}}]),
        (b'[{"a": 1}][{"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b']}]{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1', []),
    ],
)
def test_other_shapes(body, expected):
    assert elements(body) == elements(*bytewise(body)) == expected


values = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.lists(values, max_size=5), st.lists(st.integers(0, 300), max_size=8))
def test_any_array_gives_its_containers(items, places):
    body = json.dumps(items).encode()
    assert elements(*cut(body, places)) == [item for item in items if isinstance(item, dict | list)]


def test_a_large_element_comes_as_its_skeleton():
    body = array([{"image": "A" * PLAIN * 2, "n": 1}, {"n": 2}])
    assert elements(*cut(body, range(0, len(body), 50_000))) == [{"image": "...", "n": 1}, {"n": 2}]


def test_an_element_past_all_bounds_is_passed_over_and_said():
    one = ArrayElements()
    one.feed(b'[{"a": [' + b'"abc",' * PLAIN + b'""]}, ')
    assert one.feed(b'{"a": 1}]') == [b'{"a": 1}']
    assert one.gave_up == TOO_LARGE


def test_a_piece_of_very_many_brackets_ends_the_reading(monkeypatch):
    monkeypatch.setattr(module, "MOST_BRACKETS", 1_000)
    one = ArrayElements()
    assert one.feed(b"[" + b"[]," * 450) == [b"[]"] * 450
    one.feed(b"[" * 2_000)
    assert one.gave_up == "too_many_brackets"
    assert one.feed(b'{"a": 1}') == []


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=30) | st.text('{}[]",\\ab', max_size=60).map(str.encode), max_size=6))
def test_no_bytes_raise(pieces):
    one = ArrayElements()
    for piece in pieces:
        one.feed(piece)
    assert one.finish() == []

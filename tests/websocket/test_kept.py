import json

from hypothesis import given, strategies as st

from sidecar.bodies.skeleton import Skeleton
from sidecar.websocket.kept import Kept
from sidecar.websocket.message import Message
from tests.websocket.wire import cut, places


def kept(*pieces: bytes, most: int = 10, shortening: type[Skeleton] | None = None) -> Message:
    one = Kept(most, shortening)
    for piece in pieces:
        one.add(piece)
    return one.take(is_text=True)


@given(st.binary(max_size=10), places)
def test_a_small_message_is_kept_as_it_is(data, at):
    assert kept(*cut(data, at), shortening=Skeleton) == Message(data)


@given(st.binary(min_size=11, max_size=60), places)
def test_of_a_larger_one_its_beginning_is_kept_wherever_it_is_cut(data, at):
    assert kept(*cut(data, at)) == Message(data[:10], is_whole=False)


DOCUMENT = {"type": "response.done", "audio": "A" * 500, "usage": {"total_tokens": 7}}


@given(st.sampled_from(["", " ", "\n\t "]), st.sampled_from([None, 2]), st.lists(st.integers(0, 700), max_size=12))
def test_json_is_shortened_wherever_it_is_cut(before, indent, at):
    text = (before + json.dumps(DOCUMENT, indent=indent)).encode()
    message = kept(*cut(text, at), shortening=Skeleton)
    assert json.loads(message.data) == {**DOCUMENT, "audio": "..."}
    assert not message.is_whole


def test_what_is_no_json_is_not_shortened():
    assert kept(b"RIFF" + b"\0" * 20, shortening=Skeleton) == Message(b"RIFF" + b"\0" * 6, is_whole=False)


def test_it_is_full_when_more_would_be_left_out():
    one = Kept(10)
    one.add(b"x" * 10)
    assert not one.is_full
    one.add(b"x")
    assert one.is_full


def test_what_is_shortened_is_never_full_as_its_end_is_wanted():
    one = Kept(10, Skeleton)
    one.add(b'{"a": "' + b"x" * 100)
    assert not one.is_full


@given(st.binary(max_size=30), st.sampled_from([None, Skeleton]))
def test_nothing_is_left_of_a_message_in_the_next(data, shortening):
    one = Kept(10, shortening)
    one.add(b"{" + data)
    one.take(is_text=True)
    one.add(b"next")
    assert one.take(is_text=False) == Message(b"next", is_text=False)


def test_what_was_forgotten_is_not_taken():
    one = Kept(10)
    one.add(b"x" * 11)
    one.clear()
    assert one.take(is_text=True) == Message(b"")

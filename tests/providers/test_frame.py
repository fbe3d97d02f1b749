import json

import pytest
from hypothesis import given, strategies as st

from sidecar.providers import anthropic_stream, google_interactions_stream, google_stream
from sidecar.providers.frame import LONGEST, MOST_LESSONS, OTHER, Frame, Holes, text_bytes_of
from sidecar.providers.openai_chat import look_at_chunk
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import HOLES, PieceTally
from tests.providers.anthropic_wire import delta, named as anthropic_named
from tests.providers.openai_wire import chunk, last, named, used
from tests.providers.wire import Json, event, sse


def nobody(text: int) -> None:
    """Takes no note."""


def frame_of(piece: bytes, text: int = 0, holes: Holes = HOLES) -> Frame:
    frame = Frame(holes)
    frame.learn(piece, nobody, text)
    return frame


def googles(text: str, **more: object) -> bytes:
    return sse([event(text) | more])


def openais(change: Json) -> bytes:
    return sse([change], "\n")


def numbered(text: str, number: int) -> bytes:
    return named({"type": "response.output_text.delta", "sequence_number": number, "delta": text, "obfuscation": text})


# what is measured


@given(st.text(max_size=40))
def test_the_same_event_with_another_text_is_known_and_its_text_measured(text):
    found = frame_of(googles("Hello"), 5, google_stream.HOLES).text_in(googles(text))
    is_cut_short = '"' in text or text.endswith("\\")
    assert found == (OTHER if is_cut_short or not text else len(text.encode()))


@given(st.text(max_size=40), st.sampled_from(["text", "thinking", "input_json"]))
def test_it_is_measured_as_if_it_had_been_read(text, kind):
    known = frame_of(anthropic_named([delta("abc", kind)]), 3, anthropic_stream.HOLES)
    tally = anthropic_stream.MessageTally()
    one = delta(text, kind)
    repeat = tally.note(json.dumps(one).encode())
    found = known.text_in(anthropic_named([one]))
    assert found in (OTHER, repeat[1] if repeat else None)


def test_the_number_of_an_event_may_differ_and_is_no_text():
    first, other = (
        f'event: step.delta\ndata: {{"delta": {{"text": "{text}"}}, "event_id": "{number}"}}\n\n'.encode()
        for text, number in (("a", "e1"), ("bcd", "e20"))
    )
    assert frame_of(first, 1, google_interactions_stream.HOLES).text_in(other) == 3


@pytest.mark.parametrize("text", [0, 4, 6])
def test_where_text_stands_elsewhere_too_nothing_is_learned(text):
    assert frame_of(googles("Hello"), text, google_stream.HOLES).text_in(googles("Hello")) == OTHER


# what is only counted


@given(st.text(max_size=30), st.text(max_size=5))
def test_a_chunk_of_the_frame_adds_what_the_learned_one_did(text, padding):
    known = openais(chunk("Hello", obfuscation="abc"))
    other = openais(chunk(text, obfuscation=padding))
    if frame_of(known).text_in(other) == 0:
        tally = PieceTally(look_at_chunk, reported_in)
        look_at_chunk(other[len("data: ") :].strip(), tally)
        assert (tally.output, tally.reasoning, tally.news) == (1, 0, 0)
    else:
        assert not text or "\\" in json.dumps(text + padding)


def test_the_number_and_the_padding_may_differ():
    frame = frame_of(numbered("a", 7))
    assert frame.text_in(numbered("bcd", 108)) == 0
    for other in (numbered("", 8), numbered("a", 8).replace(b"8", b"x"), numbered("a", 8).replace(b"8", b"")):
        assert frame.text_in(other) == OTHER


# what is another chunk

GOOGLES_OTHERS = [
    event("x", finish="STOP"),
    event("x", used={"promptTokenCount": 1}),
    event("x", index=1),
    event("x") | {"error": {}},
    event('x"}]}, "finishReason": "STOP", "a": [{"b": "'),
    event("x\\"),
    event(""),
    {"candidates": []},
    {},
]
OPENAIS_OTHERS = [
    chunk("x", finish="stop"),
    chunk("x", index=1),
    chunk("x", usage=used(1, 2)),
    chunk("x", error={}),
    chunk(""),
    chunk(),
    last(used(1, 2)),
    chunk('x"}, "finish_reason": "stop", "a": {"b": "'),
    chunk("x\\"),
    {},
]


@pytest.mark.parametrize("other", GOOGLES_OTHERS)
def test_whatever_else_differs_is_another_event(other):
    assert frame_of(googles("Hello"), 5, google_stream.HOLES).text_in(sse([other])) == OTHER


@pytest.mark.parametrize("other", OPENAIS_OTHERS)
def test_whatever_else_differs_is_another_chunk(other):
    assert frame_of(openais(chunk("Hello"))).text_in(openais(other)) == OTHER


def test_two_events_or_a_part_of_one_are_not_the_frame():
    frame, piece = frame_of(googles("Hello"), 5, google_stream.HOLES), googles("x")
    assert frame.text_in(piece) == 1
    assert frame.text_in(piece + piece) == OTHER
    assert all(frame.text_in(piece[:end]) == OTHER for end in range(len(piece)))


def test_nothing_is_known_before_a_lesson_or_after_a_useless_one():
    piece = openais(chunk("a"))
    assert Frame(HOLES).text_in(piece) == OTHER
    for useless in (
        b'data: {"a": 1}\n\n',
        b'data: {"text": ""}\n\n',
        b'data: {"text": "a\\n"}\n\n',
        b'"text": "a",' * 5,
        b'data: {"text": "a"}' + b" " * LONGEST,
        b'{"text": "a"',
    ):
        assert frame_of(useless).text_in(useless) == OTHER


def test_a_stream_that_differs_each_time_is_not_learned_for_ever():
    frame = Frame(HOLES)
    for number in range(MOST_LESSONS + 1):
        piece = openais(chunk("a", id=f"r{number}"))
        frame.learn(piece, nobody, 0)
        assert (frame.text_in(piece) == 0) is (number < MOST_LESSONS)


def test_what_hangs_on_the_text_at_the_ends_is_not_looked_at():
    frame = frame_of(b'\x00\x12{"text": "abc"}\x5c\xff', 3, Holes(google_stream.HOLES.pattern, slice(2, -2)))
    assert frame.text_in(b'\x01\x77{"text": "a"}\x00\x00') == 1
    assert frame.text_in(b'\x01\x77{"text": "a"} \x00\x00') == OTHER


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_raise(one, other):
    frame = frame_of(b'data: {"text": "' + one + b'"}\n\n', len(one), google_stream.HOLES)
    assert frame.text_in(b'data: {"text": "' + other + b'"}\n\n') >= OTHER
    assert frame.text_in(other) >= OTHER


@given(st.text(max_size=30))
def test_the_bytes_of_a_text_are_counted_without_its_escapes(text):
    if not any("\ud800" <= one <= "\udfff" for one in text):
        assert text_bytes_of(json.dumps(text)[1:-1].encode()) == len(text.encode())


def test_a_body_that_is_no_string_counts_as_it_is():
    assert text_bytes_of(b"\\q") == 2
    assert text_bytes_of(b"\\ud83d") == 6

import json

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.openai_chat import look_at_chunk
from sidecar.providers.openai_frame import LONGEST, MOST_LESSONS, Frame
from sidecar.providers.openai_stream import Tally
from tests.providers.openai_wire import chunk, last, named, used
from tests.providers.wire import Json, sse


def framed(event: Json) -> bytes:
    return sse([event], "\n")


def frame_of(piece: bytes) -> Frame:
    frame = Frame()
    frame.learn(piece, 1, 0)
    return frame


def delta(text: str, number: int) -> bytes:
    return named({"type": "response.output_text.delta", "sequence_number": number, "delta": text, "obfuscation": text})


@given(st.text(max_size=30), st.text(max_size=5))
def test_a_chunk_that_fits_adds_what_the_learned_one_did(text, padding):
    known = framed(chunk("Hello", obfuscation="abc"))
    other = framed(chunk(text, obfuscation=padding))
    if frame_of(known).fits(other):
        tally = Tally()
        look_at_chunk(other[len("data: ") :].strip(), tally)
        assert (tally.output, tally.reasoning, tally.news) == (1, 0, 0)
    else:
        assert not text or "\\" in json.dumps(text + padding)


def test_the_number_and_the_padding_may_differ():
    frame = frame_of(delta("a", 7))
    assert frame.fits(delta("bcd", 108))
    assert not frame.fits(delta("", 8))
    assert not frame.fits(delta("a", 8).replace(b"8", b"x"))
    assert not frame.fits(delta("a", 8).replace(b"8", b""))


@pytest.mark.parametrize(
    "other",
    [
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
    ],
)
def test_whatever_else_differs_is_read(other):
    assert not frame_of(framed(chunk("Hello"))).fits(framed(other))


def test_two_events_or_a_part_of_one_do_not_fit():
    frame, piece = frame_of(framed(chunk("Hello"))), framed(chunk("x"))
    assert frame.fits(piece)
    assert not frame.fits(piece + piece)
    assert not any(frame.fits(piece[:end]) for end in range(len(piece)))


def test_nothing_fits_before_a_lesson_or_after_a_useless_one():
    piece = framed(chunk("a"))
    assert not Frame().fits(piece)
    for useless in (
        b'data: {"a": 1}\n\n',
        b'data: {"text": ""}\n\n',
        b'"text": "a",' * 5,
        b'data: {"text": "a"}' + b" " * LONGEST,
    ):
        assert not frame_of(useless).fits(useless)


def test_a_stream_that_differs_each_time_is_not_learned_for_ever():
    frame = Frame()
    for number in range(MOST_LESSONS + 1):
        piece = framed(chunk("a", id=f"r{number}"))
        frame.learn(piece, 1, 0)
        assert frame.fits(piece) == (number < MOST_LESSONS)

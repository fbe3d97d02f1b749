import json

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.google_frame import LONGEST, MOST_LESSONS, OTHER, Frame, text_bytes_of
from tests.providers.wire import event, sse


def framed(*texts: str, **more: object) -> list[bytes]:
    return [sse([event(text) | more]) for text in texts]


def frame_of(chunk: bytes, text_bytes: int = 0) -> Frame:
    frame = Frame()
    frame.learn(chunk, text_bytes)
    return frame


@given(st.text(max_size=40))
def test_the_same_event_with_another_text_is_known_and_its_text_counted(text):
    first, other = framed("Hello", text)
    found = frame_of(first).text_in(other)
    assert found == (OTHER if '"' in text or text.endswith("\\") else len(text.encode()))


def test_the_number_of_an_event_may_differ_and_is_no_text():
    first, other = (
        f'event: step.delta\ndata: {{"delta": {{"text": "{text}"}}, "event_id": "{number}"}}\n\n'.encode()
        for text, number in (("a", "e1"), ("bcd", "e20"))
    )
    assert frame_of(first).text_in(other) == 3


@pytest.mark.parametrize(
    "other",
    [
        event("x", finish="STOP"),
        event("x", used={"promptTokenCount": 1}),
        event("x", index=1),
        event("x") | {"error": {}},
        event('x"}]}, "finishReason": "STOP", "a": [{"b": "'),
        event("x\\"),
        {"candidates": []},
        {},
    ],
)
def test_whatever_else_differs_is_another_event(other):
    assert frame_of(framed("Hello")[0]).text_in(sse([other])) == OTHER


def test_two_events_or_a_part_of_one_are_not_the_frame():
    frame, chunk = frame_of(framed("Hello")[0]), framed("x")[0]
    assert frame.text_in(chunk) == 1
    assert frame.text_in(chunk + chunk) == OTHER
    for end in range(len(chunk)):
        assert frame.text_in(chunk[:end]) == OTHER


def test_nothing_is_known_before_a_lesson_or_without_text():
    chunk = framed("a")[0]
    assert Frame().text_in(chunk) == OTHER
    for useless in (
        b'data: {"a": 1}\n\n',
        b'data: {"text": "a\\n"}\n\n',
        b'data: {"text": ' + b'{"text": "a"}' * 5,
        b"x" * LONGEST * 2,
    ):
        assert frame_of(useless).text_in(useless) == OTHER


def test_a_stream_that_differs_each_time_is_not_learned_for_ever():
    frame = Frame()
    for number in range(MOST_LESSONS):
        frame.learn(sse([event("a", responseId=f"r{number}")]), 1)
    last = sse([event("a", responseId="last")])
    frame.learn(last, 1)
    assert frame.text_in(last) == OTHER


def test_text_that_does_not_differ_is_counted_too():
    call = {"content": {"parts": [{"text": "ab"}, {"text": "c\n"}, {"functionCall": {}}]}}
    chunk = sse([{"candidates": [call]}])
    assert frame_of(chunk, 6).text_in(chunk.replace(b"ab", b"abcde")) == 9


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_raise(one, other):
    chunk = b'data: {"text": "' + one + b'"}\n\n'
    assert frame_of(chunk).text_in(b'data: {"text": "' + other + b'"}\n\n') >= OTHER


@given(st.text(max_size=30))
def test_the_bytes_of_a_text_are_counted_without_its_escapes(text):
    if not any("\ud800" <= one <= "\udfff" for one in text):
        assert text_bytes_of(json.dumps(text)[1:-1].encode()) == len(text.encode())


def test_a_body_that_is_no_string_counts_as_it_is():
    assert text_bytes_of(b"\\q") == 2
    assert text_bytes_of(b"\\ud83d") == 6

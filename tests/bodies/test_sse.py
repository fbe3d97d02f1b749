import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies import sse as module
from sidecar.bodies.skeleton import PLAIN, TOO_LARGE
from sidecar.bodies.sse import ServerSentEvents, whole_events
from tests.bodies.cutting import bytewise, cut, in_two
from tests.providers.wire import sse


def payloads(*pieces: bytes) -> list[bytes]:
    one = ServerSentEvents()
    return [payload for piece in pieces for payload in one.feed(piece)] + one.finish()


ROWS = {
    "line feeds": (b"data: 1\n\ndata: 2\n\n", [b"1", b"2"]),
    "carriage returns": (b"data: 1\r\rdata: 2\r\r", [b"1", b"2"]),
    "both": (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [b"1", b"2"]),
    "mixed": (b"data: 1\r\n\ndata: 2\n\r\n\rdata: 3\r\n\r", [b"1", b"2", b"3"]),
    "no space": (b"data:1\n\n", [b"1"]),
    "two spaces": (b"data:  1\n\n", [b" 1"]),
    "many lines": (b'data: {"a":\ndata: 1}\n\n', [b'{"a":\n1}']),
    "an empty line of data among others": (b"data: a\ndata\ndata:\ndata: b\n\n", [b"a\n\n\nb"]),
    "comments and other fields": (b": hello\n\nevent: x\nid: 1\ndata: 1\nretry: 5\n\n:data: 2\n\n", [b"1"]),
    "names that only begin so": (b"database: 1\ndata-x: 2\ndat: 3\nDATA: 4\n data: 5\n\n", []),
    "no data, no event": (b"event: x\n\ndata\n\ndata:\n\ndata: \n\n", []),
    "a byte order mark": (b"\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [b"1", b"2"]),
    "a byte order mark and nothing": (b"\xef\xbb\xbf\n\ndata: 1\n\n", [b"1"]),
    "a byte order mark in the middle": (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [b"1"]),
    "blank lines": (b"\n\r\n\rdata: 1\n\n\n\n\r\n", [b"1"]),
    "an end without its blank line": (b"data: 1\n\ndata: 2", [b"1", b"2"]),
    "an end within a name": (b"data: 1\n\ndat", [b"1"]),
    "the last word of other dialects": (b"data: [DONE]\n\n", [b"[DONE]"]),
    "json": (b'data: {"a": "\\r\\n"}\r\n\r\ndata: {"a": 2}\r\n\r\n', [b'{"a": "\\r\\n"}', b'{"a": 2}']),
    "json of many lines": (b'data: {"a": 1}\ndata: {"b": 2}\n\n', [b'{"a": 1}\n{"b": 2}']),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("body", "expected"), ROWS.values(), ids=ROWS)
def test_the_rules_hold_at_every_cut(body, expected):
    assert payloads(body) == expected
    assert payloads(*bytewise(body)) == expected
    assert all(payloads(*pieces) == expected for pieces in in_two(body))


def test_an_event_is_given_with_its_blank_line():
    one = ServerSentEvents()
    assert one.feed(b"data: 1\n") == []
    assert one.feed(b"\n") == [b"1"]
    assert one.finish() == []


def test_a_crlf_cut_in_two_is_one_line_end():
    assert payloads(b"data: a\r", b"\ndata: b\r\n\r", b"\n") == [b"a\nb"]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from([b"data: 1", b"data:", b"\n", b"\r", b"\r\n", b"\n\n", b": c", b"x", b'data: {"a": 1}\n\n']),
        max_size=16,
    ),
    st.lists(st.integers(0, 120), max_size=8),
)
def test_cuts_never_matter(words, places):
    body = b"".join(words)
    assert payloads(*cut(body, places)) == payloads(*bytewise(body))


@settings(max_examples=100)
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20)), max_size=5),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_what_was_sent_is_what_is_read(documents, end):
    body = sse(documents, end)
    assert [json.loads(payload) for payload in payloads(body)] == documents
    assert [json.loads(payload) for payload in payloads(*bytewise(body))] == documents


def test_whole_events_are_seen_at_a_glance():
    assert whole_events(b'data: {"a": 1}\r\n\r\n') == [b'{"a": 1}']
    assert whole_events(b'data: {"a": 1}\n\ndata: {"b": 1}\n\n') == [b'{"a": 1}', b'{"b": 1}']
    assert whole_events(b'event: x\ndata: {"a": 1}\n\n') == [b'{"a": 1}']
    assert whole_events(b'event: x\ndata: {"a": 1}\n\nevent: y\ndata: {"b": 1}\n\n') == [b'{"a": 1}', b'{"b": 1}']


@pytest.mark.parametrize(
    "piece",
    [
        b"",
        b"\n\n",
        b"data: {}\n",
        b"data: {}\r\r",
        b": c\n\n",
        b"data: {}\n\ndata: {",
        b"data: {}\ndata: {}\n\n",
        b"data:{}\n\n",
    ],
)
def test_anything_else_takes_the_long_way(piece):
    assert whole_events(piece) is None


def test_a_large_event_comes_as_its_skeleton():
    body = sse([{"image": "A" * PLAIN * 2, "n": 1}, {"n": 2}])
    got = payloads(*cut(body, range(0, len(body), 50_000)))
    assert [json.loads(payload) for payload in got] == [{"image": "...", "n": 1}, {"n": 2}]


def test_an_event_past_all_bounds_is_passed_over_and_said():
    one = ServerSentEvents()
    one.feed(b"data: [" + b'"abc",' * PLAIN)
    assert one.feed(b'""]\n\ndata: {"a": 1}\n\n') == [b'{"a": 1}']
    assert one.gave_up == TOO_LARGE


def test_a_line_that_is_no_data_is_not_kept_however_long():
    one = ServerSentEvents()
    for _ in range(100):
        one.feed(b": " + b"x" * 100_000)
    assert len(one._head) < 100
    assert one.feed(b"\ndata: 1\n\n") == [b"1"]


def test_a_piece_of_very_many_lines_ends_the_reading(monkeypatch):
    monkeypatch.setattr(module, "MOST_LINES", 1_000)
    one = ServerSentEvents()
    assert one.feed(b"data: 1\n\n" * 450) == [b"1"] * 450
    assert one.feed(b"data: 2\n\n" + b"\n" * 2_000) == [b"2"]
    assert one.gave_up == "too_many_lines"
    assert one.feed(b":\ndata: 1\n\n") == []


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_raise(pieces):
    payloads(*pieces)

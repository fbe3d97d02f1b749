import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.providers.openai_inject import MOST, UsageChunksRemoved, with_usage_asked
from tests.bodies.cutting import bytewise, cut, in_two
from tests.providers.openai_wire import DONE, chunk, last, used
from tests.providers.wire import Json, sse

REQUEST = {"model": "gpt-5", "messages": [{"role": "user", "content": 'a "stream": false, } \\'}], "stream": True}


# the request


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}])
@pytest.mark.parametrize("options", ["absent", None, {}, {"include_obfuscation": False}])
def test_usage_is_asked_for_and_nothing_else_is_changed(options, style, continuous):
    request = REQUEST if options == "absent" else {"stream_options": options} | REQUEST
    body = json.dumps(request, **style).encode()
    asked = with_usage_asked(body, continuous)
    assert asked is not None
    expected = ({} if options in ("absent", None) else dict(options)) | {"include_usage": True}
    expected |= {"continuous_usage_stats": True} if continuous else {}
    assert json.loads(asked) == request | {"stream_options": expected}
    kept = body.replace(b"null", b"")
    rest = iter(asked)
    assert all(byte in rest for byte in kept), "a byte of the body is lost or moved"


def test_the_insertion_is_as_small_as_can_be():
    assert with_usage_asked(b'{"stream":true }', False) == b'{"stream":true,"stream_options":{"include_usage":true} }'
    body = b'{"stream_options": {"a": 1 }, "stream" : true}'
    assert with_usage_asked(body, False) == b'{"stream_options": {"a": 1,"include_usage":true }, "stream" : true}'
    assert with_usage_asked(b'{"stream_options":{},"stream":true}', False) == (
        b'{"stream_options":{"include_usage":true},"stream":true}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b"{",
        b"\xff",
        b'{"stream": true',
        b'{"stream": false}',
        b'{"stream": null}',
        b'{"stream": "true"}',
        b'{"stream": 1}',
        b'{"messages": [{"stream": true}]}',
        b'{"stream": true, "stream": false}',
        b'{"stream": true, "model": "a", "model": "b"}',
        b'{"stream": true, "stream_options": {}, "stream_options": {}}',
        b'{"stream": true, "stream_options": {"a": 1, "a": 2}}',
        b'{"stream": true, "stream_options": {"include_usage": true}}',
        b'{"stream": true, "stream_options": {"include_usage": false}}',
        b'{"stream": true, "stream_options": {"continuous_usage_stats": true}}',
        b'{"stream": true, "stream_options": 7}',
        b'{"stream": true, "stream_options": "x"}',
        b'{"stream": true, "stream_options": []}',
        b'{"str\\u0065am": true}',
        b'--B\r\n\r\n"stream": true',
    ],
)
def test_there_is_nothing_to_be_done(body):
    assert with_usage_asked(body, False) is None
    assert with_usage_asked(body, True) is None


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: ('{"stream": true, ' + text).encode()))
def test_nothing_raises_on_any_body(body):
    with_usage_asked(body, True)


# the reply

TEXTS = st.text(max_size=8) | st.sampled_from(
    ['"usage": null', '{"usage": {}, "choices": []}', "\n\ndata: [DONE]\n\n", "\r"]
)
CHUNKS = st.lists(st.builds(chunk, TEXTS, index=st.integers(0, 2)), max_size=5)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
STYLES = st.sampled_from([{}, {"separators": (",", ":")}, {"ensure_ascii": False}])
PLACES = st.lists(st.integers(0, 1500), max_size=12)
COMMENTS = st.sampled_from([b"", b": keep-alive\n\n", b"\n", b"\n\n\n", b"event: x\nid: 7\n\n", b": a\n: b\n\n"])


def lines(event: Json, end: str, style: Json, before: bytes = b"") -> bytes:
    return before + f"data: {json.dumps(event, **style)}{end}{end}".encode()


def removed(pieces: list[bytes], continuous: bool) -> bytes:
    filtered = UsageChunksRemoved(continuous)
    return b"".join([*map(filtered.feed, pieces), filtered.finish()])


def with_member(event: Json, usage: Json | None, place: int) -> Json:
    """The chunk with `usage` as its first, last or some other member."""
    names = list(event)
    names.insert(min(place, len(names)), "usage")
    return {name: usage if name == "usage" else event[name] for name in names}


@settings(max_examples=300)
@given(CHUNKS, ENDS, STYLES, PLACES, COMMENTS, st.booleans(), st.integers(0, 9))
def test_the_caller_sees_what_a_server_would_have_sent_unasked(events, end, style, places, comment, continuous, place):
    running, comment = used(9, 2) if continuous else None, comment.replace(b"\n", end.encode())
    done = comment + f"data: [DONE]{end}{end}".encode()
    unasked = b"".join(lines(event, end, style, comment) for event in events) + done
    asked = b"".join(lines(with_member(event, running, place), end, style, comment) for event in events)
    asked += lines(last(used(9, 2)), end, style) + done
    assert removed(cut(asked, places), continuous) == unasked


STREAM = b"".join(lines(chunk(text) | {"usage": None}, "\r\n", {}) for text in ("a", "\r\n", '"usage"'))
ASKED = STREAM + lines(last(used(9, 2)), "\r\n", {}) + DONE
UNASKED = b"".join(lines(chunk(text), "\r\n", {}) for text in ("a", "\r\n", '"usage"')) + DONE


def test_the_same_comes_out_at_every_cut():
    for pieces in [bytewise(ASKED), *map(list, in_two(ASKED))]:
        assert removed(pieces, False) == UNASKED


@given(st.binary(max_size=80), PLACES, st.booleans())
def test_what_is_no_usage_passes_byte_for_byte(body, places, continuous):
    assert removed(cut(body, places), continuous) == body


@pytest.mark.parametrize(
    "event",
    [
        chunk("a"),
        chunk("a", usage=used(9, 2)),
        chunk(finish="stop", usage=used(9, 2), x_groq={"usage": used(9, 2)}),
        {"choices": [], "prompt_filter_results": [{"usage": 1}]},
        {"usage": used(9, 2)},
        {"error": {"usage": None}},
    ],
)
def test_what_a_server_sends_unasked_stays(event):
    body = sse([event]) + DONE
    assert removed([body], False) == body


def test_an_event_of_azures_filters_loses_only_its_null():
    event: Json = {"choices": [], "prompt_filter_results": [], "usage": None}
    assert removed([sse([event])], False) == sse([{"choices": [], "prompt_filter_results": []}])


@pytest.mark.parametrize(
    "payload",
    [
        b'{"choices":[{"usage":null}],"usage":null}',
        b'{"choices":[{"x":"\\u0022"}],"usage":null}',
        b'{"choices":[{"a":"usage"}] , "usage" : null}',
        b'{"usage":null,"choices":[{"a":"\\"usage"}]}',
        b'{"a":{"usage":null},"us\\u0061ge":null}',
    ],
)
def test_only_the_member_of_the_chunk_itself_is_taken_out(payload):
    unasked = {name: value for name, value in json.loads(payload).items() if name != "usage"}
    assert json.loads(removed([b"data: " + payload + b"\n\n"], False)[len("data: ") :]) == unasked


@pytest.mark.parametrize("continuous", [False, True])
def test_a_whole_event_is_given_at_once(continuous):
    filtered = UsageChunksRemoved(continuous)
    for text in ("a", "b", "usage"):
        piece = sse([chunk(text)], "\n")
        assert filtered.feed(piece) == piece


def test_the_last_chunk_is_taken_out_although_the_stream_ends_in_it():
    assert removed([sse([chunk("a"), last(used(9, 2))], "\n")[:-2]], False) == sse([chunk("a")], "\n")


def test_a_comment_before_the_chunk_stays():
    assert removed([b": wait\n" + sse([last(used(9, 2))], "\n") + DONE], False) == b": wait\n" + DONE


def test_a_byte_order_mark_stays():
    body = b"\xef\xbb\xbf" + sse([chunk("a", usage=None)], "\n")
    assert removed(bytewise(body), False) == b"\xef\xbb\xbf" + sse([chunk("a")], "\n")
    assert removed([b"\xef\xbb\xbf" + sse([last(used(9, 2))], "\n") + DONE], False) == b"\xef\xbb\xbf" + DONE


def test_data_on_several_lines_passes():
    body = b'data: {"choices": [],\ndata: "usage": {"total_tokens": 1}}\n\n'
    assert removed([body], True) == body


def test_a_large_event_passes_and_the_next_one_is_looked_at():
    large = sse([chunk("x" * 2 * MOST, usage=None)], "\n")
    filtered = UsageChunksRemoved(False)
    given_back, held = b"", 0
    for piece in cut(large + ASKED, range(0, len(large), 5000)):
        given_back += filtered.feed(piece)
        held = max(held, len(filtered._rest) + filtered._held)
    assert given_back + filtered.finish() == large + UNASKED
    assert held <= MOST + 5000

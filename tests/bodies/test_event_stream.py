import random
import zlib

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies import event_stream as module
from sidecar.bodies.event_stream import BROKEN, TOO_LARGE, EventStream, Frame, FrameHead, read_head
from sidecar.bodies.skeleton import PLAIN
from tests.bodies.cutting import bytewise, cut, in_two
from tests.providers.bedrock_wire import event, exception, frame, framed, header

DELTA = FrameHead(True, "contentBlockDelta")
BODY = event("contentBlockDelta", {"a": 1}) + exception() + event("metadata", {"b": "x" * 50})


def frames(*pieces: bytes) -> list[Frame]:
    one = EventStream()
    return [found for piece in pieces for found in one.feed(piece)] + one.finish()


def test_frames_are_the_same_at_every_cut():
    expected = [
        (DELTA, b'{"a":1,"p":"abcdefgh"}'),
        (FrameHead(False, "throttlingException"), b'{"message":"Too many"}'),
        (FrameHead(True, "metadata"), b'{"b":"' + b"x" * 50 + b'","p":"abcdefgh"}'),
    ]
    assert frames(BODY) == expected
    assert frames(*bytewise(BODY)) == expected
    assert all(frames(*pieces) == expected for pieces in in_two(BODY))


def test_a_frame_is_given_with_its_last_byte():
    one, whole = EventStream(), event("metadata", {})
    assert one.feed(whole[:-1]) == []
    assert one.feed(whole[-1:]) == [(FrameHead(True, "metadata"), b'{"p":"abcdefgh"}')]


def test_a_frame_that_breaks_off_is_none():
    assert all(frames(BODY[:end]) == frames(BODY)[: len(frames(BODY[:end]))] for end in range(len(BODY)))


def test_every_byte_is_checked():
    for at in range(len(BODY)):
        one = EventStream()
        damaged = BODY[:at] + bytes([BODY[at] ^ 0x20]) + BODY[at + 1 :]
        found = one.feed(damaged)
        assert found == frames(BODY)[: len(found)]
        assert one.gave_up in (BROKEN, TOO_LARGE)
        assert one.feed(BODY) == []


# large ones

BIG = b'{"image": "' + b"A" * (PLAIN + 1000) + b'", "n": 1}'


@pytest.mark.parametrize("size", [1000, 65_536, 10**9])
def test_a_large_payload_comes_as_its_skeleton(size):
    body = frame({":message-type": "event", ":event-type": "chunk"}, BIG) + event("metadata", {})
    found = frames(*cut(body, range(0, len(body), size)))
    assert found[0] == (FrameHead(True, "chunk"), b'{"image": "...", "n": 1}')
    assert found[1][0].name == "metadata"


def test_a_large_frame_may_begin_in_many_pieces():
    body = frame({":message-type": "event", ":event-type": "chunk"}, BIG)
    expected = [(FrameHead(True, "chunk"), b'{"image": "...", "n": 1}')]
    assert frames(*bytewise(body[:80]), *cut(body[80:], range(0, len(body), 50_000))) == expected
    assert frames(*bytewise(body[:80]), body[80:-3], *bytewise(body[-3:])) == expected


@pytest.mark.parametrize("at", [20, PLAIN, -1])
def test_a_large_frame_is_checked_too(at):
    body = bytearray(frame({":message-type": "event", ":event-type": "chunk"}, BIG))
    body[at] ^= 1
    one = EventStream()
    assert [found for piece in cut(bytes(body), range(0, len(body), 9_000)) for found in one.feed(piece)] == []
    assert one.gave_up == BROKEN


def test_a_payload_past_all_bounds_is_passed_over_and_said():
    one = EventStream()
    assert (
        one.feed(frame({":message-type": "event", ":event-type": "x"}, b"[" + b'"abc",' * PLAIN + b"1]"))[0][1] == b""
    )
    assert one.gave_up == "reply_too_large"
    assert one.feed(event("metadata", {})) != []


@pytest.mark.parametrize(
    ("headers", "payload"), [(module.MOST_HEADERS + 1, 0), (0, module.MOST_PAYLOAD + 1), (2**31, 2**30)]
)
def test_a_frame_that_promises_too_much_ends_the_reading(headers, payload):
    prelude = module.PRELUDE.pack(16 + headers + payload, headers, 0)[:8]
    one = EventStream()
    assert one.feed(prelude + module.CHECKSUM.pack(zlib.crc32(prelude))) == []
    assert one.gave_up == TOO_LARGE


@pytest.mark.parametrize(("length", "headers"), [(0, 0), (15, 0), (20, 5), (16, 2**32 - 1)])
def test_a_frame_shorter_than_its_parts_is_broken(length, headers):
    prelude = module.PRELUDE.pack(length, headers, 0)[:8]
    one = EventStream()
    assert one.feed(prelude + module.CHECKSUM.pack(zlib.crc32(prelude))) == []
    assert one.gave_up == BROKEN


def test_what_is_held_is_bounded():
    one = EventStream()
    body = framed(b"", b"x" * (PLAIN - 100))
    for piece in cut(body[:-1], range(0, len(body), 1000)):
        one.feed(piece)
    assert len(one._held) < PLAIN


# headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (b"", FrameHead(False, "")),
        (header(":message-type", "event"), FrameHead(True, "")),
        (header(":message-type", "event") + header(":event-type", "chunk"), FrameHead(True, "chunk")),
        (header(":event-type", "chunk") + header(":message-type", "event"), FrameHead(True, "chunk")),
        (header(":message-type", "exception") + header(":exception-type", "x"), FrameHead(False, "x")),
        (header(":message-type", "error") + header(":error-code", "500"), FrameHead(False, "500")),
        (header(":message-type", "x") + header(":event-type", "chunk"), FrameHead(False, "")),
        (header(":message-type", "event", 6), FrameHead(False, "")),
        (b"\x01a\x00\x01b\x01\x01c\x02.\x01d\x03..\x01e\x04....", FrameHead(False, "")),
        (
            b"\x01a\x05........\x01b\x08........\x01c\x09" + b"." * 16 + header(":message-type", "event"),
            FrameHead(True, ""),
        ),
        (header("a", "x") + header("a", "y"), None),
        (b"\x01a\x0a", None),
        (b"\x01", None),
        (b"\x05abc", None),
        (b"\x01a\x07\x00", None),
        (b"\x01a\x07\x00\x09abc", None),
        (b"\x01a\x04...", None),
        (b"\x01a\x07\x00\x01\xff", None),
        (b"\x01\xff\x00", None),
    ],
)
def test_headers_say_what_a_frame_is(headers, expected):
    assert read_head(headers) == expected
    assert frames(framed(headers, b"{}")) == ([(expected, b"{}")] if expected else [])


def test_headers_of_many_forms_do_not_fill_the_memory():
    one = EventStream()
    for number in range(module.MOST_FORMS * 2):
        assert one.feed(event(f"name{number}", {}))
    before = module.remembered_head.cache_info()
    assert before.currsize == module.MOST_FORMS
    assert one.feed(event("x" * module.LONGEST_FORM, {}))
    assert module.remembered_head.cache_info() == before


# against the other opinion

texts = st.text(max_size=12)
named_headers = st.dictionaries(
    st.sampled_from([":message-type", ":event-type", ":exception-type", "x"]), texts | st.just("event")
)


def by_botocore(body: bytes, places: list[int]) -> tuple[list[tuple[dict[str, object], bytes]], bool]:
    """What botocore makes of a body, and whether it got through."""
    eventstream = pytest.importorskip("botocore.eventstream")
    buffer = eventstream.EventStreamBuffer()
    found: list[tuple[dict[str, object], bytes]] = []
    try:
        for piece in cut(body, places):
            buffer.add_data(piece)
            for message in buffer:
                found.append((dict(message.headers), bytes(message.payload)))
    except (eventstream.ParserError, UnicodeDecodeError):
        return found, False
    return found, True


@settings(max_examples=150)
@given(
    st.lists(st.tuples(named_headers, st.binary(max_size=40)), max_size=4),
    st.lists(st.integers(0, 300), max_size=6),
    st.none() | st.integers(0, 300),
    st.randoms(use_true_random=False),
)
def test_botocore_reads_the_same(sent, places, damaged_at, chance: random.Random):
    body = bytearray(b"".join(frame(headers, payload) for headers, payload in sent))
    if damaged_at is not None and damaged_at < len(body):
        body[damaged_at] ^= chance.randrange(1, 256)
    theirs, is_whole = by_botocore(bytes(body), places)
    one = EventStream()
    ours = [found for piece in cut(bytes(body), places) for found in one.feed(piece)]
    assert [payload for _, payload in ours] == [payload for _, payload in theirs]
    assert [head.is_event for head, _ in ours] == [headers.get(":message-type") == "event" for headers, _ in theirs]
    assert not (one.gave_up and is_whole)


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_raise(pieces):
    frames(*pieces)

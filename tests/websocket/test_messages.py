import json
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.skeleton import Skeleton
from sidecar.websocket.closing import CloseCode, close_frame
from sidecar.websocket.message import Close, Message
from sidecar.websocket.messages import Messages
from tests.websocket.readers import PLENTY
from tests.websocket.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    SIXTY_FOUR,
    TEXT,
    Frame,
    bytewise,
    conversations,
    wire_of,
)

HELLO = Frame(TEXT, b"Hello")
IN_FRAGMENTS = [Frame(TEXT, b"Hel", is_final=False), Frame(PING, b"Hello"), Frame(CONTINUATION, b"lo")]
EVERYTHING = [
    *IN_FRAGMENTS, Frame(BINARY), Frame(PONG), Frame(BINARY, b"x" * 126), Frame(TEXT, b"", is_final=False),
    Frame(CONTINUATION, b"", is_final=False), Frame(CLOSE), Frame(CONTINUATION, b"lost"),
]  # fmt: skip
ALL_READ = [Message(b"Hello"), Message(b"", is_text=False), Message(b"x" * 126, is_text=False), Close()]


def a_reader(most_kept: int = PLENTY, *, is_masked: bool = False) -> Messages:
    return Messages(is_masked, most_kept, Skeleton)


def feed(reader: Messages, *frames: Frame) -> list[Message | Close]:
    return reader.feed(wire_of(frames))


@pytest.mark.parametrize(
    ("wire", "is_masked"),
    [("810548656c6c6f", False), ("818537fa213d7f9f4d5158", True), ("010348656c80026c6f", False)],
)
def test_the_examples_of_rfc_6455_section_5_7(wire, is_masked):
    assert a_reader(is_masked=is_masked).feed(bytes.fromhex(wire)) == [Message(b"Hello")]


def test_everything_is_read_the_same_at_every_split():
    for mask in (b"", MASK):
        wire = wire_of(frame._replace(mask=mask) for frame in EVERYTHING)
        for at in range(len(wire) + 1):
            reader = a_reader(is_masked=bool(mask))
            assert reader.feed(wire[:at]) + reader.feed(wire[at:]) == ALL_READ
        reader = a_reader(is_masked=bool(mask))
        assert [item for byte in bytewise(wire) for item in reader.feed(byte)] == ALL_READ


def test_pings_and_pongs_are_passed_over_even_amid_a_message():
    reader = a_reader()
    assert feed(reader, *IN_FRAGMENTS, Frame(PONG, b"x" * 125)) == [Message(b"Hello")]
    assert reader.messages == 1


@given(st.data(), st.booleans())
def test_one_is_between_frames_where_a_frame_ends_and_nowhere_else(data, is_masked):
    frames = data.draw(conversations(is_masked))
    reader, ends = a_reader(is_masked=is_masked), {0}
    for frame in frames:
        ends.add(max(ends) + len(frame.wire()))
    assert reader.is_between_frames
    for passed, byte in enumerate(bytewise(wire_of(frames)[:2_000]), 1):
        reader.feed(byte)
        assert reader.is_between_frames is (passed in ends)


def test_a_frame_of_ours_put_between_frames_is_read_by_the_peer_as_one():
    wire = wire_of([Frame(TEXT, b"Hel", is_final=False)])
    ours = close_frame(CloseCode.GOING_AWAY, is_masked=False)
    assert a_reader().feed(wire + ours) == [Close(CloseCode.GOING_AWAY)]


def test_nothing_of_ours_may_stand_behind_a_close_or_where_frames_can_not_be_told():
    closed, broken = a_reader(), a_reader()
    feed(closed, Frame(CLOSE))
    feed(broken, Frame(3))
    assert not closed.is_between_frames
    assert not broken.is_between_frames


def test_the_close_is_the_last_word():
    reader = a_reader()
    assert feed(reader, HELLO, Frame(CLOSE, b"\x0f\xa0bye"), HELLO) == [Message(b"Hello"), Close(4000)]
    assert reader.is_closed
    assert feed(reader, HELLO, Frame(CLOSE)) == []
    assert (reader.messages, reader.gave_up) == (1, "")


@pytest.mark.parametrize("mask", [b"", MASK])
def test_it_is_known_where_the_close_began_however_it_was_cut(mask):
    before, closing, behind = (
        wire_of([frame._replace(mask=mask)]) for frame in (HELLO, Frame(CLOSE, b"\x03\xe8bye"), HELLO)
    )
    wire = before + closing + behind
    for at in range(len(wire) + 1):
        reader, passed = a_reader(is_masked=bool(mask)), 0
        for piece in (wire[:at], wire[at:]):
            passed += len(piece)
            reader.feed(piece)
            if reader.is_closed:
                break
        assert passed - reader.closing_bytes == len(before)


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([Frame(TEXT, reserved=4)], "unknown_extension"),
        ([Frame(PING, reserved=1)], "unknown_extension"),
        ([Frame(TEXT, b"Hel", is_final=False), Frame(CONTINUATION, reserved=2)], "unknown_extension"),
        ([Frame(5)], "malformed"),
        ([Frame(11)], "malformed"),
        ([Frame(PING, is_final=False)], "malformed"),
        ([Frame(CLOSE, b"x" * 126)], "malformed"),
        ([Frame(TEXT, mask=MASK)], "malformed"),
        ([Frame(CONTINUATION, b"of nothing")], "malformed"),
        ([HELLO, Frame(CONTINUATION, b"of nothing")], "malformed"),
        ([Frame(TEXT, b"Hel", is_final=False), HELLO], "malformed"),
        ([Frame(TEXT, b"Hel", is_final=False), Frame(BINARY, is_final=False)], "malformed"),
    ],
)
def test_it_gives_up_where_it_can_not_be_told_any_more_what_is_said(frames, why):
    reader = a_reader()
    assert feed(reader, HELLO, *frames, HELLO) == [Message(b"Hello")] * (1 + (frames[0] == HELLO))
    assert reader.gave_up == why
    assert feed(reader, HELLO, Frame(CLOSE)) == []
    assert reader.gave_up == why


def test_a_client_that_does_not_mask_is_malformed():
    reader = a_reader(is_masked=True)
    assert feed(reader, HELLO) == []
    assert reader.gave_up == "malformed"


def test_the_bytes_of_a_message_count_before_they_have_come():
    reader = a_reader()
    reader.feed(Frame(TEXT, is_final=False).head(1000))
    assert reader.message_bytes == reader.largest_bytes == 1000
    reader.feed(b"x" * 1000 + wire_of([Frame(PING, b"not of it")]) + Frame(CONTINUATION).head(500))
    assert reader.message_bytes == reader.largest_bytes == 1500
    assert len(reader.feed(b"x" * 500)) == 1
    assert (reader.message_bytes, reader.largest_bytes) == (0, 1500)
    feed(reader, HELLO)
    assert (reader.message_bytes, reader.largest_bytes, reader.messages) == (0, 1500, 2)


def test_a_length_that_nobody_means_counts_too():
    reader = a_reader()
    reader.feed(Frame(BINARY, form=SIXTY_FOUR).head((1 << 63) - 1))
    assert reader.largest_bytes == (1 << 63) - 1


DOCUMENT = {"serverContent": {"audio": "A" * 5000}, "usageMetadata": {"totalTokenCount": 12}}


@given(st.sampled_from([TEXT, BINARY]), st.lists(st.integers(1, 6000), max_size=5), st.booleans())
def test_a_large_document_is_shortened_in_whatever_frames_it_comes(opcode, at, is_masked):
    text = json.dumps(DOCUMENT).encode()
    marks = sorted({0, len(text), *(min(place, len(text)) for place in at)})
    frames = [
        Frame(CONTINUATION if start else opcode, text[start:end], end == len(text), mask=MASK if is_masked else b"")
        for start, end in pairwise(marks)
    ]
    (message,) = feed(a_reader(1000, is_masked=is_masked), *frames)
    assert isinstance(message, Message)
    assert json.loads(message.data) == {**DOCUMENT, "serverContent": {"audio": "..."}}
    assert (message.is_text, message.is_whole) == (opcode == TEXT, False)


def test_of_what_is_too_large_and_no_document_the_beginning_is_kept():
    reader = a_reader(4)
    assert feed(reader, HELLO, Frame(TEXT, b"Hell")) == [Message(b"Hell", is_whole=False), Message(b"Hell")]

import pytest
from hypothesis import example, given, strategies as st
from websockets.utils import apply_mask

from sidecar.websocket.frames import (
    MALFORMED,
    MOST_HEAD,
    UNKNOWN_EXTENSION,
    FrameHead,
    read_head,
    unmasked,
    what_is_wrong,
)
from tests.websocket.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    SHORT,
    SIXTEEN,
    SIXTY_FOUR,
    TEXT,
    Frame,
    keys,
    shortest_form,
)

lengths = st.integers(0, (1 << 64) - 1) | st.sampled_from([0, 125, 126, 127, 65535, 65536, (1 << 63) - 1, 1 << 63])


@given(
    st.integers(0, 15), st.booleans(), st.integers(0, 7), st.just(b"") | keys, lengths, st.sampled_from([0, 2, 8]),
    st.binary(max_size=9),
)  # fmt: skip
@example(15, True, 7, MASK, (1 << 64) - 1, SIXTY_FOUR, b"")
def test_every_bit_of_a_head_is_read_as_it_was_written_wherever_it_stands(
    opcode, is_final, reserved, mask, length, form, before
):
    form = max(form, shortest_form(length))
    written = Frame(opcode, b"", is_final, reserved, mask, form).head(length)
    expected = FrameHead(is_final, reserved << 4, opcode, mask, length, len(written))
    assert read_head(before + written + b"payload", len(before)) == expected
    assert len(written) <= MOST_HEAD


@pytest.mark.parametrize("form", [SHORT, SIXTEEN, SIXTY_FOUR])
@pytest.mark.parametrize("mask", [b"", MASK])
def test_a_head_that_is_not_whole_is_none_yet(form, mask):
    written = Frame(TEXT, mask=mask, form=form).head(100)
    assert [read_head(written[:end]) for end in range(len(written))] == [None] * len(written)
    assert read_head(written) is not None


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("8105", FrameHead(True, 0, TEXT, b"", 5, 2)),
        ("818537fa213d", FrameHead(True, 0, TEXT, MASK, 5, 6)),
        ("0103", FrameHead(False, 0, TEXT, b"", 3, 2)),
        ("8002", FrameHead(True, 0, CONTINUATION, b"", 2, 2)),
        ("8905", FrameHead(True, 0, PING, b"", 5, 2)),
        ("8a8537fa213d", FrameHead(True, 0, PONG, MASK, 5, 6)),
        ("827e0100", FrameHead(True, 0, BINARY, b"", 256, 4)),
        ("827f0000000000010000", FrameHead(True, 0, BINARY, b"", 65536, 10)),
    ],
)
def test_the_examples_of_rfc_6455_section_5_7(wire, expected):
    assert read_head(bytes.fromhex(wire)) == expected


def wrong_about(frame: Frame, is_masked: bool, length: int | None = None) -> str:
    head = read_head(frame.head(length))
    assert head is not None
    return what_is_wrong(head, is_masked)


@pytest.mark.parametrize("opcode", [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG])
def test_nothing_is_wrong_about_the_six_kinds_of_frames(opcode):
    assert wrong_about(Frame(opcode, b"x" * 125), is_masked=False) == ""
    assert wrong_about(Frame(opcode, b"x" * 125, mask=MASK), is_masked=True) == ""


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_is_malformed(opcode):
    assert wrong_about(Frame(opcode), is_masked=False) == MALFORMED


@pytest.mark.parametrize("reserved", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, PING, 3])
def test_bits_that_extensions_set_are_an_unknown_extension(reserved, opcode):
    assert wrong_about(Frame(opcode, reserved=reserved), is_masked=False) == UNKNOWN_EXTENSION


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_control_frames_in_fragments_or_too_long_are_malformed(opcode):
    assert wrong_about(Frame(opcode, is_final=False), is_masked=False) == MALFORMED
    assert wrong_about(Frame(opcode, b"x" * 126), is_masked=False) == MALFORMED
    assert wrong_about(Frame(opcode, form=SIXTY_FOUR), is_masked=False, length=65536) == MALFORMED


def test_a_mask_where_there_must_be_none_or_none_where_there_must_be_one_is_malformed():
    assert wrong_about(Frame(TEXT, mask=MASK), is_masked=False) == MALFORMED
    assert wrong_about(Frame(TEXT), is_masked=True) == MALFORMED
    assert wrong_about(Frame(TEXT, mask=bytes(4)), is_masked=True) == ""


def test_a_length_of_64_bits_has_63():
    assert wrong_about(Frame(BINARY, form=SIXTY_FOUR), is_masked=False, length=(1 << 63) - 1) == ""
    assert wrong_about(Frame(BINARY, form=SIXTY_FOUR), is_masked=False, length=1 << 63) == MALFORMED


@given(st.binary(max_size=300), keys, st.integers(0, 300))
def test_unmasking_is_what_websockets_does_in_whatever_pieces(payload, mask, at):
    masked = bytes(apply_mask(payload, mask))
    assert unmasked(masked, mask) == payload
    assert unmasked(masked[:at], mask) + unmasked(masked[at:], mask, min(at, len(masked))) == payload


def test_what_is_not_masked_stays_as_it_is():
    assert unmasked(b"Hello", b"") == b"Hello"

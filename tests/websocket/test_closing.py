import pytest
from hypothesis import given, strategies as st

from sidecar.websocket.closing import MOST_REASON, CloseCode, close_code, close_frame
from sidecar.websocket.frames import read_head, unmasked
from tests.websocket.readers import Read, we_read, websockets_reads, wsproto_reads


def payload_of(frame: bytes) -> bytes:
    head = read_head(frame)
    assert head is not None
    assert len(frame) == head.size + head.length
    return unmasked(frame[head.size :], head.mask)


@given(st.sampled_from(sorted({*CloseCode} - {CloseCode.BAD_GATEWAY})), st.text(max_size=200), st.booleans())
def test_a_close_frame_of_ours_is_one_to_everybody(code, reason, is_masked):
    frame = close_frame(code, reason, is_masked=is_masked)
    readings = [reader([frame], is_masked) for reader in (we_read, websockets_reads, wsproto_reads)]
    assert readings == [Read([], code)] * 3


def test_wsproto_does_not_know_a_bad_gateway():
    frame = close_frame(CloseCode.BAD_GATEWAY, is_masked=False)
    assert we_read([frame], False) == websockets_reads([frame], False) == Read([], CloseCode.BAD_GATEWAY)
    assert wsproto_reads([frame], False).failed


@given(st.text())
def test_a_reason_is_cut_between_two_characters(reason):
    said = payload_of(close_frame(CloseCode.GOING_AWAY, reason, is_masked=False))[2:]
    assert len(said) <= MOST_REASON
    assert reason.startswith(said.decode())
    assert len(said) > MOST_REASON - 4 or said.decode() == reason


def test_a_masked_frame_never_has_the_same_mask_again():
    frames = {close_frame(1001, "the sidecar is shutting down", is_masked=True) for _ in range(20)}
    assert len(frames) == 20
    assert {payload_of(frame) for frame in frames} == {b"\x03\xe9the sidecar is shutting down"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", None), (b"\x03", None), (b"\x03\xe8", 1000), (b"\x03\xe8bye", 1000), (b"\x00\x00", 0), (b"\xff\xff", 65535)],
)
def test_a_code_is_two_bytes_whatever_they_say(payload, code):
    assert close_code(payload) == code

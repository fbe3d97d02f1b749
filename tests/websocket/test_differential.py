"""Drawn conversations through us, through websockets and through wsproto: in both directions, cut anywhere, sound and broken.

Of sound ones all three read the same. Of broken ones we read what the others read, and give up where they fail, but for this:

- a close frame whose payload is wrong (one byte, a code that may not be sent, a reason that is no UTF-8) still closes, and so
  does one amid a message: its sender has said its last word, whatever the other end makes of it;
- text that is no UTF-8 is a message: that is between the two ends;
- a length in a longer form than it needs is a length, to us as to websockets; wsproto fails on it.
"""

from hypothesis import given, strategies as st

from tests.websocket.readers import Read, we_read, websockets_reads, wsproto_reads
from tests.websocket.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    SIXTEEN,
    SIXTY_FOUR,
    TEXT,
    Frame,
    broken_conversations,
    conversations,
    cut,
    keys,
    places,
    shortest_form,
    wire_of,
)

DIRECTIONS = (True, False)
codes = st.sampled_from([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])


@given(st.data(), st.sampled_from(DIRECTIONS), places)
def test_sound_conversations_are_read_alike_by_all_three(data, is_masked, at):
    pieces = cut(wire_of(data.draw(conversations(is_masked))), at)
    ours = we_read(pieces, is_masked)
    assert not ours.failed
    assert ours == websockets_reads(pieces, is_masked) == wsproto_reads(pieces, is_masked)


@given(st.data(), st.sampled_from(DIRECTIONS), codes, st.text(max_size=20), places)
def test_the_code_of_a_close_is_read_alike_and_what_comes_behind_it_is_not_read(data, is_masked, code, reason, at):
    mask = data.draw(keys) if is_masked else b""
    payload = data.draw(st.sampled_from([b"", code.to_bytes(2, "big") + reason.encode()]))
    said = data.draw(conversations(is_masked))
    pieces = cut(wire_of([*said, Frame(CLOSE, payload, mask=mask), *said]), at)
    ours = we_read(pieces, is_masked)
    assert ours.code == (code if payload else 1005)
    assert ours == websockets_reads(pieces, is_masked) == wsproto_reads(pieces, is_masked)


def is_wrong_close(frame: Frame, is_amid_message: bool) -> bool:
    """A close frame on which an endpoint fails and we do not."""
    payload = frame.payload
    if frame.opcode != CLOSE or not frame.is_final or len(payload) > 125:
        return False
    code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 0
    is_allowed = code in {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}
    return is_amid_message or (bool(payload) and not (is_allowed and is_utf8(payload[2:])))


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def without_the_wrongly_closed(frames: list[Frame]) -> list[Frame]:
    """The frames up to a close frame of which endpoints think otherwise."""
    is_amid = False
    for at, frame in enumerate(frames):
        if is_wrong_close(frame, is_amid):
            return frames[:at]
        is_amid = not frame.is_final if frame.opcode < CLOSE else is_amid
    return frames


@given(st.data(), st.sampled_from(DIRECTIONS), places)
def test_broken_conversations_are_read_as_far_as_websockets_reads_them(data, is_masked, at):
    frames = data.draw(broken_conversations(is_masked))
    pieces = cut(wire_of(without_the_wrongly_closed(frames)), at)
    ours, theirs = we_read(pieces, is_masked), websockets_reads(pieces, is_masked)
    assert (ours.messages, ours.code, bool(ours.failed)) == (theirs.messages, theirs.code, bool(theirs.failed))


def is_read_otherwise_by_wsproto(frame: Frame) -> bool:
    """A length in a form that is too long, and text that is no UTF-8, of which we know only when it is joined."""
    return frame.form not in (None, shortest_form(len(frame.payload))) or not is_utf8(frame.payload)


@given(st.data(), st.sampled_from(DIRECTIONS), places)
def test_broken_conversations_are_read_as_far_as_wsproto_reads_them(data, is_masked, at):
    frames = data.draw(broken_conversations(is_masked))
    frames = [frame for frame in frames if not is_read_otherwise_by_wsproto(frame)]
    pieces = cut(wire_of(without_the_wrongly_closed(frames)), at)
    ours, theirs = we_read(pieces, is_masked), wsproto_reads(pieces, is_masked)
    assert (ours.messages, ours.code, bool(ours.failed)) == (theirs.messages, theirs.code, bool(theirs.failed))


@given(st.data(), st.sampled_from(DIRECTIONS), places)
def test_a_broken_conversation_is_the_same_wherever_it_is_cut(data, is_masked, at):
    whole = wire_of(data.draw(broken_conversations(is_masked)))
    assert we_read(cut(whole, at), is_masked) == we_read([whole], is_masked)


@given(st.lists(st.binary(max_size=200), max_size=8), st.sampled_from(DIRECTIONS))
def test_bytes_that_are_anything_raise_nothing_and_are_the_same_wherever_they_are_cut(pieces, is_masked):
    assert we_read(pieces, is_masked) == we_read([b"".join(pieces)], is_masked)


def test_a_length_in_a_longer_form_than_it_needs_is_read_as_websockets_reads_it():
    for form in (SIXTEEN, SIXTY_FOUR):
        wire = wire_of([Frame(BINARY, b"short", form=form)])
        assert we_read([wire], False) == websockets_reads([wire], False) == Read([(b"short", False)])
        assert wsproto_reads([wire], False).failed


def test_a_length_with_the_top_bit_set_is_refused_where_websockets_would_wait_for_ever():
    wire = Frame(BINARY, form=SIXTY_FOUR).head(1 << 63) + b"more"
    assert we_read([wire], False).failed == "malformed"
    assert wsproto_reads([wire], False).failed
    assert websockets_reads([wire], False) == Read([])


def test_a_close_on_which_endpoints_fail_closes_all_the_same():
    for payload in (b"\x03", b"\x03\xed", b"\x03\xe8\xff"):
        wire = wire_of([Frame(CLOSE, payload)])
        assert we_read([wire], False).code == (int.from_bytes(payload[:2], "big") if payload[1:] else 1005)
        assert websockets_reads([wire], False).failed
        assert wsproto_reads([wire], False).failed


def test_text_that_is_no_utf8_is_a_message():
    wire = wire_of([Frame(TEXT, b"\xff", False), Frame(CONTINUATION, b"\xc3")])
    assert we_read([wire], False) == Read([(b"\xff\xc3", True)])
    assert wsproto_reads([wire], False).failed

"""Frames put together bit by bit, sound or not, and conversations of them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st
from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MASK = bytes.fromhex("37fa213d")  # the one of RFC 6455 section 5.7
SHORT, SIXTEEN, SIXTY_FOUR = 0, 2, 8
"""Bytes of a length behind the second byte."""


class Frame(NamedTuple):
    """One frame, each of its bits as it is told."""

    opcode: int
    payload: bytes = b""
    is_final: bool = True
    reserved: int = 0
    mask: bytes = b""
    form: int | None = None
    """Of its length; None takes the shortest that fits."""

    def head(self, length: int | None = None) -> bytes:
        """Its head; of another length than it has, where one is given."""
        length = len(self.payload) if length is None else length
        form = shortest_form(length) if self.form is None else self.form
        second = {SHORT: length, SIXTEEN: 126, SIXTY_FOUR: 127}[form]
        first = self.is_final << 7 | self.reserved << 4 | self.opcode
        written = length.to_bytes(form, "big") if form else b""
        return bytes((first, bool(self.mask) << 7 | second)) + written + self.mask

    def wire(self) -> bytes:
        """The frame as it passes."""
        return self.head() + (bytes(apply_mask(self.payload, self.mask)) if self.mask else self.payload)


def shortest_form(length: int) -> int:
    return SHORT if length < 126 else SIXTEEN if length < 1 << 16 else SIXTY_FOUR


def wire_of(frames: Iterable[Frame]) -> bytes:
    return b"".join(frame.wire() for frame in frames)


payloads = (
    st.binary(max_size=40)
    | st.sampled_from([124, 125, 126, 127, 255, 65535, 65536]).map(bytes)
    | st.text(max_size=40).map(str.encode)
)
control_payloads = st.binary(max_size=20) | st.sampled_from([124, 125]).map(bytes)
keys = st.binary(min_size=4, max_size=4)


@st.composite
def messages(draw: st.DrawFn, is_masked: bool) -> list[Frame]:
    """One message in some frames, with pings and pongs before and between them."""
    is_text = draw(st.booleans())
    pieces = draw(st.lists(payloads, min_size=1, max_size=4))
    if is_text:
        pieces = [piece.decode("utf-8", "ignore").encode() for piece in pieces]
    frames: list[Frame] = []
    for at, piece in enumerate(pieces):
        between = draw(st.lists(st.tuples(st.sampled_from([PING, PONG]), control_payloads), max_size=2))
        frames += [Frame(opcode, payload, mask=draw(keys) if is_masked else b"") for opcode, payload in between]
        opcode = CONTINUATION if at else TEXT if is_text else BINARY
        frames.append(Frame(opcode, piece, at == len(pieces) - 1, mask=draw(keys) if is_masked else b""))
    return frames


def conversations(is_masked: bool) -> st.SearchStrategy[list[Frame]]:
    """Some messages, one after another, of one direction."""
    return st.lists(messages(is_masked), max_size=5).map(lambda each: [frame for frames in each for frame in frames])


@st.composite
def odd_frames(draw: st.DrawFn, is_masked: bool) -> Frame:
    """Any frame at all, mostly one with something wrong about it."""
    payload = draw(payloads)
    forms = [form for form in (SHORT, SIXTEEN, SIXTY_FOUR) if form >= shortest_form(len(payload))]
    is_masked = is_masked if draw(st.integers(0, 9)) else not is_masked
    return Frame(
        draw(st.integers(0, 15)),
        payload,
        draw(st.booleans()),
        draw(st.just(0) | st.integers(0, 7)),
        draw(keys) if is_masked else b"",
        draw(st.sampled_from(forms)),
    )


@st.composite
def broken_conversations(draw: st.DrawFn, is_masked: bool) -> list[Frame]:
    """A conversation with odd frames somewhere in it."""
    frames = draw(conversations(is_masked))
    for odd in draw(st.lists(odd_frames(is_masked), min_size=1, max_size=2)):
        frames.insert(draw(st.integers(0, len(frames))), odd)
    return frames


places = st.lists(st.integers(0, 400), max_size=12)


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces that end at these places, wherever they are."""
    marks = sorted({min(place, len(data)) for place in at} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(marks)] or [data]


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]

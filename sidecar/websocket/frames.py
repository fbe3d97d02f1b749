"""One frame's head (RFC 6455 section 5.2), and its payload unmasked (section 5.3).

A head is read as it stands: a length in a longer form than it needs is a length all the same, since a peer may take it and go on
(section 5.2 forbids only to send it). What can't be a frame, or is one of an extension that is not known here, has a word for it.
"""

from typing import Final

import msgspec

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

MALFORMED: Final = "malformed"
UNKNOWN_EXTENSION: Final = "unknown_extension"

MOST_HEAD: Final = 14
"""Bytes of the longest head: two, a length of eight, a masking key of four."""
MOST_IN_CONTROL: Final = 125
"""Bytes of payload in a control frame (section 5.5)."""
FINAL: Final = 0x80
MASKED: Final = 0x80
RESERVED: Final = 0x70
OPCODE: Final = 0x0F
LENGTH: Final = 0x7F
SIXTEEN_BITS, SIXTY_FOUR_BITS = 126, 127
TOP_BIT: Final = 1 << 63
"""Of a length of 64 bits it must be 0."""


class FrameHead(msgspec.Struct, frozen=True, gc=False):
    """What stands before a frame's payload."""

    is_final: bool
    """The message ends with this frame."""
    reserved: int
    """The three bits that only extensions set: permessage-deflate the highest of them (RFC 7692 section 6)."""
    opcode: int
    mask: bytes
    """The masking key, four bytes; empty where the payload is not masked."""
    length: int
    """Bytes of payload."""
    size: int
    """Bytes of the head itself."""

    @property
    def is_control(self) -> bool:
        """It may come between the frames of a message, and is none of them (section 5.5)."""
        return self.opcode >= CLOSE


def read_head(data: bytes, at: int = 0) -> FrameHead | None:
    """The head that begins at `at`; None while it is not whole."""
    there = len(data) - at
    if there < 2:
        return None
    first, second = data[at], data[at + 1]
    length = second & LENGTH
    key_at = 2 if length < SIXTEEN_BITS else 4 if length == SIXTEEN_BITS else 10
    size = key_at + 4 if second & MASKED else key_at
    if there < size:
        return None
    if key_at > 2:
        length = int.from_bytes(data[at + 2 : at + key_at])
    mask = data[at + key_at : at + size]
    return FrameHead(first >= FINAL, first & RESERVED, first & OPCODE, mask, length, size)


def what_is_wrong(head: FrameHead, is_masked: bool) -> str:
    """Why a frame with this head can't be read: `UNKNOWN_EXTENSION`, `MALFORMED`, or empty when it can.

    `is_masked` says whether the sender must mask (a client) or must not (section 5.1).
    """
    if head.reserved:
        return UNKNOWN_EXTENSION
    if bool(head.mask) is not is_masked or head.length >= TOP_BIT:
        return MALFORMED
    if head.opcode <= BINARY:
        return ""
    is_sound = CLOSE <= head.opcode <= PONG and head.is_final and head.length <= MOST_IN_CONTROL
    return "" if is_sound else MALFORMED


def unmasked(payload: bytes, mask: bytes, at: int = 0) -> bytes:
    """A piece of payload that begins `at` bytes behind the head, without its mask; masking it again is the same.

    One exclusive or of two large integers: the interpreter's way to pass over bytes without a step of Python for each.
    """
    if not mask or not payload:
        return payload
    size, turn = len(payload), at & 3
    key = ((mask[turn:] + mask[:turn]) * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")

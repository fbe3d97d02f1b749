"""The close frame (RFC 6455 sections 5.5.1 and 7.4): what one says, and one of ours."""

import secrets
from enum import IntEnum
from typing import Final

from sidecar.websocket.frames import CLOSE, FINAL, MASKED, MOST_IN_CONTROL, unmasked

MOST_REASON: Final = MOST_IN_CONTROL - 2
"""Bytes of UTF-8."""


class CloseCode(IntEnum):
    """Why a socket ends: section 7.4.1, and what IANA's registry has added. 3000 to 4999 are libraries' and applications' own."""

    NORMAL = 1000
    GOING_AWAY = 1001
    """The sender is shutting down."""
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    """Text that is no UTF-8, for one."""
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    """The server behind the sender failed. wsproto, and so httpx2, does not know it and takes it for an error of the sender's."""


def close_frame(code: int, reason: str = "", *, is_masked: bool) -> bytes:
    """A close frame of ours. To a provider it is masked, as a client's must be; to a caller it must not be (section 5.1).

    The reason is cut to what a control frame holds, between two characters.
    """
    text = reason.encode()[:MOST_REASON].decode("utf-8", "ignore").encode()
    payload = code.to_bytes(2) + text
    if not is_masked:
        return bytes((FINAL | CLOSE, len(payload))) + payload
    mask = secrets.token_bytes(4)  # unpredictable, by section 5.3
    return bytes((FINAL | CLOSE, MASKED | len(payload))) + mask + unmasked(payload, mask)


def close_code(payload: bytes) -> int | None:
    """The code that a close frame's payload names, whether or not it may be sent; None where there is none.

    One byte alone is no code, and an error (section 5.5.1). The frame closes all the same.
    """
    return int.from_bytes(payload[:2]) if len(payload) >= 2 else None

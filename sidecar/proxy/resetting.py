"""Closing with a reset, which no client takes for the clean end of an answer."""

import socket
import struct
from typing import Final

RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s."""


def reset_on_close(sock: socket.socket) -> None:
    """Let the socket's close, which is to follow, send a reset. Of TLS it may be closed already, before the end was told."""
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

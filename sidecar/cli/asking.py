"""One small request to a sidecar on this machine.

HTTP/1.0 on purpose: the reply ends with its connection (RFC 9112 section 6.3), so that a status and a body are all there is
to be read. The standard library's client takes longer to import than everything else that a probe does.
"""

import json
import socket
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sidecar.config.addresses import Address
from sidecar.errors import SidecarError

MOST_BYTES: Final = 1 << 20
CHUNK_BYTES: Final = 1 << 16
END_OF_HEAD: Final = b"\r\n\r\n"


class NotDone(SidecarError):
    """A running sidecar was not found, or would not do it. Its sentence is for people."""


class Answer(NamedTuple):
    """What a sidecar answered: an HTTP status, and the object that was its body."""

    status: int
    body: dict[str, Any]


def ask(
    address: Address, method: str, target: str, patience_seconds: float, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request without a body. No proxy is asked, whatever the environment says: the sidecar is on this machine.

    Connecting, sending and every wait for more of the reply may take `patience_seconds` each.

    Raises:
        NotDone: nobody answers there, or it is no sidecar; says where.
    """
    host = "localhost" if address.socket_path is not None else str(address)
    fields = {"Host": host, "Connection": "close", "Content-Length": "0", **(headers or {})}
    head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
    try:
        reply = _exchanged(address, f"{method} {target} HTTP/1.0\r\n{head}\r\n".encode(), patience_seconds)
    except (OSError, UnicodeError) as failed:  # UnicodeError: a name that can't even be looked up
        reason = getattr(failed, "strerror", None) or str(failed) or type(failed).__name__
        raise NotDone(f"no sidecar answers at {address.url} ({reason}); is `sidecar serve` running?") from failed
    answer = answer_in(reply)
    if answer is None:
        raise NotDone(f"what answers at {address.url} is no sidecar")
    return answer


def _exchanged(address: Address, request: bytes, patience_seconds: float) -> bytes:
    """The bytes of the reply, up to the end of its connection or as many as any answer of ours has."""
    with _connected(address, patience_seconds) as connection:
        connection.sendall(request)
        reply = bytearray()
        while len(reply) < MOST_BYTES and (more := connection.recv(CHUNK_BYTES)):
            reply += more
        return bytes(reply)


def _connected(address: Address, patience_seconds: float) -> socket.socket:
    if address.socket_path is None:
        return socket.create_connection(address, patience_seconds)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(patience_seconds)
        connection.connect(address.socket_path)
    except BaseException:
        connection.close()
        raise
    return connection


def answer_in(reply: bytes) -> Answer | None:
    """What these bytes answer; None when they are no reply with an object of JSON. Never raises."""
    head, _, body = reply.partition(END_OF_HEAD)
    version, _, rest = head.partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/1.") or not (len(status) == 3 and status.isdigit()):
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return Answer(int(status), told) if isinstance(told, dict) else None

"""Tunnels that a test opens itself: CONNECT, and TLS with the trust that it chooses."""

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE_SECONDS = 20.0


def tunnel(proxy: str, host: str, port: int = 443) -> tuple[int, socket.socket]:
    """What CONNECT was answered, and the connection behind that."""
    place = urlsplit(proxy)
    connection = socket.create_connection((place.hostname, place.port), PATIENCE_SECONDS)
    connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows belongs to the tunnel
        piece = connection.recv(1)
        assert piece, head
        head += piece
    return int(head.split(b" ")[1]), connection


def refusal(connection: socket.socket) -> str:
    """The sentence behind a head that refuses a tunnel."""
    with connection:
        return connection.recv(65536).decode()


def secure(
    connection: socket.socket, host: str, trusted: Path, protocols: Sequence[str] = ("http/1.1",)
) -> ssl.SSLSocket:
    """TLS inside of a tunnel, with a certificate for this host of one of these authorities."""
    context = ssl.create_default_context(cafile=trusted)
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(connection, server_hostname=host)


def issuer(secured: ssl.SSLSocket) -> str:
    """Whose certificate was shown."""
    shown = secured.getpeercert()
    assert shown is not None
    return str(shown["issuer"])


def exchanged(secured: ssl.SSLSocket, request: bytes, answer: bytes) -> bytes:
    """What is answered to a request, up to what this answer ends with."""
    secured.sendall(request)
    return read_until(secured, answer[-20:])


def read_until(secured: ssl.SSLSocket, text: bytes) -> bytes:
    """What comes, until this text has come."""
    received = b""
    while text not in received:
        piece = secured.recv(65536)
        assert piece, received
        received += piece
    return received

"""Sockets that remember what came to them: an upstream that answers everything, and an egress proxy that opens nothing."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Self

from tests.proxy.readings import Heard, heard_in

PATIENCE_SECONDS = 10.0
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
NO_TUNNEL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
END_OF_HEAD = b"\r\n\r\n"


class Listening:
    """Accepts on loopback, reads one request from each connection, answers and closes."""

    def __init__(self, answer: bytes = FINE) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heads: list[bytes] = []
        """What came, each up to its empty line."""
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(PATIENCE_SECONDS)

    def taken(self) -> list[bytes]:
        """The heads that came since this was asked last."""
        heads, self.heads = self.heads, []
        return heads

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_SECONDS)
        raw = b""
        while not self._take(raw):
            piece = connection.recv(65_536)
            if not piece:
                return
            raw += piece
        connection.sendall(self._answer)

    def _take(self, raw: bytes) -> bool:
        """Remember the head of what has come, once all of it has, as far as its length is told."""
        head, end, body = raw.partition(END_OF_HEAD)
        length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        if not end or len(body) < int(length or 0):
            return False
        self.heads.append(head)
        return True


class Hearing(Listening):
    """The same for whole requests, as h11 reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Heard] = []
        self.surplus: list[bytes] = []
        """What came behind a request, although nothing may."""

    def _take(self, raw: bytes) -> bool:
        heard = heard_in(raw)
        self.heard += heard
        self.surplus += [raw] if len(heard) > 1 else []
        return bool(heard)


def pieces_of(connection: socket.socket) -> Iterator[bytes]:
    """What comes on a connection until its end, whichever way that comes."""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65_536):
            yield piece


def answered(port: int, *pieces: bytes) -> bytes:
    """Everything that a server on loopback says to these bytes, each piece sent on its own, until it has closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        return b"".join(pieces_of(connection))


def status_of(reply: bytes) -> int:
    """The status of a reply; 0 where there is none."""
    return int(reply[9:12]) if reply.startswith(b"HTTP/1.") else 0

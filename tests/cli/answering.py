"""Something that listens on this machine and answers whatever a test wants; it is no sidecar."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from sidecar.config.addresses import Address


class Listening:
    """Where it listens, and what it was asked: the heads of the requests."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.asked: list[str] = []


def reply(status: int, body: object) -> bytes:
    """An HTTP reply; `body` is JSON unless it is bytes."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said


@contextmanager
def answering(*replies: bytes) -> Iterator[Listening]:
    """Answers the first connection with the first of these, and so on; the last one is for all that come then."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        _listening(server, Address(*server.getsockname()), replies) as it,
    ):
        yield it


@contextmanager
def answering_at(path: str, *replies: bytes) -> Iterator[Listening]:
    """The same at a Unix socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        with _listening(server, Address(f"unix:{path}", 0), replies) as it:
            yield it


@contextmanager
def _listening(server: socket.socket, address: Address, replies: tuple[bytes, ...]) -> Iterator[Listening]:
    listening = Listening(address)
    thread = Thread(target=_answer, args=(server, listening, replies))
    thread.start()
    try:
        yield listening
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _answer(server: socket.socket, listening: Listening, replies: tuple[bytes, ...]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(65_536)
            connection.sendall(replies[min(len(listening.asked), len(replies) - 1)])
            listening.asked.append(head.decode())


@contextmanager
def nobody() -> Iterator[Address]:
    """An address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield Address("127.0.0.1", unused.getsockname()[1])
